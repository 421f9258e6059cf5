"""Which RSEs there are, what an expression matches, and how much room there is."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from escape_vre.core.errors import EscapeError, UsageError
from escape_vre.core.order import natural
from escape_vre.core.text import insertable, nearest
from escape_vre.services.datalake.accounts.models import Account
from escape_vre.services.datalake.accounts.service import account_of
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import count, flag, plain, when, word
from escape_vre.services.datalake.kept import Kept
from escape_vre.services.datalake.partly import notes, or_note
from escape_vre.services.datalake.rses import remote
from escape_vre.services.datalake.rses.expression import (
    Term,
    normal,
    read,
    unknown,
    word_at,
)
from escape_vre.services.datalake.rses.models import (
    Completion,
    Expression,
    Problem,
    Rse,
    Value,
)

AT_ONCE = 8
"""RSEs whose attributes and usage are asked for at the same time."""
COMPLETIONS = 100
_COLUMNS = ("rse_type", "deterministic", "volatile", "staging_area", "city", "country_name")
"""Columns of an RSE that an expression may use like attributes."""
_TAPE = ("tape", "istape", "is_tape")

T = TypeVar("T")
Attributes = Mapping[str, Value]
_KNOWN: Kept[dict[str, Attributes]] = Kept(300.0)


async def rses(
    connected: Connected, expression: str, *, account: Account | None = None
) -> AsyncGenerator[Rse, None]:
    """Yield the RSEs that match an expression, or all, by name.

    What cannot be had of one is left out, and its note says so.

    Raises
    ------
    UsageError
        The expression has a typo, whose place and nearest word are in ``details``, or matches
        nothing.
    """
    wanted = normal(expression)
    names = set(await matching(connected, expression)) if wanted and wanted != "*" else None
    columns = {row["rse"]: row for row in await remote.rses(connected.rucio)}
    shown = sorted((name for name in columns if names is None or name in names), key=natural)
    who, no_account = await or_note(_given_or_asked(connected, account), None, "your quota")
    for some in _batches(shown):
        made = (_rse(connected, columns[name], who, no_account) for name in some)
        for rse in await asyncio.gather(*made):
            yield rse


async def matching(connected: Connected, expression: str) -> list[str]:
    """Return the names of the RSEs that match an expression; Rucio decides.

    Raises
    ------
    UsageError
        As :func:`rses`.
    """
    terms = read(expression)
    try:
        return sorted(await remote.matching(connected.rucio, normal(expression)), key=natural)
    except UsageError as e:
        raise await _explained(connected, expression, terms) or e from e


async def expression(connected: Connected, text: str, cursor: int | None) -> Expression:
    """Return what an expression means while it is typed, and how its word at the cursor may end."""
    known, note = await or_note(_known(connected), {}, "the attributes of RSEs")
    start, typed = word_at(text, len(text) if cursor is None else cursor)
    found, problem = [], None
    try:
        found = await matching(connected, text) if text.strip() else []
    except UsageError as e:
        problem = _problem(e, note)
    return Expression(
        expression=normal(text),
        matches=found,
        problem=problem,
        completions=_completions(known, typed),
        completes_from=start,
    )


async def attributes_of(connected: Connected) -> dict[str, Attributes]:
    """Return the attributes of every RSE by name, kept for some minutes."""
    return await _known(connected)


def _batches(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]


async def _given_or_asked(connected: Connected, account: Account | None) -> Account:
    return account or await account_of(connected)


async def _rse(
    connected: Connected, columns: Mapping[str, Any], who: Account | None, no_account: str | None
) -> Rse:
    name = columns["rse"]
    (attributes, no_attributes), (usage, no_usage) = await asyncio.gather(
        or_note(remote.attributes(connected.rucio, name), {}, f"the attributes of {name}"),
        or_note(remote.usage(connected.rucio, name), [], f"the usage of {name}"),
    )
    kind, values = word(columns.get("rse_type")), _values(attributes, name)
    return Rse(
        name=name,
        type=kind,
        tape=kind == "TAPE" or any(values.get(key) is True for key in _TAPE),
        staging=flag(columns.get("staging_area")) or False,
        deterministic=flag(columns.get("deterministic")),
        volatile=flag(columns.get("volatile")) or False,
        readable=columns.get("availability_read") is not False,
        writable=columns.get("availability_write") is not False,
        deletable=columns.get("availability_delete") is not False,
        quota=who.quota_at(name) if who else None,
        attributes=values,
        note=notes(no_account, no_attributes, no_usage),
        **_room(usage),
    )


def _room(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Read used and free bytes: what the storage reports, and what Rucio has counted itself."""
    by_source = {str(row.get("source")): row for row in rows}
    counted = by_source.get("rucio", {})
    storage = by_source.get("storage") or next(
        (row for row in by_source.values() if count(row.get("free")) is not None), {}
    )
    free, used = count(storage.get("free")), count(storage.get("used"))
    if used is None:
        used = count(counted.get("used"))
    return {
        "used": used,
        "free": free,
        "total": None if free is None else free + (used or 0),
        "reported": when(storage.get("updated_at") or counted.get("updated_at")),
    }


def _values(attributes: Mapping[str, Any], name: str) -> dict[str, Value]:
    """Return the attributes that make sense, without the RSE's own name, which is one too."""
    return {
        plain(key): plain(value)
        for key, value in sorted(attributes.items())
        if key != name and isinstance(value, str | int | float | bool)
    }


# ── what an expression can say ──────────────────────────────────────────────────────────────


async def _known(connected: Connected) -> dict[str, Attributes]:
    async def ask() -> dict[str, Attributes]:
        found: dict[str, Attributes] = {}
        for some in _batches(await remote.rses(connected.rucio)):
            asked = (remote.attributes(connected.rucio, row["rse"]) for row in some)
            for row, attributes in zip(some, await asyncio.gather(*asked), strict=True):
                columns = {key: row[key] for key in _COLUMNS if row.get(key) not in (None, "")}
                found[row["rse"]] = _values({**columns, **attributes}, row["rse"])
        return found

    return await _KNOWN.get(connected.rucio, ask)


async def _explained(
    connected: Connected, expression: str, terms: Sequence[Term]
) -> UsageError | None:
    """Find the term of an expression that stands for nothing, or say that they exclude another."""
    try:
        known = await _known(connected)
    except EscapeError:
        return None
    for term in terms:
        if error := _meaningless(term, known):
            return error
    return UsageError(
        f"No RSE matches {expression.strip()}.",
        hint="Each part of it exists, but no RSE has this combination: run %dl rses to see all.",
    )


def _meaningless(term: Term, known: Mapping[str, Attributes]) -> UsageError | None:
    """Return the error of a term that no RSE can match; None where one does."""
    keys = {key for attributes in known.values() for key in attributes}
    if term.key == "*":
        return None
    if not term.operator:
        true = {key for key in keys if any(a.get(key) is True for a in known.values())}
        if term.key in known or term.key in true:
            return None
        if term.key in keys:
            values = _shown_values(known, term.key)
            return unknown(
                f"{term.key} is an attribute with values",
                term,
                hint=f"Compare it, as in {term.key}={values[0]}.",
                near=f"{term.key}={values[0]}",
            )
        near = nearest(term.key, [*known, *true, *keys])
        return unknown(
            f"There is no RSE and no attribute {term.key}", term, hint=_meant(near), near=near
        )
    if term.key not in keys:
        near = nearest(term.key, keys)
        whole = f"{near}{term.operator}{term.value}" if near else None
        return unknown(f"No RSE has an attribute {term.key}", term, hint=_meant(near), near=whole)
    values = _shown_values(known, term.key)
    if term.operator != "=":
        return _not_compared(term, values)
    if term.value in values or term.value.lower() in ("true", "false"):
        return None
    near = nearest(term.value, values)
    whole = f"{term.key}={near}" if near else None
    said = _meant(whole) if whole else f"It is {' or '.join(values[:5])} where it is set."
    return unknown(f"No RSE has {term.text}", term, hint=said, near=whole)


def _not_compared(term: Term, values: Sequence[str]) -> UsageError | None:
    try:
        float(term.value)
    except ValueError:
        return unknown(
            f"{term.value} is not a number, which {term.operator} compares",
            term,
            hint=f"Compare with a number, or use {term.key}={values[0]}.",
            near=None,
        )
    return None


def _meant(near: str | None) -> str:
    return f"Did you mean {near}?" if near else "Run %dl rses to see all RSEs and attributes."


def _shown_values(known: Mapping[str, Attributes], key: str) -> list[str]:
    found = {_shown(attributes[key]) for attributes in known.values() if key in attributes}
    return sorted(found, key=natural)


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _completions(known: Mapping[str, Attributes], typed: str) -> list[Completion]:
    key, operator, _ = typed.partition("=")
    if operator:
        words = [f"{key}={value}" for value in _shown_values(known, key)]
        return _kept([Completion(text=text, type="value") for text in words], typed)
    keys = sorted({key for attributes in known.values() for key in attributes}, key=natural)
    true = {key for key in keys if any(a.get(key) is True for a in known.values())}
    attributes = [key if key in true else f"{key}=" for key in keys]
    return _kept(
        [
            *(Completion(text=name, type="RSE") for name in sorted(known, key=natural)),
            *(Completion(text=text, type="attribute") for text in attributes),
        ],
        typed,
    )


def _kept(words: Iterable[Completion], typed: str) -> list[Completion]:
    """Return those that begin as typed, whatever the case, and can be inserted."""
    begun = [word for word in words if word.text.lower().startswith(typed.lower())]
    return [word for word in begun if insertable([word.text])][:COMPLETIONS]


def _problem(error: UsageError, note: str | None) -> Problem:
    place = error.details
    return Problem(
        message=error.message,
        hint=notes(error.hint, note) or "",
        at=place.get("at"),
        length=place.get("length"),
        near=place.get("near"),
    )
