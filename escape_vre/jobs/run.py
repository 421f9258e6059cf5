"""One unfinished job in the memory of the agent that runs it."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Literal

from escape_vre.core.errors import EscapeError
from escape_vre.jobs.context import Context
from escape_vre.jobs.journal import Journal
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.log import Stored
from escape_vre.jobs.models import (
    ErrorInfo,
    Job,
    JobFile,
    JobRequest,
    JobState,
    Progress,
    now,
)

ANYBODY = "anybody"
"""Stands for clients that never release a job, such as a panel: only Cancel ends their job."""

_RATE_WINDOW_S = 3.0


class Run:
    """A job, the clients that wait for it, and its current activity.

    Attributes
    ----------
    job : Job
        As clients see it; until the end is on disk, it still runs.
    ended : Job or None
        How it ends, once that is decided.
    begun : Task or None
        Ends when a new job is on disk.
    clients, keys : set of str
        Who waits for it; the idempotency keys of the requests that it answers.
    tries : int
        How many attempts have been made, also by earlier agents as far as that matters.
    """

    def __init__(
        self,
        kind: Kind[Any],
        context: Context[Any],
        journal: Journal,
        stored: Stored,
    ) -> None:
        self.kind = kind
        self.context = context
        self.journal = journal
        self.job = stored.job
        self.ended: Job | None = None
        self.begun: asyncio.Task[None] | None = None
        self.clients = {ANYBODY}
        self.keys = set(stored.keys)
        self.tries = int(stored.job.started is not None or bool(stored.checkpoints))
        self.task: asyncio.Task[None] | None = None
        self._samples: list[tuple[float, int]] = []
        if stored.cancelled:
            context.ending = "cancel"

    @property
    def request(self) -> JobRequest:
        """What was asked."""
        request: JobRequest = self.context.request
        return request

    @property
    def is_open(self) -> bool:
        """Whether an equal request may join it."""
        return self.ended is None and self.context.ending is None

    @property
    def files(self) -> Iterable[JobFile]:
        """Its files, as far as they are known."""
        return self.kind.files(self.context)

    @property
    def stored(self) -> Stored:
        """What the disk should hold of it, as it is or as it ends."""
        return Stored(
            request=self.request.model_dump(mode="json"),
            job=self.ended or self.job,
            checkpoints=tuple(self.context.checkpoints),
            keys=frozenset(self.keys),
        )

    # ── its state ───────────────────────────────────────────────────────────────────────────

    def queue(self) -> Job:
        """Let the job wait for its turn, from the beginning."""
        times = {"started": None, "ended": None, "waiting": None, "error": None, "note": None}
        return self._set("queued", **times, **self._measured())

    def start(self) -> Job:
        """Note that an attempt begins."""
        self.tries += 1
        self.context.note = None
        return self._set("running", started=self.job.started or now(), waiting=None)

    def wait(self, error: EscapeError) -> Job:
        """Let the job wait for a reason that is resolved elsewhere."""
        reason = ErrorInfo.model_validate(error.as_dict())
        return self._set("queued", waiting=reason, note=None, error=None, **self._measured())

    def end(self, state: Literal["done", "cancelled"]) -> Job:
        """Decide how the job ends."""
        return self._decide(state)

    def fail(self, error: EscapeError) -> Job:
        """Decide that the job ends with an error."""
        return self._decide("failed", error=ErrorInfo.model_validate(error.as_dict()))

    def _set(self, state: JobState, **fields: Any) -> Job:
        fields |= {"state": state, "state_word": self.kind.words[state]}
        self.job = self.job.model_copy(update=fields)
        return self.job

    def _decide(self, state: JobState, **fields: Any) -> Job:
        fields |= {"state": state, "state_word": self.kind.words[state]}
        fields |= {"ended": now(), "waiting": None}
        self.ended = self.job.model_copy(update={**self._said(), **self._measured(), **fields})
        return self.ended

    # ── its progress ────────────────────────────────────────────────────────────────────────

    def snapshot(self) -> Job:
        """Return the job with the progress of this moment."""
        if self.job.state == "running":
            rate = self._rate(self.kind.measure(self.context).done)
            self.job = self.job.model_copy(update={**self._said(), **self._measured(rate)})
        return self.job

    def _said(self) -> dict[str, Any]:
        context = self.context
        found = {"note": context.note, "result": dict(context.result)}
        return {**found, "path": context.path} if context.path else found

    def _measured(self, rate: float | None = None) -> dict[str, Any]:
        """Return how far it is now, as fields of a job."""
        found = self.kind.measure(self.context)
        left = None if found.total is None else max(0, found.total - found.done)
        progress = Progress(
            unit=self.kind.unit,
            done=found.done,
            total=found.total,
            rate=rate,
            eta_s=left / rate if rate and left is not None else None,
            parts=list(found.parts),
        )
        return {"progress": progress, "counts": dict(found.counts)}

    def _rate(self, done: int) -> float | None:
        """Return the mean of the last three seconds, units/s."""
        at = time.monotonic()
        self._samples.append((at, done))
        while len(self._samples) > 2 and at - self._samples[0][0] > _RATE_WINDOW_S:
            self._samples.pop(0)
        then, before = self._samples[0]
        return max(0.0, (done - before) / (at - then)) if at - then > 0.2 else None


def new_job(job_id: str, kind: Kind[Any], request: JobRequest) -> Job:
    """Return a job that was just asked for."""
    return Job(
        id=job_id,
        kind=kind.name,
        title=request.title,
        service=request.service,
        instance=request.instance,
        refs=list(request.refs),
        state="queued",
        state_word=kind.words["queued"],
        keeps_server_alive=kind.keeps_server_alive,
        progress=Progress(unit=kind.unit),
        created=now(),
        destination=request.destination,
    )
