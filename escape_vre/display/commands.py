"""The words after ``escape-vre`` and ``%``, each with commands that are loaded when it is typed."""

import argparse
from dataclasses import dataclass

from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.registry import installed, load


@dataclass(frozen=True, slots=True)
class Command:
    """A word, and where its commands are.

    Parameters
    ----------
    word : str
        What is typed, such as ``dl``.
    summary : str
        What its commands do, for a list of words; no sentence.
    commands : str
        ``module:function``; ``function(parser)`` adds them, each with ``run``.
    problem : EscapeError, optional
        Why there are none.
    """

    word: str
    summary: str
    commands: str = ""
    problem: EscapeError | None = None

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Import the commands and add them to the parser of this word.

        Raises
        ------
        EscapeError
            They cannot be imported, or there are none.
        """
        if self.problem:
            raise EscapeError.from_dict(self.problem.as_dict())  # one raised twice keeps tracebacks
        try:
            add = load(self.commands)
        except Exception as e:
            raise ConfigurationError(
                f"The commands of {self.word} cannot be loaded: {type(e).__name__}: {e}.",
                hint="Update the package that provides them, or contact its authors.",
            ) from e
        add(parser)


ESCAPE = Command(
    "escape",
    "the jobs and sign-ins of all services",
    "escape_vre.client.commands:add_escape_commands",
)
"""The word of notebooks for what a shell has without a further word: ``escape-vre jobs``."""


def magics() -> dict[str, Command]:
    """Return the words that a notebook has, each as ``%word``."""
    return {**service_commands(), ESCAPE.word: ESCAPE}


def service_commands() -> dict[str, Command]:
    """Return the words of the installed services; imports nothing of a service but its plug-in.

    A service that cannot be used has its name for a word, and says why.
    """
    services = installed()
    found = {
        name: Command(name, f"cannot be used: see escape-vre {name}", problem=problem)
        for name, problem in services.broken.items()
    }
    owners: dict[str, str] = {}
    for name, plugin in services.plugins.items():
        word = plugin.command
        if word in owners:
            both = ConfigurationError(
                f"Two services have the command {word}: {owners[word]} and {name}.",
                hint="Uninstall one of them.",
            )
            found[word] = Command(word, "two services have this word", problem=both)
        elif word:
            owners[word] = name
            found[word] = Command(word, plugin.summary, plugin.commands)
    return dict(sorted(found.items()))
