"""The parser of a magic, for the magic itself and for completion."""

from typing import NoReturn

from escape_vre.display.commands import Command
from escape_vre.display.parsing import Parser


def grammar(command: Command) -> Parser:
    """Return the parser of a magic.

    Raises
    ------
    ConfigurationError
        The commands of its service cannot be imported.
    """
    parser = _Parser(prog=f"%{command.word}")
    command.add_to(parser)
    return parser


class _Parser(Parser):
    """Does not end the kernel after its help."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Shown


class Shown(Exception):  # noqa: N818 — not an error
    """Help has been printed."""
