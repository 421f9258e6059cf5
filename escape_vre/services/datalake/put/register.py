"""What a put writes to Rucio once its files are at the RSE: never a replica without its bytes.

Each step is one transaction of Rucio's, and may be repeated: what is there already is left alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from escape_vre.core.errors import (
    BadResponseError,
    ConflictError,
    EscapeError,
    NotFoundError,
    RemoteError,
    UsageError,
)
from escape_vre.jobs.transfer.upload import Stored
from escape_vre.services.datalake.dialect import FailedError
from escape_vre.services.datalake.intake import Did, checksum
from escape_vre.services.datalake.put.local import Item
from escape_vre.services.datalake.put.models import PutRequest
from escape_vre.services.datalake.put.prepare import Prepared, rule_of
from escape_vre.services.datalake.put.remote import PutRemote

AT_ONCE = 500
"""Files in one request: some databases take no more parameters than that."""
PAUSES_S = (1.0, 3.0, 9.0, 27.0, 60.0, 60.0, 60.0, 60.0)
"""Pauses while Rucio does not answer: files without a DID should not stay at the storage."""
T = TypeVar("T")
BROKEN = 5
"""Files at which Rucio itself fails before it counts as broken for all."""
_ANSWERS = (BadResponseError, FailedError)
"""What Rucio says while it is there, so that the same request fails again."""
_OF_A_FILE = (UsageError, ConflictError, NotFoundError)


@dataclass(slots=True)
class Registration:
    """Registers the files of one put.

    Parameters
    ----------
    failed : mapping
        Why some could not be registered, by name.
    say : callable
        Told, in a sentence, what it waits for.
    """

    remote: PutRemote
    request: PutRequest
    prepared: Prepared
    say: Callable[[str], None]
    failed: dict[str, EscapeError] = field(default_factory=dict)
    _broken: int = 0

    @property
    def dataset(self) -> Did | None:
        """The dataset that the files go into."""
        return (self.request.scope, self.request.dataset) if self.request.dataset else None

    async def begin(self) -> None:
        """Make the dataset with its rule, or give a dataset without any a rule."""
        if self.dataset is None:
            return
        rule = rule_of(self.request, self.prepared.account, self.prepared.target.rse)
        if not self.prepared.dataset_exists:
            try:
                await self.insist(
                    lambda: self.remote.add_dataset(self._did, rule, self.request.metadata)
                )
            except ConflictError:
                pass  # made meanwhile, perhaps by this job before its agent was killed
            else:
                return
        if not await self.insist(lambda: self.remote.rules(self._did)):
            with suppress(ConflictError):  # another put has made it meanwhile
                await self.insist(lambda: self.remote.add_rules([self._did], rule))

    async def add(self, some: Sequence[tuple[Item, Stored | None]]) -> None:
        """Register, and attach or protect, a few hundred files; those without Stored are known."""
        names = [item.name for item, stored in some if stored]
        known = await self.insist(lambda: self.remote.known(self.request.scope, names))
        rows = []
        for item, stored in some:
            if stored is None:
                continue
            row = self._row(item, stored)
            if not is_same(known.get(item.name), row):
                self.failed[item.name] = ConflictError(
                    f"{self.request.scope}:{item.name} exists by now, with other content.",
                    hint="Give your file another name. What was sent of it is removed.",
                )
                continue
            rows.append(row)
        await self._by_halves(
            rows, lambda part: self.remote.add_replicas(self.prepared.target.rse, part)
        )
        left = [
            self._row(item, stored) if stored else self._name(item)
            for item, stored in some
            if item.name not in self.failed
        ]
        if self.dataset is not None:
            await self._by_halves(
                [{key: row[key] for key in row if key != "md5"} for row in left],
                lambda part: self.remote.attach(self._did, part),
            )
            return
        rule = rule_of(self.request, self.prepared.account, self.prepared.target.rse)
        await self._by_halves(left, lambda part: self._protect(part, rule))
        if self.request.metadata:
            dids = [self._pair(row) for row in left]
            await self.insist(lambda: self.remote.describe(dids, self.request.metadata))

    async def _protect(self, rows: Sequence[dict[str, Any]], rule: dict[str, Any]) -> None:
        try:
            await self.remote.add_rules([self._pair(row) for row in rows], rule)
        except ConflictError:
            if len(rows) > 1:
                raise

    @property
    def _did(self) -> Did:
        assert self.dataset is not None  # noqa: S101 — asked for only where there is one
        return self.dataset

    def _name(self, item: Item) -> dict[str, Any]:
        return {"scope": self.request.scope, "name": item.name}

    def _row(self, item: Item, stored: Stored) -> dict[str, Any]:
        return {**self._name(item), "bytes": item.file.bytes, **stored.checksums}

    def _pair(self, row: dict[str, Any]) -> Did:
        return row["scope"], row["name"]

    async def _by_halves(
        self,
        rows: Sequence[dict[str, Any]],
        write: Callable[[Sequence[dict[str, Any]]], Awaitable[None]],
    ) -> None:
        """Write many files at once; where Rucio refuses, each half, so that one fails alone."""
        if not rows:
            return
        try:
            await self.insist(lambda: write(rows))
        except (*_OF_A_FILE, *_ANSWERS) as e:
            if len(rows) == 1:
                self.failed[rows[0]["name"]] = e
                self._broken += isinstance(e, _ANSWERS)
                if self._broken > BROKEN:
                    raise
                return
            middle = len(rows) // 2
            await self._by_halves(rows[:middle], write)
            await self._by_halves(rows[middle:], write)

    async def insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write, again and again while Rucio does not answer; every write may be repeated."""
        for pause_s in (*PAUSES_S, None):
            try:
                return await write()
            except RemoteError as e:
                if pause_s is None or isinstance(e, _ANSWERS):
                    raise
                self.say(f"{e.message} Trying again.")
                await asyncio.sleep(pause_s)
        raise AssertionError("unreachable")


def is_same(known: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """Tell whether a DID that exists, if it does, is of the same bytes."""
    if known is None:
        return True
    if known.get("bytes") not in (None, row["bytes"]):
        return False
    theirs = {"adler32": checksum(known.get("adler32"), 8), "md5": checksum(known.get("md5"), 32)}
    return all(row[kind] == value for kind, value in theirs.items() if value and kind in row)
