"""What the values of conditions mean: texts, numbers, sizes, dates, flags; no I/O."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.search.grammar import Condition, wrong
from escape_vre.services.datalake.search.keys import Column, Kind, column_of

TYPES = ("container", "dataset", "file")

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKMGTP]?)(i?)B", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?Z?)?)?", re.ASCII)
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_EXPECTED = {
    "number": "a number, such as 12 or 1.5e3",
    "size": "a size, such as 500, 1.5MB or 2GiB",
    "date": "a date, such as 2026, 2026-01, 2026-01-31 or 2026-01-31T12:00 (UTC)",
    "flag": "true or false",
    "type": "container, dataset or file",
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a date stands for, its whole month, day, minute or second: from, and before; UTC."""

    start: datetime
    stop: datetime


Value = str | int | float | bool | Span


@dataclass(frozen=True, slots=True)
class Test:
    """One condition, understood.

    Parameters
    ----------
    key : str
        As Rucio calls it.
    column : Column or None
        None for a key of other metadata.
    shown : str
        The key as the user wrote it.
    at : int
        Where the condition is in the text, in characters from 0.
    """

    key: str
    operator: str
    value: Value
    kind: Kind
    column: Column | None
    shown: str
    at: int = 0

    @property
    def is_pattern(self) -> bool:
        """Whether ``*`` in the value stands for any text."""
        return isinstance(self.value, str) and "*" in self.value


def understand(condition: Condition, text: str) -> Test:
    """Return what a condition of a text means.

    Raises
    ------
    UsageError
        The value is not of the key's type, or the operator makes no sense for it.
    """
    column = column_of(condition.key)
    kind = column.kind if column else _looks_like(condition)
    value = _value(condition, kind)
    if value is None:
        raise _wrong_value(
            text, condition, f"{condition.value} is no value for {condition.key}", _EXPECTED[kind]
        )
    test = Test(
        column.name if column else condition.key,
        condition.operator,
        value,
        kind,
        column,
        condition.key,
        condition.at,
    )
    ordered = condition.operator not in ("=", "!=")
    if ordered and (kind in ("flag", "type") or test.key == "name"):
        raise _wrong_operator(text, condition, f"{condition.key} has no order")
    if ordered and test.is_pattern:
        raise _wrong_operator(text, condition, f"{condition.value} is a pattern, not a value")
    return test


def number(text: str) -> int | float | None:
    """Read a number."""
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def span(text: str) -> Span | None:
    """Read a date; what it leaves out, it leaves open."""
    if re.fullmatch(r"\d{4}", text, re.ASCII):
        text += "-01"
        years = True
    else:
        years = False
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (
        int(part) if part else None for part in found.groups()
    )
    try:
        start = datetime(
            year or 0, month or 0, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC
        )
        if second is not None:
            return Span(start, start + timedelta(seconds=1))
        if minute is not None:
            return Span(start, start + timedelta(minutes=1))
        if day is not None:
            return Span(start, start + timedelta(days=1))
        if years:
            return Span(start, start.replace(year=start.year + 1))
        return Span(start, (start + timedelta(days=32)).replace(day=1))
    except (ValueError, OverflowError):
        return None


def _looks_like(condition: Condition) -> Kind:
    """Tell what a value is by its looks, for a key of other metadata."""
    value = condition.value
    if condition.quoted:
        return "text"
    if value.lower() in ("true", "false"):
        return "flag"
    if number(value) is not None:
        return "number"
    if _SIZE.fullmatch(value):
        return "size"
    return "date" if span(value) else "text"


def _value(condition: Condition, kind: Kind) -> Value | None:
    text = condition.value
    if kind == "number":
        return number(text)
    if kind == "size":
        return _size(text)
    if kind == "date":
        return span(text)
    if kind == "flag":
        return _FLAGS.get(text.lower())
    if kind == "type":
        return text.lower() if text.lower() in TYPES else None
    return text


def _size(text: str) -> int | None:
    """Read a size, bytes; units are decimal, and binary with an i."""
    bare = number(text)
    if bare is not None:
        return int(bare) if bare >= 0 else None
    found = _SIZE.fullmatch(text)
    if not found:
        return None
    count, unit, binary = found.groups()
    factor: int = (1024 if binary else 1000) ** _POWERS[unit]
    return round(float(count) * factor)


def _wrong_value(text: str, condition: Condition, message: str, expected: str) -> UsageError:
    return wrong(text, condition.value_at, condition.end - condition.value_at, message, expected)


def _wrong_operator(text: str, condition: Condition, message: str) -> UsageError:
    return wrong(text, condition.at, condition.end - condition.at, message, "the operator = or !=")
