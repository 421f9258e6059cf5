"""*Put*: bring files of this machine into the data lake.

The order of writes is that of docs/adr/0012: bytes to a temporary name, compared there, renamed;
then the dataset with its rule; then replicas, as AVAILABLE; then the dataset's content. Whatever
happens on the way, the job that is resumed asks what is there, and does the rest.
"""

import uuid
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from escape_vre.core import text
from escape_vre.core.errors import EscapeError
from escape_vre.core.loops import Loops
from escape_vre.jobs.context import Context, Measured
from escape_vre.jobs.kinds.kind import WORDS, Kind
from escape_vre.jobs.models import Amount, ErrorInfo, JobFile, JobState
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.services.datalake.dids import did_ref
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.lifetimes import from_now
from escape_vre.services.datalake.put.models import PutRequest
from escape_vre.services.datalake.put.prepare import Prepared, prepare
from escape_vre.services.datalake.put.progress import Begun
from escape_vre.services.datalake.put.register import AT_ONCE, Registration
from escape_vre.services.datalake.put.remote import PutRemote
from escape_vre.services.datalake.put.sending import Sending
from escape_vre.services.datalake.put.undo import clear, undo

PutContext = Context[PutRequest]


@dataclass(slots=True)
class Work:
    """What one put holds in memory, through all its attempts."""

    control: Control = field(default_factory=Control)
    prepared: Prepared | None = None
    sending: Sending | None = None
    failed: dict[str, EscapeError] = field(default_factory=dict)
    adopted: int = 0
    adopted_bytes: int = 0


class Put(Kind[PutRequest]):
    """Uploads, verifies and registers files. A client's Stop does not end it: *Cancel* does."""

    name = "put"
    request = PutRequest
    unit = "bytes"
    words: ClassVar[Mapping[JobState, str]] = {
        **WORDS,
        "running": "on its way",
        "done": "in the data lake",
    }
    ends_unwaited = False
    keeps_server_alive = True

    def __init__(self) -> None:
        self._work: WeakKeyDictionary[PutContext, Work] = WeakKeyDictionary()
        self._mover: Mover | None = None

    def key(self, request: PutRequest) -> Hashable:
        """Return what equal requests share."""
        asked = request.model_dump(exclude={"title", "metadata"})
        return (*map(str, asked.values()), tuple(sorted(request.metadata.items())))

    async def run(self, context: PutContext) -> None:
        """Find out what is to do, send what is not there, register it."""
        work, request = self._of(context), context.request
        connected = self._connected(context)
        begun = Begun.read(context.checkpoints)
        again = bool(begun.tag)
        context.note = "Asking the data lake."
        prepared = await prepare(connected, request, rse=begun.rse or None)
        prepared.check()
        work.prepared, work.failed = prepared, {}
        begun = await self._begin(context, prepared, begun)
        await connected.storage.sign_in()
        work.adopted = len(prepared.adopted)
        work.adopted_bytes = sum(item.file.bytes for item in prepared.adopted)
        context.note = None
        work.control.restart()
        work.sending = sending = Sending(
            self._moves(context), connected.storage, work.control, request.scope, begun
        )
        stopped_by = await sending.run(prepared.new, again=again)
        work.failed.update(sending.failed)
        if stopped_by is not None and stopped_by.worth_waiting:
            raise stopped_by
        await self._register(context, connected, work, sending)
        self._tell(context, prepared, sending, work)
        if error := stopped_by or _together(context.request, work.failed):
            raise error

    async def cancel(self, context: PutContext) -> None:
        """Remove what was sent and is not registered, and what of the rest the account may."""
        context.note = None
        begun = Begun.read(context.checkpoints)
        if not begun.tag:
            return
        work, connected = self._of(context), self._connected(context)
        await connected.storage.sign_in()
        before = work.sending
        sending = Sending(
            self._moves(context), connected.storage, Control(), context.request.scope, begun
        )
        if before is not None:
            sending.stored.update(before.stored)
        items = work.prepared.scan.items if work.prepared else None
        context.result = await undo(connected, context.request, begun, sending, items)
        if said := context.result.get("remains"):
            context.note = " ".join(said)

    async def await_access(
        self, context: PutContext, refused: Callable[[EscapeError], None]
    ) -> None:
        """Return when the data lake gives access again."""
        tokens = self._connected(context).tokens
        async with aclosing(tokens.refusals(context.environment)) as refusals:
            async for reason in refusals:
                refused(reason)

    def measure(self, context: PutContext) -> Measured:
        """Return the bytes and files that are at the RSE by now."""
        work = self._of(context)
        control, items = work.control, work.prepared.scan.items if work.prepared else None
        total = None if items is None else sum(item.file.bytes for item in items)
        counts = control.counts
        counts["files_here"] = counts["files_here"] + work.adopted
        counts["files_failed"] = len(work.failed) or counts["files_failed"]
        files = Amount(
            unit="files",
            done=control.files_done + work.adopted,
            total=None if items is None else len(items),
        )
        return Measured(control.bytes_done + work.adopted_bytes, total, (files,), counts)

    def files(self, context: PutContext) -> Iterable[JobFile]:
        """Return its files with what came of them."""
        work = self._of(context)
        for item in work.prepared.scan.items if work.prepared else ():
            stored = work.sending is not None and item.name in work.sending.stored
            error = work.failed.get(item.name)
            yield JobFile(
                ref=str(did_ref(context.request.scope, item.name)),
                path=item.file.path,
                bytes=item.file.bytes,
                state="here" if (stored or item.adopted) and error is None else "missing",
                problem=ErrorInfo.model_validate(error.as_dict()) if error else None,
            )

    # ── steps ───────────────────────────────────────────────────────────────────────────────

    def _of(self, context: PutContext) -> Work:
        return self._work.setdefault(context, Work())

    def _connected(self, context: PutContext) -> Connected:
        found: Connected = context.service.connect(context.request.instance, context.environment)
        return found

    def _moves(self, context: PutContext) -> Mover:
        if self._mover is None:
            self._mover = Mover(context.service.transfers, Loops())
        return self._mover

    async def _begin(self, context: PutContext, prepared: Prepared, begun: Begun) -> Begun:
        """Write down what is going to be written, before anything is."""
        new = [item.name for item in prepared.new]
        if not begun.tag:
            made = bool(context.request.dataset) and not prepared.dataset_exists
            await context.checkpoint(
                {
                    "tag": uuid.uuid4().hex[:12],
                    "rse": prepared.target.rse,
                    "scheme": prepared.target.scheme,
                    "dataset_is_new": made,
                    "new": new,
                }
            )
        elif more := set(new).difference(begun.new):  # since then, files have come
            await context.checkpoint({"new": [*begun.new, *sorted(more)]})
        return Begun.read(context.checkpoints)

    async def _register(
        self, context: PutContext, connected: Connected, work: Work, sending: Sending
    ) -> None:
        """Register what is at the RSE, as far as it came."""
        assert work.prepared is not None  # noqa: S101 — made by the caller
        prepared = work.prepared
        ready = [
            (item, sending.stored.get(item.name))
            for item in prepared.scan.items
            if item.adopted or item.name in sending.stored
        ]
        if not ready:
            return
        found = [item.name for item, stored in ready if stored and stored.here]
        await context.checkpoint({"registering": True, "found": found})

        def say(note: str) -> None:
            context.note = note

        registration = Registration(PutRemote(connected.rucio), context.request, prepared, say)
        await registration.begin()
        for start in range(0, len(ready), AT_ONCE):
            await registration.add(ready[start : start + AT_ONCE])
        context.note = None
        work.failed.update(registration.failed)
        sent = {item.name: item for item, stored in ready if stored}
        # Another put that was cancelled may have taken away what it had sent: see ``undo``.
        lost = await sending.run([sent[name] for name in found], again=True) if found else None
        if lost is not None:
            raise lost
        orphans = [sent[name] for name in registration.failed if name in sent]
        if orphans:
            await clear(connected, context.request, sending.begun, sending, orphans)

    def _tell(self, context: PutContext, prepared: Prepared, sending: Sending, work: Work) -> None:
        request = context.request
        by: dict[str, int] = {}
        for name, stored in sending.stored.items():
            if name not in work.failed:
                by[stored.by] = by.get(stored.by, 0) + 1
        ends = from_now(request.lifetime_s)
        context.result = {
            "scope": request.scope,
            "dataset": request.dataset,
            "rse": prepared.target.rse,
            "sent": sum(by.values()),
            "adopted": len(prepared.adopted),
            "verified": by,
            "hidden": prepared.scan.hidden,
            "until": ends.isoformat(timespec="seconds") if ends else None,
        }
        if prepared.scan.hidden:
            left = text.files(prepared.scan.hidden)
            context.note = f"{left} whose names begin with a dot left out."


def _together(request: PutRequest, failed: Mapping[str, EscapeError]) -> EscapeError | None:
    """Return one error for the files that could not be put."""
    if not failed:
        return None
    name, first = next(iter(failed.items()))
    if len(failed) == 1:
        return first
    message = f"{text.files(len(failed))} of {request.title} could not be put. {name}: "
    return type(first)(
        message + first.message,
        hint=first.hint or "Retry the job.",
        details={"failed": len(failed)},
    )


put: Kind[Any] = Put()
