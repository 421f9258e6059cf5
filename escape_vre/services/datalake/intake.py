"""What a value of Rucio's is, whatever its JSON says; no I/O.

Catalogues are old and hold what some client once wrote: a number as text, a name that is null, a
list where a size belongs. Every value that we use comes through here, and is None where it makes
no sense, so that a wrong row costs itself and nothing else.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from escape_vre.services.datalake.models import DidType

Did = tuple[str, str]

_MOST = 2**63 - 1
_DEEPEST = 16
_SENTENCE = 300
_TYPES: Mapping[str, DidType] = {
    "c": "container",
    "container": "container",
    "d": "dataset",
    "dataset": "dataset",
}
_HEXADECIMAL = re.compile(r"[0-9a-f]+")


def word(value: object) -> str | None:
    """Return a text as it is; None where it is none or empty, or cannot be asked for.

    That is one with a NUL, or one that cannot be written as UTF-8: no request may hold it.
    """
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    return value if _writable(value) else None


def count(value: object) -> int | None:
    """Return a number of bytes or files; Rucio gives sums as floats, and some sites text."""
    if isinstance(value, str):
        value = int(value) if value.isdigit() and value.isascii() and len(value) < 20 else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    return None


def flag(value: object) -> bool | None:
    """Return what is true or false."""
    return value if isinstance(value, bool) else None


def checksum(value: object, digits: int) -> str | None:
    """Return a checksum with this number of hexadecimal digits, in lower case, zeros in front."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if len(text) > digits or not _HEXADECIMAL.fullmatch(text):
        return None
    return text.zfill(digits)


def when(value: object) -> datetime | None:
    """Read ``Sat, 21 Nov 2026 03:28:57 UTC``."""
    try:
        return parsedate_to_datetime(str(value).replace("UTC", "GMT")) if value else None
    except (ValueError, OverflowError):
        return None


def did_type(row: Mapping[str, Any]) -> DidType | None:
    """Return a row's type, which Rucio calls ``type`` or ``did_type``; a file where it says none.

    None where it says what no type can be.
    """
    said = row.get("type") or row.get("did_type") or "file"
    return _TYPES.get(said.lower(), "file") if isinstance(said, str) else None


def did_of(row: Mapping[str, Any], scope: str | None = None) -> Did | None:
    """Return scope and name of a row; ``scope`` is meant where it names none."""
    found, name = word(row.get("scope") or scope), word(row.get("name"))
    return (found, name) if found and name and ":" not in found else None


def sentence(value: object) -> str:
    """Return what a server says, short, and fit for a message."""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    kept = text.strip().rstrip(".")[:_SENTENCE]
    return kept if _writable(kept) else kept.encode("utf-8", "replace").decode()


def plain(value: object, depth: int = 0) -> Any:
    """Return a value of metadata such that it can travel on: finite, writable, not too deep."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, str):
        return value if _writable(value) else value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {plain(key): plain(item, depth + 1) for key, item in value.items()}
    return value


def _writable(text: str) -> bool:
    """Tell whether there is no half of a UTF-16 pair in it, which JSON can hold and UTF-8 not."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
