"""``%dl``: the data lake in a notebook."""

import argparse
import shlex
from typing import Any, NoReturn

from IPython.core.magic import Magics, line_magic, magics_class

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.cli import add_commands


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%dl: {message}.", hint=self.format_usage().strip())

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise _Shown


class _Shown(Exception):  # noqa: N818 — not an error: help has been printed
    pass


@magics_class
class DataLakeMagics(Magics):
    """The line magic ``%dl``."""

    @line_magic
    def dl(self, line: str) -> Any:
        """Find and fetch data: %dl ls, get, info, jobs, login, whoami, and others: %dl help."""
        parser = _Parser(prog="%dl", description="The data lake.")
        add_commands(parser)
        try:
            args = parser.parse_args(_words(line))
        except _Shown:
            return None
        shown = args.run(args)
        if isinstance(shown, str):
            print(shown)  # noqa: T201 — a sentence is not a value
            return None
        return shown


def _words(line: str) -> list[str]:
    """Split as a shell does, but leave what cannot be split whole, such as a lone quote."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
