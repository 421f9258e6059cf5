"""The order of a listing, the same in the agent, the magic and the command; standard library only.

Containers come first, then datasets, then files; within a type, names stand in natural order, in
which numbers count by their value: ``file2`` before ``file10``.
"""

import re
import unicodedata

TYPES = ("container", "dataset", "file")

_SYMBOLS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_RANKS = {ord(symbol): 2 + n for n, symbol in enumerate(_SYMBOLS)}
_NUMBER = re.compile("[0-9]+")
_INVERTED = bytes(255 - n for n in range(256))
_LONG = 40
"""Digits of a number whose length needs more than one character of the key."""


def natural(name: str) -> tuple[str, str]:
    r"""Return a key that sorts names as ``new Intl.Collator('en', {numeric: true})`` does.

    The rules, for whoever writes them in another language:

    1. A run of the digits 0 to 9 is one number, compared by value; leading zeros do not count.
    2. Any other character counts without its case and accents.
    3. Space and symbols come first (``_ - , ; : ! ? . ' " ( ) [ ] { } @ * / \ & # % ` ^ + < = >
       | ~ $``, in this order), then numbers, then letters; others follow by their code point.
    4. Names that are equal so far are compared character by character, lower case first.

    >>> sorted(["file10", "File2", "file2", "file_1"], key=natural)
    ['file_1', 'file2', 'File2', 'file10']
    """
    plain = name
    if not name.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFD", name) if not _is_accent(c))
    plain = plain.casefold().translate(_RANKS)
    return _NUMBER.sub(_by_value, plain), name.swapcase()


def listed(type_: str, name: str, scope: str = "") -> tuple[int, str, str, str]:
    """Return the key of a row of a listing: type, name, and scope where those are the same."""
    rank = TYPES.index(type_) if type_ in TYPES else len(TYPES)
    return (rank, *natural(name), scope)


def packed_last_first(type_: str, name: str, scope: str) -> bytes:
    """Return the key of :func:`listed` in few bytes, and for the opposite order.

    In a heap of these, the first is the row to give up first. Each ends in 0xFF, which is
    nowhere else in it.
    """
    rank, *parts = listed(type_, name, scope)
    text = "\1".join((chr(2 + rank), *parts))
    raw = text.encode("utf-8", "surrogatepass").replace(b"\0", b"\1")
    return raw.translate(_INVERTED) + b"\xff"


def _is_accent(character: str) -> bool:
    return unicodedata.category(character) == "Mn"


def _by_value(found: re.Match[str]) -> str:
    """Write a number such that text order is that of values: how many digits, then the digits."""
    digits = found[0].lstrip("0")
    if len(digits) < _LONG:
        return chr(0x30 + len(digits)) + digits
    return chr(0x30 + _LONG) + chr(min(0xD700, len(digits))) + digits
