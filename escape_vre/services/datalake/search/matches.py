"""Whether a DID's metadata match a condition, by the same rules as Rucio's search; no I/O."""

import json
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from escape_vre.services.datalake.intake import when
from escape_vre.services.datalake.search.values import Span, Test, number

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(test: Test, metadata: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds.

    It holds only for a DID that has the key with a value of the right type; ``!=*`` is the
    exception, which finds those without the key.
    """
    found = metadata.get(test.key)
    if test.operator == "!=" and test.value == "*":
        return found is None
    if found is None:
        return False
    value = test.value
    if isinstance(value, Span):
        return _date_matches(test.operator, found, value)
    if isinstance(value, bool):
        flag = _flag(found)
        return flag is not None and _COMPARE[test.operator](flag, value)
    if isinstance(value, int | float):
        count = _number(found)
        return test.operator == "!=" if count is None else _COMPARE[test.operator](count, value)
    theirs = _text(found)
    if test.is_pattern:
        return _fits(value, theirs) == (test.operator == "=")
    return _COMPARE[test.operator](theirs, value)


def _date_matches(compare: str, found: object, span: Span) -> bool:
    moment = _moment(found)
    if moment is None:
        return False
    if compare in ("=", "!="):
        return (span.start <= moment < span.stop) == (compare == "=")
    if compare == "<":
        return moment < span.start
    if compare == "<=":
        return moment < span.stop
    return moment >= (span.start if compare == ">=" else span.stop)


def _moment(found: object) -> datetime | None:
    """Read a date as metadata have it: ISO 8601, or as Rucio writes those of its columns."""
    if not isinstance(found, str):
        return None
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        read = when(found)
        if read is None:
            return None
        moment = read
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _flag(found: object) -> bool | None:
    if isinstance(found, str):
        return {"true": True, "false": False}.get(found.lower())
    return found if isinstance(found, bool) else None


def _number(found: object) -> int | float | None:
    if isinstance(found, str):
        return number(found)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _text(found: object) -> str:
    return found if isinstance(found, str) else json.dumps(found)


def _fits(pattern: str, text: str) -> bool:
    """Match a pattern in time that does not explode, whatever its number of ``*``."""
    first, *middle, last = pattern.split("*")
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last) and len(text) - len(last) >= at
