"""The bytes of a put, in worker threads: to the storage, or away from it again."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escape_vre.core.errors import EscapeError
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.batch import Batch, Errand, M
from escape_vre.jobs.transfer.connections import Connections
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.dav import DavStore, beside
from escape_vre.jobs.transfer.folder import FolderStore
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.jobs.transfer.store import Store
from escape_vre.jobs.transfer.upload import Stored, Upload
from escape_vre.services.datalake.dids import did_ref
from escape_vre.services.datalake.put.local import Item
from escape_vre.services.datalake.put.progress import Begun


@dataclass(frozen=True, slots=True)
class Done:
    """What has been done with a file that was not sent."""

    here: bool = False
    verified: bool = True
    in_place: bool = False


@dataclass(slots=True)
class Sending:
    """What of a put is at the storage by now.

    Parameters
    ----------
    stored : mapping
        What came of each file, by name.
    failed : mapping
        Why others could not be sent.
    """

    mover: Mover
    access: StorageAccess
    control: Control
    scope: str
    begun: Begun
    stored: dict[str, Stored] = field(default_factory=dict)
    failed: dict[str, EscapeError] = field(default_factory=dict)
    plain_sums: set[str] = field(default_factory=set)

    async def run(self, items: Sequence[Item], *, again: bool) -> EscapeError | None:
        """Send files; return what has stopped it, where that holds for all of them.

        Parameters
        ----------
        again : bool
            Whether an earlier attempt may have sent some.
        """

        def send(item: Item, errand: Errand, at: Address, connections: Connections) -> Stored:
            upload = Upload(self._store(at, connections), self.control, connections.pace)
            part = self.begun.part(item.name)
            self.failed.pop(item.name, None)
            return upload.run(item.file, at, part, again=again or errand.rounds > 0)

        def sent(item: Item, found: Stored) -> None:
            self.stored[item.name] = found

        return await self._each(items, send, sent)

    async def put_aside(self, items: Sequence[Item]) -> list[Item]:
        """Remove what is left of attempts, and rename what this job has put under final names.

        Only what is the same as the file here is renamed: nothing else can be this job's.

        Returns
        -------
        list of Item
            The files that have another name at the storage now.
        """
        aside: list[Item] = []

        def rename(item: Item, errand: Errand, at: Address, connections: Connections) -> Done:
            store = self._store(at, connections)
            part = beside(at, self.begun.part(item.name))
            store.remove(part)
            if item.name in self.begun.found or (there := store.look(at)) is None:
                return Done()
            known = self.stored.get(item.name)
            if known is None or there.needs(known.checksums):
                sums = item.file.sums(self.control)
            else:
                sums = known.checksums
            if there.compared(item.file.bytes, sums) and store.move(at, part):
                aside.append(item)
            return Done()

        await self._each(items, rename, lambda item, done: None)
        return aside

    async def settle(self, items: Sequence[Item], *, kept: Collection[str]) -> None:
        """Remove what was put aside; what is registered after all gets its name back."""

        def end(item: Item, errand: Errand, at: Address, connections: Connections) -> Done:
            store = self._store(at, connections)
            part = beside(at, self.begun.part(item.name))
            if item.name not in kept or not store.move(part, at):
                store.remove(part)
            return Done()

        await self._each(items, end, lambda item, done: None)

    async def _each(
        self,
        items: Sequence[Item],
        act: Callable[[Item, Errand, Address, Connections], M],
        done: Callable[[Item, M], None],
    ) -> EscapeError | None:
        """Do something with every file in worker threads; what fails is in ``failed``."""
        by_ref = {str(did_ref(self.scope, item.name)): item for item in items}

        def carry(errand: Errand, address: Address | None, connections: Connections) -> M:
            assert address is not None  # noqa: S101 — every file has one
            return act(by_ref[errand.source.ref], errand, address, connections)

        loop = asyncio.get_running_loop()
        ended: asyncio.Future[EscapeError | None] = loop.create_future()

        def on_end(error: EscapeError | None) -> None:
            loop.call_soon_threadsafe(ended.set_result, error)

        batch = Batch(
            iter([_errand(ref, item) for ref, item in by_ref.items()]),
            self.access,
            self.control,
            carry=carry,
            on_file=lambda errand, found: done(by_ref[errand.source.ref], found),
            on_failure=lambda errand, error: self.failed.update(
                {by_ref[errand.source.ref].name: error}
            ),
            on_end=on_end,
        )
        self.mover.submit(batch)
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            # What is at the storage is removed afterwards, where the job is cancelled.
            self.mover.end(batch, "stop")
            await ended
            raise

    def _store(self, address: Address, connections: Connections) -> Store:
        if address.is_local:
            return FolderStore(self.access, self.control)
        return DavStore(connections, self.access, self.control, self.plain_sums)


def _errand(ref: str, item: Item) -> Errand:
    return Errand(
        FileSource(ref, (item.name,), (item.pfn,), bytes=item.file.bytes), Path(item.file.path)
    )
