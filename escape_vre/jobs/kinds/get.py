"""*Get*: bring the files that refs stand for to this machine."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from weakref import WeakKeyDictionary

from escape_vre.core import disk, text
from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.loops import Loops
from escape_vre.core.service import Fetchable, FetchQuery, FileSource, Skipped, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.context import Context, Measured
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.kinds.kind import WORDS, Kind
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import Amount, Job, JobFile, JobState
from escape_vre.jobs.plan import Plan
from escape_vre.jobs.plan_database import CHUNK
from escape_vre.jobs.transfer.batch import Batch, Errand
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.download import Arrived, bringing
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.jobs.transfer.place import PARTS, drop_abandoned, forget_part

CHECKED_FILES = 10_000
GetContext = Context[GetRequest]


@dataclass(slots=True)
class Transfer:
    """What one get holds in memory, through all its attempts."""

    control: Control = field(default_factory=Control)
    plan: Plan | None = None
    bytes: int | None = None
    """Size of all files; None until they are listed, or where the catalogue does not know."""
    count: int | None = None


class Get(Kind[GetRequest]):
    """Downloads, verifies and records files.

    Parameters
    ----------
    manifest : Manifest
        Which files are here.
    data_dir : callable
        Gives the folder that files go to when no other was asked for.
    """

    name = "get"
    request = GetRequest
    unit = "bytes"
    words: ClassVar[Mapping[JobState, str]] = {**WORDS, "running": "on its way", "done": "here"}
    ends_unwaited = True
    keeps_server_alive = True

    def __init__(
        self,
        *,
        settings: Transfers,
        manifest: Manifest,
        data_dir: Callable[[], Path],
        loops: Loops,
    ) -> None:
        self.manifest = manifest
        self.data_dir = data_dir
        self._settings = settings
        self._mover = Mover(settings, loops)
        self._transfers: WeakKeyDictionary[GetContext, Transfer] = WeakKeyDictionary()

    def key(self, request: GetRequest) -> Hashable:
        """Return what equal requests share: service, account, refs, files, folder."""
        return (
            request.service,
            request.instance,
            request.account,
            tuple(sorted(request.refs)),
            tuple(sorted(request.files)),
            os.path.realpath(request.destination),  # a folder may have two names
            request.flat,
            request.copy_mounted,
        )

    async def run(self, context: GetContext) -> None:
        """List the files, bring what is not here, note what is here now."""
        transfer = self._of(context)
        service, query = _fetchable(context), _query(context)
        if transfer.plan is not None:
            transfer.plan.close()
        transfer.plan = plan = Plan(context.request)
        try:
            await self._list(context, plan, service.sources(query))
            await asyncio.to_thread(
                plan.resolve,
                self.manifest,
                reserve=self._settings.reserve_bytes,
                check=context.check,
            )
            transfer.bytes, transfer.count = plan.bytes, plan.count
            context.path, context.note = str(plan.path), None
            stopped_by = await self._move(context, plan, await service.storage(query))
            context.path = str(plan.path)
            if error := await asyncio.to_thread(plan.error, stopped_by):
                raise error
        finally:
            notes = text.skipped(plan.skipped), transfer.control.note_of_mounts
            context.note = " ".join(filter(None, notes)) or None

    async def cancel(self, context: GetContext) -> None:
        """Remove what it had begun, and kept while it waited."""
        begun = self._of(context).control.begun

        def drop() -> None:
            for path in list(begun):
                drop_abandoned(Path(path))
                begun.discard(path)

        await asyncio.to_thread(drop)

    async def await_access(
        self, context: GetContext, refused: Callable[[EscapeError], None]
    ) -> None:
        """Return when the service gives access."""
        async with aclosing(_fetchable(context).refusals(_query(context))) as refusals:
            async for reason in refusals:
                refused(reason)

    def measure(self, context: GetContext) -> Measured:
        """Return the bytes and files that are here by now."""
        transfer = self._of(context)
        control = transfer.control
        files = Amount(unit="files", done=control.files_done, total=transfer.count)
        return Measured(control.bytes_done, transfer.bytes, (files,), control.counts)

    def files(self, context: GetContext) -> Iterable[JobFile]:
        """Return its files with what came of them, as far as they are known."""
        plan = self._of(context).plan
        return plan.files() if plan is not None else ()

    def close(self, context: GetContext) -> None:
        """Note what a cancelled job has brought, and forget the plan."""
        plan = self._of(context).plan
        if plan is None:
            return
        try:
            if context.ending == "cancel":
                self._note_collections(context.request.instance, plan)
        finally:
            plan.close()

    async def intact(self, job: Job, files: Callable[[], Iterable[JobFile]]) -> Job | None:
        """Return a job that is done if its files are still as it left them, else None.

        The caller asks the service whether there are others by now. Jobs of more than 10,000
        files are not looked at: their files would take longer to check than to plan again.
        """
        count = job.progress.part("files").total
        if not count or count > CHECKED_FILES:
            return None

        def missing() -> bool:
            copies = self.manifest.copies(job.instance, {file.ref for file in files()})
            here = {copy.path for found in copies.values() for copy in found}
            return any(file.path not in here for file in files())

        if await asyncio.to_thread(missing):
            return None
        return job.model_copy(update={"counts": {**job.counts, "files_here": count}})

    # ── how files come ──────────────────────────────────────────────────────────────────────

    def _of(self, context: GetContext) -> Transfer:
        return self._transfers.setdefault(context, Transfer())

    async def _list(
        self,
        context: GetContext,
        plan: Plan,
        sources: AsyncGenerator[FileSource | Skipped, None],
    ) -> None:
        """Read which files there are, a few hundred at a time."""
        context.note = "Asking the catalogue."
        ready: list[FileSource] = []
        async with aclosing(sources):
            async for source in sources:
                if isinstance(source, Skipped):
                    plan.skipped += source.rows
                    continue
                ready.append(source)
                if len(ready) >= CHUNK:
                    await asyncio.to_thread(plan.add, ready)
                    context.note = f"Reading the list of files: {plan.count:,} so far."
                    ready = []
        await asyncio.to_thread(plan.add, ready)

    async def _move(
        self, context: GetContext, plan: Plan, access: StorageAccess
    ) -> EscapeError | None:
        """Move the files of a plan; whatever happens, what arrived is in the manifest.

        Returns
        -------
        EscapeError or None
            What has stopped it, if that holds for every file.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[EscapeError | None] = loop.create_future()
        instance, control = context.request.instance, self._of(context).control

        def on_file(errand: Errand, found: Arrived) -> None:
            if found.copy not in errand.known and not found.in_place:
                self.manifest.record(instance, errand.source.ref, found.copy)
            plan.arrived(errand, found.copy, in_place=found.in_place)

        def on_end(error: EscapeError | None) -> None:
            loop.call_soon_threadsafe(ended.set_result, error)

        batch = Batch(
            plan.errands(),
            access,
            control,
            carry=bringing(self._settings, access, control),
            on_file=on_file,
            on_failure=plan.failed,
            on_end=on_end,
        )
        control.restart()
        self._mover.submit(batch)
        try:
            stopped_by = await asyncio.shield(ended)
        except asyncio.CancelledError:
            self._mover.end(batch, context.ending or "stop")
            await ended
            raise
        await asyncio.to_thread(self._note_collections, instance, plan)
        return stopped_by

    def _note_collections(self, instance: str, plan: Plan) -> None:
        """Record what is here now of each collection, and make the new names durable."""
        for ref, numbers in plan.collections():
            parents = {Path(copy.path).parent for _, copy in plan.members(numbers)}
            if parents:
                directory = Path(os.path.commonpath(parents))
                self.manifest.record_collection(instance, ref, directory, plan.members(numbers))
        folders = plan.folders()
        if any((folder / PARTS).exists() for folder in folders):
            for file in plan.files():
                if file.state == "here":
                    forget_part(Path(file.path))
        for folder in folders:
            disk.sync_folder(folder)


def _query(context: GetContext) -> FetchQuery:
    asked = context.request
    return FetchQuery(
        asked.instance,
        asked.refs,
        asked.files,
        context.environment,
        flat=asked.flat,
        copy=asked.copy_mounted,
    )


def _fetchable(context: GetContext) -> Fetchable:
    service = context.service
    if not isinstance(service, Fetchable):
        raise ConfigurationError(
            f"The service {context.request.service} of this job has no files to get.",
            hint="Update escape-vre, or remove the job from the list.",
        )
    return service
