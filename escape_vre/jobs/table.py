"""Which jobs there are: those that this agent runs, those of other agents, those that ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from escape_vre.core.errors import NotFoundError
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.log import Stored
from escape_vre.jobs.models import Job, JobRequest, now
from escape_vre.jobs.run import Run

JUST_S = 10.0


@dataclass(slots=True)
class Table:
    """The jobs of one state directory, by id."""

    runs: dict[str, Run] = field(default_factory=dict)
    elsewhere: dict[str, Job] = field(default_factory=dict)
    finished: dict[str, Stored] = field(default_factory=dict)

    def jobs(self) -> list[Job]:
        """Return every job, newest first."""
        found = {job_id: stored.job for job_id, stored in self.finished.items()}
        found |= self.elsewhere
        found |= {job_id: run.snapshot() for job_id, run in self.runs.items()}
        return sorted(found.values(), key=lambda job: job.created, reverse=True)

    def job(self, job_id: str) -> Job:
        """Return one job; raises NotFoundError."""
        if run := self.runs.get(job_id):
            return run.snapshot()
        if stored := self.finished.get(job_id):
            return stored.job
        if job := self.elsewhere.get(job_id):
            return job
        raise NotFoundError(
            f"There is no job {job_id}.",
            hint="It may have been removed. Run %escape jobs to see those there are.",
        )

    def snapshots(self) -> list[Job]:
        """Return the jobs that this agent runs."""
        return [run.snapshot() for run in self.runs.values()]

    def of_interest(self) -> Iterable[Job]:
        """Return what a new watcher has to know: what has just ended, and what runs."""
        just = now() - timedelta(seconds=JUST_S)
        ended = (stored.job for stored in self.finished.values())
        return [*(job for job in ended if job.ended and job.ended > just), *self.snapshots()]

    def answering(self, key: str) -> Job | None:
        """Return the job that answers the requests of an idempotency key."""
        for run in self.runs.values():
            if key in run.keys:
                return run.snapshot()
        found = (stored.job for stored in self.finished.values() if key in stored.keys)
        return next(found, None)

    def equal(self, kind: Kind[Any], request: JobRequest) -> Run | None:
        """Return the unfinished job that an equal request may join."""
        key = kind.key(request)
        if key is None:
            return None
        for run in self.runs.values():
            if run.kind is kind and run.is_open and kind.key(run.request) == key:
                return run
        return None

    def done_before(self, kind: Kind[Any], request: JobRequest) -> Job | None:
        """Return the last job that did the same and is done; None if there is none."""
        if (key := kind.key(request)) is None:
            return None
        same = [
            stored.job
            for stored in self.finished.values()
            if stored.job.state == "done"
            and (stored.job.kind, stored.job.service, stored.job.instance)
            == (kind.name, request.service, request.instance)
            and (asked := kind.read(stored.request)) is not None
            and kind.key(asked) == key
        ]
        return max(same, key=lambda job: job.created, default=None)
