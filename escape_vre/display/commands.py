"""The words after ``escape-vre`` and ``%``, each with commands that are loaded when it is typed."""

import argparse
from dataclasses import dataclass

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.registry import load, plugins


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
    """

    word: str
    summary: str
    commands: str

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Import the commands and add them to the parser of this word.

        Raises
        ------
        ConfigurationError
            They cannot be imported.
        """
        try:
            add = load(self.commands)
        except Exception as e:
            raise ConfigurationError(
                f"The commands of {self.word} cannot be loaded: {type(e).__name__}: {e}.",
                hint="Update the package that provides them, or contact its authors.",
            ) from e
        add(parser)


def service_commands() -> dict[str, Command]:
    """Return the words of the installed services; imports nothing of a service but its plug-in."""
    return {
        plugin.command: Command(plugin.command, plugin.summary, plugin.commands)
        for plugin in plugins().values()
        if plugin.command
    }
