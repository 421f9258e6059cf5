"""How a job runs: attempts, waits, its end; whatever its kind."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from escape_vre.core.errors import EscapeError
from escape_vre.jobs.journal import LostError, as_event
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.models import Ending, Job
from escape_vre.jobs.run import Run

log = logging.getLogger(__name__)

WAITED_S = 0.5
"""Pause before a waiting job continues, so that two disagreeing services are not flooded."""


class Runner:
    """Runs jobs, each kind within its own number of slots.

    Parameters
    ----------
    tell : callable
        Called with a job when it has changed.
    on_end : callable
        Called with a job that has ended, once that is on disk as far as it can be.
    """

    def __init__(self, *, tell: Callable[[Job], None], on_end: Callable[[Run, Job], None]) -> None:
        self._tell = tell
        self._on_end = on_end
        self._slots: dict[Kind[Any], asyncio.Semaphore] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def start(self, run: Run) -> None:
        """Run a job in a task of its own."""
        run.task = asyncio.create_task(self._run(run), name=f"job {run.job.id}")

    def end(self, run: Run, how: Ending) -> None:
        """Have a job end early; its task ends soon after."""
        if run.ended or run.context.ending:
            return  # and that is being written down
        run.context.ending = how
        if run.task is not None:
            run.task.cancel()

    async def close(self) -> None:
        """Give the kinds a moment to let go of what their jobs needed."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=5)

    async def _run(self, run: Run) -> None:
        try:
            job = await self._outcome(run)
            if job is not None:
                await self._finish(run, job)
        finally:
            # Nobody waits for it: there may be a million files to note down.
            task = asyncio.create_task(asyncio.to_thread(self._close, run))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _outcome(self, run: Run) -> Job | None:
        """Do a job; return how it ends, or None where another agent is to continue it."""
        try:
            if run.context.ending is None:
                await self._work(run)
                return run.end("done")
        except asyncio.CancelledError:
            if run.context.ending is None:
                return run.fail(self._internal(run, "it was cancelled within"))
        except LostError:
            run.context.ending = "stop"
        except EscapeError as e:
            if run.context.ending is None:
                return run.fail(e)
        except Exception as e:
            log.exception("job %s failed", run.job.id)
            return run.fail(self._internal(run, type(e).__name__))
        if run.context.ending == "stop":
            return None
        return await self._cancelled(run)

    async def _work(self, run: Run) -> None:
        while reason := await self._attempt(run):
            await self._wait(run, reason)

    async def _attempt(self, run: Run) -> EscapeError | None:
        """Do a job; return what has stopped it if that is worth waiting for."""
        kind, context = run.kind, run.context
        try:
            async with self._slots.setdefault(kind, asyncio.Semaphore(kind.slots)):
                again = run.tries > 0
                await self._write(run, run.start())
                await (kind.resume(context) if again else kind.run(context))
        except EscapeError as e:
            if context.ending or not e.worth_waiting:
                raise
            return e
        return None

    async def _wait(self, run: Run, reason: EscapeError) -> None:
        """Wait until the user has signed in, or a sign-in service answers; blocks nothing else."""
        await self._write(run, run.wait(reason))
        await run.kind.await_access(run.context, lambda other: self._tell(run.wait(other)))
        await asyncio.sleep(WAITED_S)

    async def _cancelled(self, run: Run) -> Job | None:
        """Have what was begun undone; an agent that is killed on the way leaves it to the next."""
        try:
            await self._note(run, cancelled=True)
            await run.kind.cancel(run.context)
        except LostError:
            return None
        except EscapeError as e:
            return run.fail(e)
        except Exception as e:
            log.exception("job %s was not cancelled cleanly", run.job.id)
            return run.fail(self._internal(run, type(e).__name__))
        return run.end("cancelled")

    async def _finish(self, run: Run, job: Job) -> None:
        # The files of a cancelled job are never asked for, and there may be a million.
        files = () if job.state == "cancelled" else run.files
        try:
            await run.journal.finish(run.stored, files)
        except LostError:
            return  # and it is the other agent's to tell
        except Exception:
            # The state's disk is full: the job has ended all the same, and the next agent finds
            # its log and resumes it, which fetches nothing twice.
            log.exception("job %s: its summary cannot be written", job.id)
        self._on_end(run, job)

    async def _write(self, run: Run, job: Job) -> None:
        """Log a state, and tell of it."""
        await self._note(run, **as_event(job))
        self._tell(job)

    async def _note(self, run: Run, **event: object) -> None:
        """Log what the next agent can do without: a full disk must not end a job."""
        try:
            await run.journal.write(**event)
        except OSError:
            log.exception("job %s: its log cannot be written", run.job.id)

    def _close(self, run: Run) -> None:
        try:
            run.kind.close(run.context)
        except Exception:
            log.exception("job %s left something behind", run.job.id)

    def _internal(self, run: Run, what: str) -> EscapeError:
        return EscapeError(
            f"{run.job.title} failed: internal error ({what}).",
            hint="Report this, with the agent's log.",
        )
