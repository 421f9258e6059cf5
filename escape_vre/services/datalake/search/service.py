"""Searching by metadata: Rucio filters what it can, the rest is checked here."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from escape_vre.core.errors import BadResponseError, NotFoundError, UsageError
from escape_vre.core.fingerprints import Fingerprints
from escape_vre.core.ndjson import Tally
from escape_vre.core.order import natural
from escape_vre.core.text import insertable, nearest
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import Did, did_of
from escape_vre.services.datalake.listing import TYPES_OF
from escape_vre.services.datalake.models import Row, TypeFilter
from escape_vre.services.datalake.partly import or_note
from escape_vre.services.datalake.refusals import MetadataError
from escape_vre.services.datalake.rows import did_row
from escape_vre.services.datalake.search import grammar, plan, remote
from escape_vre.services.datalake.search.keys import ALIASES, OFFERED, column_of
from escape_vre.services.datalake.search.matches import matches
from escape_vre.services.datalake.search.models import Key, Keys, KeySource
from escape_vre.services.datalake.search.plan import Ask, Query
from escape_vre.services.datalake.search.seen import SeenKeys
from escape_vre.services.datalake.search.values import TYPES

AT_ONCE = 1000
"""DIDs whose metadata are asked for in one call."""


def understood(text: str, scope: str | None) -> Query:
    """Read a search.

    Parameters
    ----------
    scope : str, optional
        Where to search if the text names no scope.

    Raises
    ------
    UsageError
        A mistake, with its place; or no scope is known.
    """
    search = grammar.parse(text)
    where = search.scope or scope
    if not where:
        raise UsageError(
            "The search names no scope.",
            hint="Begin with a scope, as in demo:* instrument=LAT.",
            details={"at": 0, "length": 1, "expected": "a scope"},
        )
    return plan.read(search, text, where)


@dataclass(slots=True)
class Finder:
    """One search at one instance.

    Parameters
    ----------
    seen : SeenKeys
        Learns the keys of the metadata that are read.
    check_scope : callable
        Raises NotFoundError if there is no such scope; called where nothing is found.
    """

    connected: Connected
    query: Query
    kind: TypeFilter
    seen: SeenKeys
    check_scope: Callable[[], Awaitable[None]]
    tally: Tally = field(default_factory=Tally)
    _checked: list[str] = field(default_factory=list)
    _candidates: int = 0

    def end(self) -> dict[str, Any]:
        """Say in the list's last line what Rucio did not do."""
        if not self._checked:
            return {}
        keys = ", ".join(self._checked)
        few = "1 candidate" if self._candidates == 1 else f"{self._candidates:,} candidates"
        return {"note": f"Rucio cannot filter by {keys} here: {few} checked by the agent."}

    @property
    def is_by_type(self) -> bool:
        """Whether rows come in the order of their types."""
        asked = self._asks(compares=True)
        return len(asked) == 1 and asked[0].plugin == "columns"

    async def rows(self) -> AsyncGenerator[Row, None]:
        """Yield what is found, as it comes; closing it ends the search.

        Raises
        ------
        NotFoundError
            Nothing is found because there is no such scope, or no DID has one of the keys; the
            hint names the nearest.
        """
        seen = Fingerprints()
        empty = True
        async with aclosing(self._all()) as rows:
            async for row in rows:
                if seen.add((row.scope, row.name)):
                    empty = False
                    yield row
        if empty:
            await self.check_scope()
            await self._check_keys()
        elif len(self.query.groups) == 1:
            there = [test.key for test in self.query.groups[0] if test.value != "*"]
            self.seen.add(self.connected.settings.name, there)

    def _asks(self, *, compares: bool) -> list[Ask]:
        types = frozenset(TYPES).intersection(TYPES_OF.get(self.kind, (self.kind,)))
        return plan.asks(self.query, types, compares=compares)

    async def _all(self) -> AsyncGenerator[Row, None]:
        """Yield the rows of all requests, some of them more than once."""
        asked = self._asks(compares=True)
        self._checked = plan.checked_here(asked)
        try:
            for ask in asked:
                async with aclosing(self._of(ask)) as rows:
                    async for row in rows:
                        yield row
            return
        except (MetadataError, BadResponseError):
            if not any(ask.compares for ask in asked):
                raise
        # Some DID has a text where numbers are compared: Rucio finds those with the key.
        asked = self._asks(compares=False)
        self._checked = plan.checked_here(asked)
        self._candidates = 0
        for ask in asked:
            async with aclosing(self._of(ask)) as rows:
                async for row in rows:
                    yield row

    async def _of(self, ask: Ask) -> AsyncGenerator[Row, None]:
        if ask.plugin == "json":
            async with aclosing(self._completed(ask, "all")) as rows:
                async for row in rows:
                    yield row
            return
        for type_ in (one for one in TYPES if one in ask.types):
            by_name = all(test.key == "name" for test in ask.rest)
            found = self._listed(ask, type_) if by_name else self._completed(ask, type_)
            async with aclosing(found) as rows:
                async for row in rows:
                    yield row

    async def _listed(self, ask: Ask, type_: str) -> AsyncGenerator[Row, None]:
        """Yield the rows of a request that say all that is needed."""
        scope = self.query.scope
        found = remote.found(self.connected.rucio, scope, ask.groups, type_)
        async with aclosing(found) as rows:
            async for raw in rows:
                row = did_row(raw, scope)
                if row is None:
                    self.tally.skipped += 1
                    continue
                self._candidates += bool(ask.rest)
                if all(matches(test, {"name": row.name}) for test in ask.rest):
                    yield row

    async def _completed(self, ask: Ask, type_: str) -> AsyncGenerator[Row, None]:
        """Yield the rows of a request, with metadata read in one call for 1,000 DIDs."""
        waiting: list[Did] = []
        found = remote.found(self.connected.rucio, self.query.scope, ask.groups, type_)
        async with aclosing(found) as rows:
            async for raw in rows:
                did = did_of(raw, self.query.scope)
                if did is None:
                    self.tally.skipped += 1
                    continue
                waiting.append(did)
                if len(waiting) == AT_ONCE:
                    for row in await self._checked_rows(ask, waiting):
                        yield row
                    waiting = []
        if waiting:
            for row in await self._checked_rows(ask, waiting):
                yield row

    async def _checked_rows(self, ask: Ask, dids: list[Did]) -> list[Row]:
        """Return those of some DIDs that match, in their order."""
        kept: dict[Did, Row] = {}
        alone = ask.checks_columns_alone
        found = remote.metadata_of(self.connected.rucio, dids, columns_alone=alone)
        async with aclosing(found) as rows:
            async for metadata in rows:
                row = did_row(metadata, self.query.scope)
                if row is None:
                    self.tally.skipped += 1
                    continue
                if not alone:
                    self.seen.add(self.connected.settings.name, metadata)
                if row.type in ask.types and all(matches(test, metadata) for test in ask.rest):
                    kept[row.scope, row.name] = row
        self._candidates += len(dids) if ask.rest else 0
        return [kept[did] for did in dids if did in kept]

    async def _check_keys(self) -> None:
        """Raise NotFoundError where no DID of the scope has one of the keys."""
        scope, instance = self.query.scope, self.connected.settings.name
        known = self.seen.of(instance)
        for test in self.query.others:
            key = test.key
            filters = plan.has_key(key)
            if filters is None or key in known or await self._finds(filters):
                continue
            near = nearest(key, [*known, *self.connected.settings.search_keys, *names_of_columns()])
            raise NotFoundError(
                f"No DID in {scope} has the metadata key {key}.",
                hint=f"Did you mean {near}?"
                if near
                else "Check its spelling in the details of a DID that has it.",
                details={"near": self.query.with_key(test, near)} if near else {},
            )

    async def _finds(self, filters: plan.Filters) -> bool:
        found = remote.found(self.connected.rucio, self.query.scope, [filters], "all", limit=1)
        async with aclosing(found) as rows:
            async for _ in rows:
                return True
        return False


def names_of_columns() -> list[str]:
    """Return what a user may call Rucio's columns."""
    return [*OFFERED, *ALIASES]


async def keys(connected: Connected, seen: SeenKeys) -> Keys:
    """Return the keys to complete from: Rucio's columns, and others that are known."""
    listed, note = await or_note(
        remote.conventions(connected.rucio), [], "the keys that the data lake lists"
    )
    offered: dict[str, Key] = {}
    for name in OFFERED:
        if column := column_of(name):
            offered[name] = Key(key=name, kind=column.kind, source="rucio")

    def add(more: Iterable[str], source: KeySource) -> None:
        for key in sorted(insertable(more), key=natural):
            if column_of(key) is None:
                offered.setdefault(key, Key(key=key, source=source))

    add(connected.settings.search_keys, "configured")
    add(listed, "convention")
    add(seen.of(connected.settings.name), "seen")
    return Keys(keys=list(offered.values()), note=note)
