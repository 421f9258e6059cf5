"""What the commands of all features of the data lake have in common; standard library only."""

import argparse
from collections.abc import Callable
from typing import Any, Protocol

from escape_vre.client.completion import asked
from escape_vre.display.completion import Word

Run = Callable[[argparse.Namespace], Any]
"""Does a command and returns what to show."""


class Command(Protocol):
    """Adds a command with ``--instance`` and ``--json``."""

    def __call__(
        self, name: str, run: Run, text: str, *, below: Any = None
    ) -> argparse.ArgumentParser:
        """Return its parser, to which a feature adds what the command takes.

        Parameters
        ----------
        below : optional
            What :func:`escape_vre.display.parsing.subcommands` returned, for a command with two
            words.
        """
        ...


def dids(prefix: str) -> list[Word]:
    """Complete scopes, then DIDs."""
    matches = asked("/datalake/complete", text=prefix).get("matches", [])
    return [Word(match, "scope" if match.endswith(":") else "DID") for match in matches]
