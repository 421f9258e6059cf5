"""``%dl``: the data lake in a notebook."""

import shlex
from typing import Any, NoReturn

from IPython.core.magic import Magics, line_magic, magics_class

from escape_vre.display.output import tell, tell_json
from escape_vre.display.parsing import Parser
from escape_vre.services.datalake.cli import add_commands


class _Parser(Parser):
    """Does not end the kernel after its help."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise _Shown


class _Shown(Exception):  # noqa: N818 — not an error: help has been printed
    pass


def grammar() -> Parser:
    """Return the parser of ``%dl``."""
    parser = _Parser(prog="%dl", description="The data lake.")
    add_commands(parser)
    return parser


@magics_class
class DataLakeMagics(Magics):
    """The line magic ``%dl``."""

    @line_magic
    def dl(self, line: str) -> Any:
        """Find and get data: %dl ls, get, info, jobs, login, whoami and more; see %dl help."""
        try:
            args = grammar().parse_args(_words(line))
        except _Shown:
            return None
        shown = args.run(args)
        if getattr(args, "json", False):
            tell_json(shown)
            return None
        if isinstance(shown, str):
            tell(shown)  # a sentence is not a value
            return None
        return shown


def _words(line: str) -> list[str]:
    """Split as a shell does, but leave what cannot be split whole, such as a lone quote."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
