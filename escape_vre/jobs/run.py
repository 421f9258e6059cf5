"""One unfinished job in the memory of the agent that runs it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from escape_vre.core import text
from escape_vre.core.errors import EscapeError
from escape_vre.core.service import FetchQuery
from escape_vre.jobs.lease import Lease
from escape_vre.jobs.models import ErrorInfo, Job, JobFile, JobRequest, JobState, Progress, now
from escape_vre.jobs.plan import Plan
from escape_vre.jobs.transfer.batch import Batch
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.place import drop_abandoned

ANYBODY = "anybody"
"""Stands for clients that never release a job, such as a panel: only Cancel ends their job."""

WORDS: dict[JobState, str] = {
    "queued": "waiting",
    "running": "on its way",
    "done": "here",
    "failed": "failed",
    "cancelled": "cancelled",
}

_RATE_WINDOW_S = 3.0


def still(progress: Progress) -> Progress:
    """Return how far a job is that does not move."""
    return progress.model_copy(update={"rate": None, "eta_s": None})


@dataclass(slots=True)
class Run:
    """A job, the clients that wait for it, and its current activity."""

    request: JobRequest
    job: Job
    lease: Lease | None
    environment: Mapping[str, str] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)
    control: Control = field(default_factory=Control)
    batch: Batch | None = None
    task: asyncio.Task[None] | None = None
    plan: Plan | None = None
    ended: Job | None = None
    """The result; until it is on disk, ``job`` still shows the job as running."""
    _samples: list[tuple[float, int]] = field(default_factory=list)

    def set_state(self, state: Literal["queued", "running"], **fields: Any) -> Job:
        """Run the job, or let it wait for its turn."""
        times: dict[str, Any] = {"waiting": None}
        if state == "running":
            times["started"] = self.job.started or now()
        else:
            times |= {"started": None, "ended": None, "error": None, "note": None}
            times["progress"] = still(self.job.progress)
        word = {"state": state, "state_word": WORDS[state]}
        self.job = self.job.model_copy(update={**word, **times, **fields})
        return self.job

    def wait(self, error: EscapeError) -> Job:
        """Let the job wait for a reason that is resolved elsewhere."""
        reason = ErrorInfo.model_validate(error.as_dict())
        return self.set_state(
            "queued", started=self.job.started, waiting=reason, **self._measured()
        )

    def end(self, state: Literal["done", "cancelled"]) -> Job:
        """Decide how the job ends."""
        return self._decide(state, **self._measured())

    def fail(self, error: EscapeError) -> Job:
        """Decide that the job ends with an error."""
        return self._decide(
            "failed", error=ErrorInfo.model_validate(error.as_dict()), **self._measured()
        )

    def _decide(self, state: JobState, **fields: Any) -> Job:
        fields |= {"state": state, "state_word": WORDS[state], "ended": now(), "waiting": None}
        fields["note"] = text.skipped(self.plan.skipped) or None if self.plan else None
        self.ended = self.snapshot().model_copy(update=fields)
        return self.ended

    def _measured(self, rate: float | None = None) -> dict[str, Any]:
        """Return how far it is now, as fields of a job."""
        before, control = self.job.progress, self.control
        left = None if before.total is None else max(0, before.total - control.bytes_done)
        files = before.part("files").model_copy(update={"done": control.files_done})
        progress = Progress(
            unit="bytes",
            done=control.bytes_done,
            total=before.total,
            rate=rate,
            eta_s=left / rate if rate and left is not None else None,
            parts=[files],
        )
        return {"progress": progress, "counts": control.counts}

    @property
    def query(self) -> FetchQuery:
        """What its service is asked."""
        wanted = self.request
        return FetchQuery(wanted.instance, wanted.refs, wanted.files, self.environment)

    @property
    def files(self) -> Iterable[JobFile]:
        """Its files with what came of them, as far as they are known."""
        return self.plan.files() if self.plan is not None else ()

    def replan(self) -> Plan:
        """Begin a plan, in place of that of an earlier attempt."""
        if self.plan is not None:
            self.plan.close()
        self.plan = Plan(self.request)
        return self.plan

    def drop_parts(self) -> None:
        """Remove what it had begun and kept while it waited."""
        for path in list(self.control.begun):
            drop_abandoned(Path(path))
            self.control.begun.discard(path)

    def snapshot(self) -> Job:
        """Return the job with the progress of this moment."""
        if self.job.state == "running":
            rate = self._rate(self.control.bytes_done)
            self.job = self.job.model_copy(update=self._measured(rate))
        return self.job

    def _rate(self, done: int) -> float | None:
        """Return the mean of the last three seconds, bytes/s."""
        at = time.monotonic()
        self._samples.append((at, done))
        while len(self._samples) > 2 and at - self._samples[0][0] > _RATE_WINDOW_S:
            self._samples.pop(0)
        then, before = self._samples[0]
        return max(0.0, (done - before) / (at - then)) if at - then > 0.2 else None
