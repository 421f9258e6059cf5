"""One bar while a job runs, then one line: in a notebook, a terminal, or a file."""

import html
import os
import sys
import time
from types import TracebackType
from typing import Any, Self

from escape_vre.core import text
from escape_vre.display.amounts import describe, fraction
from escape_vre.display.cell import CellOutput, execution_count, in_notebook
from escape_vre.display.output import say

BAR_CELLS = 24
INTERVAL_S = 0.2
SHOWN_AFTER_S = 0.3


class Progress:
    """Shows a job as a bar, and in the end as one line.

    Parameters
    ----------
    title : str
        The title of the job.
    enabled : bool
        Whether to show anything.
    """

    def __init__(self, title: str, *, enabled: bool = True) -> None:
        self._title = text.printable(title)
        self._began = time.monotonic()
        self._last = 0.0
        self._said = ""
        self.told: int | None = None
        self._face: _Notebook | _Terminal | None = _face() if enabled else None

    def update(self, job: dict[str, Any]) -> None:
        """Show how far a job is, at most five times a second."""
        at = time.monotonic()
        if self._face is None or at - self._last < INTERVAL_S:
            return
        if at - self._began < SHOWN_AFTER_S:
            return
        self._last = at
        words, link = text.sentence(describe(job)), text.printable(sign_in(job))
        if job.get("waiting") and words != self._said:
            self._face.say(f"{self._title}: {words}" + (f" Sign in: {link}" if link else ""))
            self._said = words
        self._face.show(fraction(job), self._title, words, link)

    def done(self, line: str) -> None:
        """Replace the bar by the last line."""
        if self._face is not None:
            self._face.done(text.sentence(line))
            self.told = execution_count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and self._face is not None:
            self._face.clear()


def sign_in(job: dict[str, Any]) -> str:
    """Return where to sign in, for a job that waits for it; else an empty text."""
    waiting = job.get("waiting") or {}
    return str(waiting.get("details", {}).get("sign_in") or "")


class _Terminal:
    """A bar that is overwritten in place; without a terminal, only the last line."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = False

    def say(self, line: str) -> None:
        """Write a line that stays: a link must not be cut, and a log needs it."""
        self.clear()
        say(line)

    def show(self, fraction: float | None, title: str, words: str, link: str) -> None:
        del link
        if not self._live:
            return
        filled = round((fraction or 0.0) * BAR_CELLS)
        bar = "█" * filled + "░" * (BAR_CELLS - filled)
        percent = "" if fraction is None else f"{text.percent(fraction):>5} "
        line = f"{title} {bar} {percent}{words}"
        width = _columns()
        sys.stderr.write("\r\x1b[2K" + line[: width - 1])
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def done(self, line: str) -> None:
        self.clear()
        say(line)


class _Notebook:
    """A display that is updated in place."""

    def __init__(self) -> None:
        self._output = CellOutput()

    def say(self, line: str) -> None:
        """Do nothing: the display shows the same, with a link."""

    def show(self, fraction: float | None, title: str, words: str, link: str) -> None:
        value = "" if fraction is None else f" value='{fraction:.4f}'"
        percent = "" if fraction is None else f"{text.percent(fraction)} · "
        self._output.show(
            rich=f"<div><progress max='1'{value} style='width:16em;vertical-align:middle'"
            f" aria-label='{html.escape(title, quote=True)}'></progress> "
            f"{html.escape(title)} · {html.escape(percent + words)}{_anchor(link)}</div>",
            plain=f"{title}: {percent}{words}" + (f" Sign in: {link}" if link else ""),
        )

    def clear(self) -> None:
        self._output.clear()

    def done(self, line: str) -> None:
        self._output.show(rich=f"<div>✓ {html.escape(line)}</div>", plain=line)


def _anchor(url: str) -> str:
    if not url.startswith(("https:", "http:", "/")):
        return ""
    href = html.escape(url, quote=True)
    return f" <a href='{href}' target='_blank' rel='noopener'>Sign in</a>"


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80


def _face() -> _Notebook | _Terminal:
    return _Notebook() if in_notebook() else _Terminal()
