"""The job desk: takes requests, joins equal ones, resumes jobs after a crash, informs clients."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from escape_vre.core.errors import ConflictError, UsageError
from escape_vre.core.loops import Loops
from escape_vre.jobs.journal import LostError
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.kinds.kinds import Kinds
from escape_vre.jobs.lease import RENEW_S, Owner
from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import Job, JobFile, JobRequest
from escape_vre.jobs.run import ANYBODY, Run, new_job
from escape_vre.jobs.runner import Runner
from escape_vre.jobs.starter import Starter
from escape_vre.jobs.table import Table
from escape_vre.jobs.takeover import Takeover
from escape_vre.jobs.watch import Watchers

TICK_S = 0.25
OTHERS = "jobs of other agents"
K = TypeVar("K", bound=Kind[Any])


class JobDesk:
    """All jobs of one state directory, as far as this agent runs or knows them.

    Parameters
    ----------
    kinds : Kinds
        What jobs can do.
    service : callable
        Gives the service of a name; raises ConfigurationError where it is not installed.
    keep_days : float
        How long finished jobs stay, days.
    loops : Loops
        Repeats what goes on by itself; ended by its owner.
    """

    def __init__(
        self,
        *,
        state: Path,
        owner: Owner,
        kinds: Kinds,
        service: Callable[[str], Any],
        keep_days: float,
        loops: Loops,
    ) -> None:
        self._log = JobLog(state / "jobs")
        self._keep_days = keep_days
        self._kinds = kinds
        self._loops = loops
        self._stopping = False
        self._table = Table()
        self._watchers = Watchers()
        self._runner = Runner(tell=self._watchers.tell, on_end=self._ended)
        self._starter = Starter(
            table=self._table,
            log=self._log,
            owner=owner,
            kinds=kinds,
            service=service,
            start=self._start,
        )
        self._takeover = Takeover(
            table=self._table,
            log=self._log,
            owner=owner,
            starter=self._starter,
            runner=self._runner,
            keep_days=keep_days,
        )

    async def start(self) -> None:
        """Read jobs from disk, and continue those that no other agent runs."""
        days = self._keep_days
        await asyncio.to_thread(self._log.tidy, keep_days=days)
        self._table.finished |= await asyncio.to_thread(self._log.summaries, keep_days=days)
        try:
            await self._takeover.adopt()
        except OSError as e:
            self._loops.failed(OTHERS, e)  # and tried again soon
        self._loops.start("progress of jobs", self._tick, every_s=TICK_S)
        self._loops.start("leases of jobs", self._takeover.renew, every_s=RENEW_S)
        self._loops.start(OTHERS, self._takeover.adopt, every_s=RENEW_S)

    async def stop(self) -> None:
        """Stop every job where it is; the next agent continues it."""
        self._stopping = True
        runs = list(self._table.runs.values())
        for run in runs:
            self._runner.end(run, "stop")
        if tasks := [run.task for run in runs if run.task]:
            await asyncio.wait(tasks, timeout=5)
        await self._runner.close()

    @property
    def unfinished(self) -> int:
        """How many jobs this agent has to run."""
        return len(self._table.runs)

    def kind(self, wanted: type[K]) -> K:
        """Return the kind of a class, of those that every service can use."""
        return self._kinds.of(wanted)

    # ── what clients ask ────────────────────────────────────────────────────────────────────

    async def submit(
        self,
        request: JobRequest,
        *,
        client: str | None,
        environment: Mapping[str, str],
        key: str | None = None,
    ) -> tuple[Job, bool]:
        """Take a request, or join the job that already does the same.

        Parameters
        ----------
        key : str, optional
            The request's idempotency key: the same one again gets the same job, also after that
            has ended.

        Returns
        -------
        Job, bool
            The job, on disk before this returns; whether it is new.

        Raises
        ------
        UsageError
            The key belongs to another request.
        OSError
            The disk is full or failed; there is no such job.
        """
        if key and (known := self._table.answering(key)) is not None:
            if not _is_like(known, request):
                raise UsageError(
                    f"This key was used for another request: {known.title}.",
                    hint="Send every request with a key of its own.",
                )
            return await self._on_disk(known.id), False
        kind = self._kinds.find(request.service, request.kind)
        if (run := self._table.equal(kind, request)) is not None:
            run.clients.add(client or ANYBODY)
            run.context.environment = {**run.context.environment, **environment}
            return await self._join(run, key), False
        keys = frozenset({key} if key else ())
        job = new_job(uuid.uuid4().hex[:16], kind, request)
        stored = Stored(request.model_dump(mode="json"), job, keys=keys)
        await self._starter.begin(stored, client=client, environment=environment)
        return self.job(job.id), True

    def knows(self, key: str) -> bool:
        """Tell whether a request of this idempotency key has got a job before."""
        return self._table.answering(key) is not None

    def done_before(self, request: JobRequest) -> Job | None:
        """Return the last job that did the same and is done; None if there is none."""
        return self._table.done_before(self._kinds.find(request.service, request.kind), request)

    def jobs(self) -> list[Job]:
        """Return every job, newest first."""
        return self._table.jobs()

    def job(self, job_id: str) -> Job:
        """Return one job; raises NotFoundError."""
        return self._table.job(job_id)

    def files(self, job_id: str) -> Iterable[JobFile]:
        """Return the files of a job, in the order of the catalogue; raises NotFoundError."""
        self.job(job_id)
        if run := self._table.runs.get(job_id):
            return run.files
        return self._log.files(job_id)

    def active_for(self, service: str, instance: str) -> dict[str, Job]:
        """Return the unfinished jobs of an instance by each ref that they were asked for."""
        return {
            ref: run.snapshot()
            for run in self._table.runs.values()
            if (run.request.service, run.request.instance) == (service, instance)
            for ref in run.request.refs
        }

    async def cancel(self, job_id: str) -> Job:
        """End a job for all clients."""
        run = self._table.runs.get(job_id)
        if run is None:
            job = self.job(job_id)
            if not job.finished:
                raise _elsewhere(job)
            return job
        await self._on_disk(job_id)
        self._runner.end(run, "cancel")
        if run.task:
            await asyncio.wait([run.task])
        return self.job(job_id)

    async def release(self, job_id: str, client: str) -> Job:
        """Stop waiting for a job; it ends when no client waits for it, if its kind does so."""
        run = self._table.runs.get(job_id)
        if run is None:
            return self.job(job_id)
        run.clients.discard(client)
        if run.clients or not run.kind.ends_unwaited:
            return run.snapshot()
        return await self.cancel(job_id)

    async def retry(
        self,
        job_id: str,
        *,
        client: str | None,
        environment: Mapping[str, str],
        key: str | None = None,
    ) -> Job:
        """Queue a failed or cancelled job again, under its own id.

        Raises
        ------
        ConflictError
            It has neither failed nor been cancelled, or is queued again on another machine.
        ConfigurationError
            Its kind is not installed.
        OSError
            The disk is full or failed; the job is as it was.
        """
        job = self.job(job_id)
        if key and (known := self._table.answering(key)) is not None and known.id == job_id:
            return await self._on_disk(job_id)
        if job.state not in ("failed", "cancelled"):
            raise ConflictError(
                f"{job.title} is {job.state}; only failed and cancelled jobs can be retried.",
                hint="You do not have to do anything.",
            )
        before = self._table.finished.pop(job_id)
        stored = replace(before, keys=before.keys | ({key} if key else set()))
        try:
            await self._starter.begin(stored, client=client, environment=environment)
        except BaseException as e:
            self._table.finished[job_id] = before
            if isinstance(e, LostError):
                raise _elsewhere(job) from e
            raise
        return self.job(job_id)

    async def forget(self, job_id: str) -> None:
        """Drop a finished job from the list; its data stays."""
        if not self.job(job_id).finished:
            raise ConflictError("The job has not finished yet.", hint="Cancel it first.")
        self._table.finished.pop(job_id, None)
        await asyncio.to_thread(self._log.forget, job_id)

    async def wait_for(self, job_id: str, timeout_s: float) -> Job:
        """Return the job when it ends, or as it is after so many seconds."""
        run = self._table.runs.get(job_id)
        if run and run.task:
            await asyncio.wait([run.task], timeout=timeout_s)
        return self.job(job_id)

    def watch(self) -> AsyncGenerator[Job, None]:
        """Yield every unfinished job and what has just ended, then each job when it changes.

        Whoever watches comes a moment after the first job began, which may have ended by then.
        """
        return self._watchers.watch(self._table.of_interest)

    # ── how a job begins and ends ───────────────────────────────────────────────────────────

    async def _join(self, run: Run, key: str | None) -> Job:
        """Have a job answer another request too."""
        if key:
            run.keys.add(key)  # at once: its summary may be written meanwhile
        await self._on_disk(run.job.id)
        if key:
            try:
                await run.journal.write(key=key)
            except LostError as e:
                raise _elsewhere(run.job) from e
        return self.job(run.job.id)

    async def _on_disk(self, job_id: str) -> Job:
        """Return a job once it is on disk; raises what prevented that."""
        if (run := self._table.runs.get(job_id)) and run.begun:
            await asyncio.shield(run.begun)
        return self.job(job_id)

    def _start(self, run: Run) -> None:
        self._watchers.tell(run.job)
        if not self._stopping:
            self._runner.start(run)

    def _ended(self, run: Run, job: Job) -> None:
        self._table.finished[job.id] = run.stored
        self._table.runs.pop(job.id, None)
        self._watchers.tell(job)

    async def _tick(self) -> None:
        """Tell watchers of progress."""
        self._watchers.tick(self._table.snapshots)


def _elsewhere(job: Job) -> ConflictError:
    return ConflictError(
        f"{job.title} is running in your agent on another machine.",
        hint="Cancel it there; it can be taken over when that machine is silent for a minute.",
    )


def _is_like(job: Job, request: JobRequest) -> bool:
    return (job.kind, job.service, job.instance, job.refs) == (
        request.kind,
        request.service,
        request.instance,
        list(request.refs),
    )
