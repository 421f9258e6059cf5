"""How text, sizes, rates and times are written for people; standard library only."""

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text in which nothing controls a terminal: whatever might is written out.

    Names, metadata and messages come from others. Control characters (C0 with line breaks and
    tabs, DEL, C1), invisible formatting such as bidirectional overrides, line separators and lone
    surrogates become ``\x1b``, ``\u202e`` and so on. The result is a fixed point.

    Parameters
    ----------
    keep : str
        Characters that stay, such as the line breaks that we have made ourselves.

    >>> printable("m31\x1b]52;c;\x07.fits"), printable("a\nb", keep="\n")
    ('m31\\x1b]52;c;\\x07.fits', 'a\nb')
    """
    if text.isprintable():
        return text
    return "".join(
        c if c in keep or unicodedata.category(c) not in _UNPRINTABLE else _written_out(c)
        for c in text
    )


def sentence(text: str) -> str:
    """Return a message as one printable line; line breaks and tabs become spaces."""
    return printable(_BREAKS.sub(" ", text).strip(" "))


def insertable(words: Iterable[str]) -> list[str]:
    """Return the words that a completion may insert: those that are only what they look like."""
    return [word for word in words if printable(word) == word]


def nearest(text: str, among: Iterable[str]) -> str | None:
    """Return the most similar of some words, if one is similar at all."""
    from difflib import get_close_matches  # for mistakes only

    found = get_close_matches(text, list(among), n=1, cutoff=0.6)
    return found[0] if found else None


def json_line(fields: Mapping[str, Any]) -> str:
    """Write an object as one line of JSON: exact, and printable ASCII."""
    return json.dumps(fields, default=str).replace("\x7f", "\\u007f")


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def size(count: float | None) -> str:
    """Write bytes in decimal units: ``1.5 GB``; a dash where the size is not known."""
    if count is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" else f"{_three(count)} {unit}"
        count /= 1000
    return f"{_three(count)} PB"


def _three(value: float) -> str:
    """Write three significant digits."""
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}"


def percent(fraction: float) -> str:
    """Write a part of 1, rounded down: ``42 %``; never 100 before the end."""
    # 0.29 * 100 is a little less than 29.
    return f"{min(100, max(0, math.floor(fraction * 100 + 1e-9)))} %"


def elided(name: str, width: int) -> str:
    """Cut a long name in its middle, for names of a series differ at their ends."""
    if len(name) <= width:
        return name
    head = (width - 1) * 3 // 5
    return f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"


def duration(seconds: float | None) -> str:
    """Write a time span: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def files(count: int) -> str:
    """Write a number of files."""
    return f"{count:,} file" + ("" if count == 1 else "s")


def skipped(rows: int) -> str:
    """Say how many rows of a catalogue made no sense; an empty text where none did."""
    if not rows:
        return ""
    if rows == 1:
        return "1 row of the catalogue made no sense and was skipped."
    return f"{rows:,} rows of the catalogue made no sense and were skipped."
