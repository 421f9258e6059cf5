"""Where everything that a command says leaves: standard output and standard error.

Nothing else on the user's side writes to a terminal, except the bar of
:mod:`escape_vre.notebook.progress`, which writes the same printable text between its own codes.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TextIO, TypeVar, runtime_checkable

from escape_vre.core.errors import NotFoundError
from escape_vre.core.text import json_line, printable
from escape_vre.display.commands import ESCAPE, service_commands


@runtime_checkable
class Listed(Protocol):
    """Something of several parts, which a pipe gets one a line."""

    def as_rows(self) -> Iterable[Mapping[str, Any]]:
        """Return the parts, for ``--json``."""

    def as_lines(self) -> Iterable[str]:
        """Return the parts for a pipe: nothing padded, nothing cut, tabs between fields."""

    @property
    def note(self) -> str:
        """One sentence about the whole, which is no part of it; may be empty."""


Found = TypeVar("Found", bound=Listed)


def strictly(found: Found, *, strict: bool) -> Found:
    """Return what a command found; if strict, nothing is an error.

    Raises
    ------
    NotFoundError
        Nothing was found; the message is its note.
    """
    if strict and not list(found.as_rows()):
        raise NotFoundError(found.note or "Nothing was found.")
    return found


def tell(text: str, *, flush: bool = False) -> None:
    """Write a result to standard output; flush it where work goes on and a pipe waits."""
    _write(sys.stdout, text)
    if flush:
        sys.stdout.flush()


def say(text: str) -> None:
    """Write to standard error what is going on, apart from results."""
    _write(sys.stderr, text)
    sys.stderr.flush()


def show(shown: object, *, as_json: bool = False) -> None:
    """Write what a command returned: for a screen, for a pipe, or as JSON lines.

    Parameters
    ----------
    shown : object
        A :class:`Listed`, a mapping, or anything that has a text.
    as_json : bool
        Write a list as one object a line, anything else as one object.
    """
    if as_json:
        tell_json(shown)
    elif isinstance(shown, Listed) and not sys.stdout.isatty():
        for line in shown.as_lines():
            sys.stdout.write(printable(line, keep="\t") + "\n")
        _say_note(shown)
    elif isinstance(shown, Listed):
        tell(in_shell_words(repr(shown)))
    else:
        tell(in_shell_words(str(shown)))


def tell_json(shown: object) -> None:
    """Write rows as JSON lines, a mapping as one."""
    rows: Iterable[Mapping[str, Any]]
    if isinstance(shown, Listed):
        rows = shown.as_rows()
    else:
        rows = [shown if isinstance(shown, Mapping) else {"message": str(shown)}]
    for row in rows:
        tell(json_line(row))
    if isinstance(shown, Listed):
        _say_note(shown)


def in_shell_words(text: str) -> str:
    """Name the commands as a shell does: messages are written for notebooks."""
    for word in service_commands() if "%" in text else ():
        text = text.replace(f"%{word} ", f"escape-vre {word} ")
    return text.replace(f"%{ESCAPE.word} ", "escape-vre ")


def never_fail_to_encode() -> None:
    """Have what a terminal's encoding does not know written out, instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a test's or a notebook's own
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def nobody_reads() -> None:
    """Let the interpreter end without a word after the reader of a pipe has gone."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nothing, stream.fileno())


def _say_note(shown: Listed) -> None:
    """Say what is no row, after the rows, where it does not mix with them."""
    sys.stdout.flush()
    if shown.note:
        say(in_shell_words(shown.note))


def _write(stream: TextIO, text: str) -> None:
    stream.write(printable(text, keep="\n") + "\n")
