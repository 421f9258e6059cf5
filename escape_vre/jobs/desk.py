"""The job engine: takes requests, runs them, resumes jobs after a crash, informs watchers.

Long, because it is the only owner of the tables of running and finished jobs, and still runs the
one kind of job itself: *get* leaves it when kinds become objects.
"""

import asyncio
import contextlib
import logging
import os
import uuid
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

from escape_vre.core import disk
from escape_vre.core.errors import (
    ConflictError,
    EscapeError,
    NotFoundError,
)
from escape_vre.core.service import Fetchable, FileSource, Skipped, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.lease import RENEW_S, Lease, Owner
from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import Amount, Job, JobFile, JobRequest, Progress, now
from escape_vre.jobs.plan import CHUNK, Plan
from escape_vre.jobs.run import ANYBODY, WORDS, Run
from escape_vre.jobs.transfer.batch import Batch, Errand
from escape_vre.jobs.transfer.control import Ending
from escape_vre.jobs.transfer.download import Arrived
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.jobs.transfer.place import PARTS, forget_part

log = logging.getLogger(__name__)

TICK_S = 0.25
JUST_S = 10.0
RUNNING_AT_ONCE = 4
CHECKED_FILES = 10_000
NOTHING_YET = Progress(unit="bytes", parts=[Amount(unit="files")])
WAITED_S = 0.5
"""Pause before a waiting job continues, so that two disagreeing services are not flooded."""


class JobDesk:
    """All jobs of one state directory, as far as this agent runs or knows them.

    Parameters
    ----------
    fetchable : callable
        Gives the service of a name.
    keep_days : float
        How long finished jobs stay, days.
    data_dir : callable
        Gives the folder that files go to when no other was asked for.
    """

    def __init__(
        self,
        *,
        state: Path,
        owner: Owner,
        settings: Transfers,
        fetchable: Callable[[str], Fetchable],
        keep_days: float,
        data_dir: Callable[[], Path],
    ) -> None:
        self.data_dir = data_dir
        self.manifest = Manifest(state / "manifest")
        self._log = JobLog(state / "jobs")
        self._owner = owner
        self._settings = settings
        self._mover = Mover(settings)
        self._fetchable = fetchable
        self._keep_days = keep_days
        self._runs: dict[str, Run] = {}
        self._elsewhere: dict[str, Job] = {}
        self._finished: dict[str, Stored] = {}
        self._watchers: set[asyncio.Queue[Job]] = set()
        self._slots = asyncio.Semaphore(RUNNING_AT_ONCE)
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False
        self._clearing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read jobs from disk, and continue those that no other agent runs."""
        self._finished = await asyncio.to_thread(self._log.summaries, keep_days=self._keep_days)
        await self._adopt()
        self._loops = [asyncio.create_task(self._tick()), asyncio.create_task(self._renew())]

    async def stop(self) -> None:
        """Stop every job where it is; the next agent continues it."""
        self._stopping = True
        for task in self._loops:
            task.cancel()
        for run in list(self._runs.values()):
            self._end(run, "stop")
        tasks = [run.task for run in self._runs.values() if run.task]
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        if self._clearing:
            await asyncio.wait(self._clearing, timeout=5)

    @property
    def unfinished(self) -> int:
        """How many jobs this agent has to run."""
        return len(self._runs)

    # ── what clients ask ────────────────────────────────────────────────────────────────────

    def submit(
        self, request: JobRequest, *, client: str | None, environment: Mapping[str, str]
    ) -> tuple[Job, bool]:
        """Take a request, or join the job that already does the same.

        Returns
        -------
        Job, bool
            The job, on disk before this returns; whether it is new.
        """
        for run in self._runs.values():
            if run.request.key == request.key and not (run.ended or run.control.ending):
                run.clients.add(client or ANYBODY)
                run.environment = {**run.environment, **environment}
                return run.snapshot(), False
        job = Job(
            id=uuid.uuid4().hex[:16],
            kind=request.kind,
            title=request.title,
            service=request.service,
            instance=request.instance,
            refs=list(request.refs),
            state="queued",
            state_word=WORDS["queued"],
            keeps_server_alive=True,
            progress=NOTHING_YET,
            created=now(),
            destination=request.destination,
        )
        self._log.append(job, request=request)
        run = Run(request, job, self._take(job.id), environment, {client or ANYBODY})
        self._begin(run)
        return job, True

    async def intact(self, request: JobRequest) -> Job | None:
        """Return the last job that did the same, if its files are still as it left them.

        The caller asks the service whether there are others by now. Jobs of more than 10,000
        files are not looked at: their files would take longer to check than to plan again.
        """
        same = [
            stored.job
            for stored in self._finished.values()
            if stored.job.state == "done" and stored.request.key == request.key
        ]
        last = max(same, key=lambda job: job.created, default=None)
        count = last.progress.part("files").total if last else None
        if last is None or not count or count > CHECKED_FILES:
            return None
        refs = {file.ref for file in self._log.files(last.id)}
        copies = await asyncio.to_thread(self.manifest.copies, request.instance, refs)
        here = {copy.path for found in copies.values() for copy in found}
        if all(file.path in here for file in self._log.files(last.id)):
            return last.model_copy(update={"counts": {**last.counts, "files_here": count}})
        return None

    def jobs(self) -> list[Job]:
        """Return every job, newest first."""
        found = {job_id: stored.job for job_id, stored in self._finished.items()}
        found |= self._elsewhere
        found |= {job_id: run.snapshot() for job_id, run in self._runs.items()}
        return sorted(found.values(), key=lambda job: job.created, reverse=True)

    def job(self, job_id: str) -> Job:
        """Return one job; raises NotFoundError."""
        if run := self._runs.get(job_id):
            return run.snapshot()
        if stored := self._finished.get(job_id):
            return stored.job
        if job := self._elsewhere.get(job_id):
            return job
        raise NotFoundError(
            f"There is no job {job_id}.",
            hint="It may have been removed. List the jobs to see those there are.",
        )

    def files(self, job_id: str) -> Iterable[JobFile]:
        """Return the files of a job, in the order of the catalogue; raises NotFoundError."""
        self.job(job_id)
        if run := self._runs.get(job_id):
            return run.files
        return self._log.files(job_id)

    def active_for(self, service: str, instance: str) -> dict[str, Job]:
        """Return the unfinished jobs of an instance by each ref that they were asked for."""
        return {
            ref: run.snapshot()
            for run in self._runs.values()
            if (run.request.service, run.request.instance) == (service, instance)
            for ref in run.request.refs
        }

    async def cancel(self, job_id: str) -> Job:
        """End a job for all clients."""
        run = self._runs.get(job_id)
        if run is None:
            job = self.job(job_id)
            if not job.finished:
                raise ConflictError(
                    f"{job.title} is running in your agent on another machine.",
                    hint="Cancel it there; it can be taken over when that machine is silent"
                    " for a minute.",
                )
            return job
        self._end(run, "cancel")
        if run.task:
            await asyncio.wait([run.task])
        return self.job(job_id)

    async def release(self, job_id: str, client: str) -> Job:
        """Stop waiting for a job; it ends when no client waits for it."""
        run = self._runs.get(job_id)
        if run is None:
            return self.job(job_id)
        run.clients.discard(client)
        return run.snapshot() if run.clients else await self.cancel(job_id)

    def retry(self, job_id: str, *, client: str | None, environment: Mapping[str, str]) -> Job:
        """Queue a failed or cancelled job again, under its own id."""
        job = self.job(job_id)
        if job.state not in ("failed", "cancelled"):
            raise ConflictError(
                f"{job.title} is {job.state}; only failed and cancelled jobs can be retried.",
                hint="You do not have to do anything.",
            )
        stored = self._finished.pop(job_id)
        run = Run(stored.request, stored.job, None, environment, {client or ANYBODY})
        run.set_state("queued", progress=NOTHING_YET, counts={})
        self._log.append(run.job, request=run.request)
        self._log.forget(job_id)
        run.lease = self._take(job_id)
        self._begin(run)
        return run.job

    def forget(self, job_id: str) -> None:
        """Drop a finished job from the list; its data stays."""
        if not self.job(job_id).finished:
            raise ConflictError("The job has not finished yet.", hint="Cancel it first.")
        self._finished.pop(job_id, None)
        self._log.forget(job_id)

    async def wait_for(self, job_id: str, timeout_s: float) -> Job:
        """Return the job when it ends, or as it is after so many seconds."""
        run = self._runs.get(job_id)
        if run and run.task:
            await asyncio.wait([run.task], timeout=timeout_s)
        return self.job(job_id)

    async def watch(self) -> AsyncGenerator[Job, None]:
        """Yield every unfinished job and what has just ended, then each job when it changes.

        Whoever watches comes a moment after the first job began, which may have ended by then.
        """
        changes: asyncio.Queue[Job] = asyncio.Queue()
        self._watchers.add(changes)
        try:
            just = now() - timedelta(seconds=JUST_S)
            for stored in list(self._finished.values()):
                if stored.job.ended and stored.job.ended > just:
                    yield stored.job
            for run in list(self._runs.values()):
                yield run.snapshot()
            while True:
                yield await changes.get()
        finally:
            self._watchers.discard(changes)

    # ── how a job runs ──────────────────────────────────────────────────────────────────────

    def _begin(self, run: Run) -> None:
        self._runs[run.job.id] = run
        self._tell(run.job)
        run.task = asyncio.create_task(self._run(run), name=f"job {run.job.id}")

    async def _run(self, run: Run) -> None:
        try:
            while reason := await self._attempt(run):
                await self._wait(run, reason)
            job = run.end("done")
        except asyncio.CancelledError:
            job = None
        except EscapeError as e:
            job = None if run.control.ending else run.fail(e)
        except Exception as e:
            log.exception("job %s failed", run.job.id)
            job = run.fail(
                EscapeError(
                    f"{run.job.title} failed: internal error ({type(e).__name__}).",
                    hint="Report this, with the agent's log.",
                )
            )
        if job is None and (run.control.ending == "stop" or self._stopping):
            self._afterwards(run)
            return
        if job is None:
            job = run.end("cancelled")
            await asyncio.to_thread(run.drop_parts)
        await self._finish(run, job)
        self._afterwards(run)

    def _afterwards(self, run: Run) -> None:
        """Do in the background what no client waits for."""
        if run.plan is not None:
            task = asyncio.create_task(asyncio.to_thread(self._clear_up, run, run.plan))
            self._clearing.add(task)
            task.add_done_callback(self._clearing.discard)

    def _clear_up(self, run: Run, plan: Plan) -> None:
        try:
            if run.control.ending == "cancel":
                self._note_collections(run.request.instance, plan)
        except (EscapeError, OSError):
            log.exception("job %s: what is here of its collections was not noted", run.job.id)
        finally:
            plan.close()

    async def _attempt(self, run: Run) -> EscapeError | None:
        """Do a job; return what has stopped it if that is worth waiting for."""
        try:
            async with self._slots:
                run.control.check()
                self._write(run, run.set_state("running"))
                await self._get(run)
        except EscapeError as e:
            if run.control.ending or not e.worth_waiting:
                raise
            return e
        return None

    async def _wait(self, run: Run, reason: EscapeError) -> None:
        """Wait until the user has signed in, or a sign-in service answers; blocks nothing else."""
        run.batch = None
        self._write(run, run.wait(reason))
        service = self._fetchable(run.request.service)
        async with aclosing(service.refusals(run.query)) as refusals:
            async for other in refusals:
                self._tell(run.wait(other))
        await asyncio.sleep(WAITED_S)
        run.control.check()

    async def _get(self, run: Run) -> None:
        request = run.request
        service = self._fetchable(request.service)
        query = run.query
        plan = run.replan()
        await self._list(run, plan, service.sources(query))
        await asyncio.to_thread(
            plan.resolve,
            self.manifest,
            reserve=self._settings.reserve_bytes,
            check=run.control.check,
        )
        run.job = run.job.model_copy(
            update={
                "progress": Progress(
                    unit="bytes",
                    total=plan.bytes,
                    parts=[Amount(unit="files", total=plan.count)],
                ),
                "path": str(plan.path),
                "note": None,
            }
        )
        self._tell(run.job)
        stopped_by = await self._move(run, plan, await service.storage(query))
        run.control.check()
        if error := await asyncio.to_thread(plan.error, stopped_by):
            raise error

    async def _list(
        self, run: Run, plan: Plan, sources: AsyncGenerator[FileSource | Skipped, None]
    ) -> None:
        """Read which files there are, a few hundred at a time."""
        run.job = run.job.model_copy(update={"note": "Asking the catalogue."})
        ready: list[FileSource] = []
        async with aclosing(sources):
            async for source in sources:
                if isinstance(source, Skipped):
                    plan.skipped += source.rows
                    continue
                ready.append(source)
                if len(ready) >= CHUNK:
                    await asyncio.to_thread(plan.add, ready)
                    run.control.check()
                    note = f"Reading the list of files: {plan.count:,} so far."
                    run.job = run.job.model_copy(update={"note": note})
                    ready = []
        await asyncio.to_thread(plan.add, ready)
        run.control.check()

    async def _move(self, run: Run, plan: Plan, access: StorageAccess) -> EscapeError | None:
        """Move the files of a plan; whatever happens, what arrived is in the manifest.

        Returns
        -------
        EscapeError or None
            What has stopped it, if that holds for every file.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[EscapeError | None] = loop.create_future()
        instance = run.request.instance

        def on_file(errand: Errand, found: Arrived) -> None:
            if found.copy not in errand.known:
                self.manifest.record(instance, errand.source.ref, found.copy)
            plan.arrived(errand, found.copy)

        def on_end(error: EscapeError | None) -> None:
            loop.call_soon_threadsafe(ended.set_result, error)

        run.batch = Batch(
            plan.errands(),
            access,
            run.control,
            on_file=on_file,
            on_failure=plan.failed,
            on_end=on_end,
        )
        run.control.restart()
        self._mover.submit(run.batch)
        stopped_by = await ended
        if run.control.ending is None:
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

    async def _finish(self, run: Run, job: Job) -> None:
        # The files of a cancelled job are never asked for, and there may be a million.
        stored = Stored(run.request, job, () if job.state == "cancelled" else run.files)
        if run.lease is None or run.lease.holds():
            try:
                await asyncio.to_thread(self._log.finish, stored)
            except OSError:
                # The state's disk is full: the job has ended all the same, and the next agent
                # finds its log and runs it again, which fetches nothing twice.
                log.exception("job %s: its summary cannot be written", job.id)
        self._finished[job.id] = Stored(run.request, job)
        self._runs.pop(job.id, None)
        self._tell(job)

    def _end(self, run: Run, how: Ending) -> None:
        if run.ended:
            return  # and that is being written down
        run.control.end(how)
        if run.batch is not None:
            self._mover.end(run.batch, how)
        elif run.task is not None:
            run.task.cancel()  # it waits for its turn, or for a catalogue

    def _write(self, run: Run, job: Job) -> None:
        """Log a state change, unless another agent has taken the job over."""
        if run.lease is None or run.lease.holds():
            self._log.append(job)
        self._tell(job)

    def _tell(self, job: Job) -> None:
        for changes in self._watchers:
            changes.put_nowait(job)

    # ── what goes on by itself ──────────────────────────────────────────────────────────────

    async def _tick(self) -> None:
        """Tell watchers of progress."""
        told: dict[str, Job] = {}
        while True:
            await asyncio.sleep(TICK_S)
            if not self._watchers:
                continue
            for run in list(self._runs.values()):
                job = run.snapshot()
                if told.get(job.id) != job:
                    told[job.id] = job
                    self._tell(job)
            for job_id in told.keys() - self._runs.keys():
                del told[job_id]

    async def _renew(self) -> None:
        """Renew our leases, drop those we lost, take over those that are not renewed."""
        while True:
            await asyncio.sleep(RENEW_S)
            for run in list(self._runs.values()):
                if run.lease and not await asyncio.to_thread(run.lease.renew):
                    log.warning("job %s has another owner now", run.job.id)
                    self._end(run, "stop")
                    if run.task:
                        await asyncio.wait([run.task])
                    self._runs.pop(run.job.id, None)
            await self._adopt()

    async def _adopt(self) -> None:
        ids = await asyncio.to_thread(self._log.unfinished)
        gone = self._elsewhere.keys() - set(ids)
        for job_id in gone:
            del self._elsewhere[job_id]
        if gone:
            found = await asyncio.to_thread(self._log.summaries, keep_days=self._keep_days)
            self._finished |= found
        for job_id in ids:
            if job_id in self._runs:
                continue
            stored = await asyncio.to_thread(self._log.read, job_id)
            if stored is None:
                continue
            lease = self._take(job_id)
            if lease is None:
                note = "Your agent on another machine with the same home directory runs this job."
                self._elsewhere[job_id] = stored.job.model_copy(update={"note": note})
                continue
            self._elsewhere.pop(job_id, None)
            if stored.job.finished:
                with contextlib.suppress(OSError):
                    self._log.finish(stored)
                continue
            run = Run(stored.request, stored.job, lease, {}, {ANYBODY})
            run.set_state("queued")
            self._begin(run)

    def _take(self, job_id: str) -> Lease | None:
        return Lease.take(self._log.home(job_id), self._owner)
