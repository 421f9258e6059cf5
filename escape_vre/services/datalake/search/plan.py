"""How a search is asked of Rucio: what it filters, and what is left to be checked here; no I/O.

Rucio (41, ``FilterEngine``) takes groups of ``{"key.operator": value}``, one of which must match.
A request is about its own columns or about other (JSON) metadata, never both; ``name`` goes with
either. It turns texts that look like a number, a flag or a date into one, replaces *true* and
*false* inside texts, and takes ``%`` for a wildcard. What it would misunderstand is checked here.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from escape_vre.services.datalake.search.grammar import Search, parse, quoted
from escape_vre.services.datalake.search.keys import COLUMNS
from escape_vre.services.datalake.search.values import TYPES, Span, Test, understand

Filters = dict[str, str | int | float | bool]

_SUFFIX = {"=": "", "!=": ".ne", "<": ".lt", "<=": ".lte", ">": ".gt", ">=": ".gte"}
_HAS = "**"
"""As a value: the key is there, whatever it says; a single ``*`` is left out by Rucio."""
_FIRST, _LAST = "0000", "9999-12-31"
"""Between these are the texts that begin with a year."""
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_ATTRIBUTES = frozenset(
    {"created_at", "delete", "did_type", "get", "items", "keys", "meta", "metadata", "name"}
    | {"next", "registry", "save", "scope", "to_dict", "update", "updated_at", "vo"}
)
"""Keys that Rucio takes for attributes of its own table."""
_OWN = frozenset({"lifetime", "created_before", "created_after", "did_type", "scope"})
"""Keys that Rucio takes for columns, and cannot search by."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of Rucio, and what is checked of its rows.

    Parameters
    ----------
    plugin : str
        ``columns``, whose rows say type and size, or ``json``, whose rows are names alone.
    groups : tuple of dict
        One of them must match, in Rucio's words.
    types : frozenset of str
        Types of the wanted DIDs.
    rest : tuple of Test
        What is checked here.
    """

    plugin: Literal["columns", "json"]
    groups: tuple[Filters, ...]
    types: frozenset[str]
    rest: tuple[Test, ...] = ()

    @property
    def checks_columns_alone(self) -> bool:
        """Whether what is checked here is in Rucio's columns."""
        return all(test.column for test in self.rest)

    @property
    def compares(self) -> bool:
        """Whether Rucio is to read other metadata as numbers or flags, which may fail."""
        return self.plugin == "json" and any(
            not isinstance(value, str) for group in self.groups for value in group.values()
        )


@dataclass(frozen=True, slots=True)
class Query:
    """A search, understood: in one scope, names of a pattern, and groups of tests."""

    scope: str
    pattern: str
    groups: tuple[tuple[Test, ...], ...]
    text: str

    @property
    def others(self) -> list[Test]:
        """The first test of each key that is none of Rucio's columns."""
        tests = [test for group in self.groups for test in group if not test.column]
        return list({test.key: test for test in reversed(tests)}.values())[::-1]

    def with_key(self, test: Test, key: str) -> str:
        """Return the text with another key in place of a test's; with the scope in front."""
        before, after = self.text[: test.at], self.text[test.at :]
        written = next(
            form for form in (test.shown, quoted(test.shown, always=True)) if after.startswith(form)
        )
        text = before + quoted(key) + after[len(written) :]
        return text if parse(text).scope else f"{self.scope}:{text}"


def read(search: Search, text: str, scope: str) -> Query:
    """Understand the values of a search; raises UsageError as :func:`.understand` does."""
    groups = tuple(tuple(understand(one, text) for one in group) for group in search.groups)
    return Query(scope, search.pattern, groups or ((),), text)


def asks(query: Query, types: frozenset[str], *, compares: bool = True) -> list[Ask]:
    """Return the requests that find all that is searched for, as few as possible.

    Parameters
    ----------
    compares : bool
        Whether Rucio may read other metadata as numbers or flags; it fails where one DID has a
        text there.
    """
    found: dict[tuple[object, ...], Ask] = {}
    for number, group in enumerate(query.groups):
        ask = _ask(query.pattern, group, types, compares=compares)
        if not ask.types:
            continue
        key = (ask.plugin, ask.types) if not ask.rest else (number,)
        before = found.get(key)
        found[key] = replace(ask, groups=before.groups + ask.groups) if before else ask
    return list(found.values())


def has_key(key: str) -> Filters | None:
    """Return the filter for DIDs with a key of other metadata; None where Rucio has none."""
    return {key: _HAS} if _can_be_asked(key) else None


def _ask(pattern: str, group: Sequence[Test], types: frozenset[str], *, compares: bool) -> Ask:
    kinds = types
    tests = []
    for test in group:
        if test.kind == "type":
            same = test.operator == "="
            kinds &= {kind for kind in TYPES if (kind == test.value) == same}
        else:
            tests.append(test)
    json = any(_sent(test, compares=compares) for test in tests if not test.column)
    if pattern != "*":
        tests.insert(0, Test("name", "=", pattern, "text", COLUMNS["name"], "name"))
    filters: Filters = {}
    rest: list[Test] = []
    guards: Filters = {}
    for test in tests:
        sent = None
        if test.key == "name" or bool(test.column) != json:
            sent = _sent(test, compares=compares)
        if sent is None or not filters.keys().isdisjoint(sent.filters):
            rest.append(test)
            continue
        filters |= sent.filters
        guards |= {key: value for key, value in sent.guards.items() if key not in guards}
        if not sent.whole:
            rest.append(test)
    filters = {**guards, **filters}
    return Ask("json" if json else "columns", (filters,), kinds, tuple(rest))


@dataclass(frozen=True, slots=True)
class _Sent:
    """How a test is sent; ``guards`` may be left out, ``whole`` is False for more than it says."""

    filters: Filters
    guards: Mapping[str, str]
    whole: bool = True


def _sent(test: Test, *, compares: bool) -> _Sent | None:
    """Return how Rucio is asked for a test; None where it cannot be."""
    if test.column:
        return _column(test) if test.column.asked else None
    if not _can_be_asked(test.key) or (test.operator == "!=" and test.value == "*"):
        return None
    coarse = _Sent({test.key: _HAS}, {}, whole=False)
    if isinstance(test.value, Span):
        return _dates_as_text(test, test.value) or coarse
    if isinstance(test.value, str):
        if test.value == "*":
            return _Sent({test.key: _HAS}, {})
        return _Sent({test.key + _SUFFIX[test.operator]: test.value}, {}) if _kept(test) else coarse
    return _Sent({test.key + _SUFFIX[test.operator]: test.value}, {}) if compares else coarse


def _column(test: Test) -> _Sent | None:
    value, column = test.value, test.column
    if isinstance(value, Span):
        bounds = _bounds(test.operator, value)
        if bounds is None:
            return None
        return _Sent({test.key + suffix: f"{at:%Y-%m-%dT%H:%M:%S}" for suffix, at in bounds}, {})
    if isinstance(value, str):
        return _text_column(test, value)
    whole = isinstance(value, int) and abs(value) <= (column.most if column else 0)
    if test.operator == "!=" or not whole:
        return None
    return _Sent({test.key + _SUFFIX[test.operator]: value}, {})


def _text_column(test: Test, value: str) -> _Sent | None:
    name = test.key == "name"
    if value == "*":
        return _Sent({test.key: _HAS}, {}) if test.operator == "=" else None
    if not _kept(test):
        return (
            _Sent({"name": _wider(value)}, {}, whole=False)
            if name and test.operator == "="
            else None
        )
    # Rucio finds those without a value, too.
    has: Filters = {test.key: _HAS} if test.operator == "!=" and not name else {}
    return _Sent({**has, test.key + _SUFFIX[test.operator]: value}, {})


def _wider(pattern: str) -> str:
    """Return a pattern that Rucio takes as it is, and that finds all that another would."""
    wider = re.sub(r"true|TRUE|false|FALSE|\\|%", "*", pattern)
    return wider if "*" in wider else wider + "*"


def _bounds(operator: str, span: Span) -> list[tuple[str, datetime]] | None:
    """Return the bounds of a date, each with its operator in Rucio's words."""
    if operator == "!=":
        return None
    return {
        "=": [(".gte", span.start), (".lt", span.stop)],
        "<": [(".lt", span.start)],
        "<=": [(".lt", span.stop)],
        ">": [(".gte", span.stop)],
        ">=": [(".gte", span.start)],
    }[operator]


def _dates_as_text(test: Test, span: Span) -> _Sent | None:
    """Compare dates of other metadata as texts, which are in the order of time by the day."""
    bounds = _bounds(test.operator, span)
    if not bounds or any(moment.time() != datetime.min.time() for _, moment in bounds):
        return None
    filters: Filters = {test.key + suffix: f"{moment:%Y-%m-%d}" for suffix, moment in bounds}
    return _Sent(filters, {test.key + ".gte": _FIRST, test.key + ".lt": _LAST})


def _can_be_asked(key: str) -> bool:
    """Tell whether Rucio takes a key for one of other metadata, as it is."""
    return "." not in key and key not in _ATTRIBUTES | _OWN and _read(key) == key


def _kept(test: Test) -> bool:
    """Tell whether Rucio takes a text as it is meant."""
    value = str(test.value)
    if "%" in value or (test.is_pattern and "\\" in value):
        return False
    if any(word in value for word in ("true", "TRUE", "false", "FALSE")):
        return False
    if any(sign in value for sign in "+-*/"):
        return not any(_is_date(value, form) for form in _FORMATS)
    return _read(value) == value


def _read(text: str) -> object:
    """Read a text as Rucio does: as Python's literal, if it is one."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 — only whether it is one
    except ValueError:
        return False
    return True


def checked_here(asked: Sequence[Ask]) -> list[str]:
    """Return the keys that are checked here, as the user wrote them."""
    return list(dict.fromkeys(test.shown for ask in asked for test in ask.rest))
