"""What the event loop writes of a job: in order, in threads, and only while the job is ours."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from escape_vre.core.errors import ConfigurationError
from escape_vre.jobs.lease import Lease, Owner
from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import Job, JobFile

T = TypeVar("T")


class LostError(Exception):
    """Another agent owns the job now; what was to be written is not."""


def unwritable(error: OSError) -> ConfigurationError:
    """Return what to say where the state directory cannot be written."""
    return ConfigurationError(
        f"The agent cannot write its state: {error.strerror or error}.",
        hint="Free some space in your home directory, or correct its permissions.",
    )


class Journal:
    """The log of one job, and the lease without which nothing is written to it.

    Parameters
    ----------
    lease : Lease, optional
        Of a job that was begun before; :meth:`begin` takes one.
    """

    def __init__(self, log: JobLog, job_id: str, lease: Lease | None = None) -> None:
        self._log = log
        self._id = job_id
        self._lease = lease
        self._turn = asyncio.Lock()
        self._ended = False

    async def begin(self, stored: Stored, owner: Owner) -> None:
        """Take the lease, then write the first line.

        Raises
        ------
        LostError
            Another agent was quicker.
        OSError
            The disk is full or failed; nothing is left of the job.
        """
        await self._in_turn(lambda: self._begin(stored, owner))

    async def write(self, **event: Any) -> None:
        """Append an event; raises LostError, or OSError. After the end, there is nothing to do."""
        await self._in_turn(lambda: self._append(event))

    async def record(self, data: Mapping[str, Any]) -> None:
        """Append a checkpoint; raises LostError, or ConfigurationError where it is not on disk."""
        try:
            await self.write(checkpoint=dict(data))
        except OSError as e:
            raise unwritable(e) from e

    async def finish(self, stored: Stored, files: Iterable[JobFile]) -> None:
        """Write the summary, with files that are read from now on; raises as :meth:`write`."""
        await self._in_turn(lambda: self._finish(replace(stored, files=files)))

    async def renew(self) -> bool:
        """Renew the lease; False if the job has another owner now. Raises OSError."""
        return self._lease is None or await asyncio.to_thread(self._lease.renew)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        """Work in a thread, after what was asked for earlier, also of callers that gave up."""
        async with self._turn:
            task = asyncio.ensure_future(asyncio.to_thread(work))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait([task])
                raise

    def _begin(self, stored: Stored, owner: Owner) -> None:
        home = self._log.home(self._id)
        home.mkdir(mode=0o700, exist_ok=True)
        lease = Lease.take(home, owner)
        if lease is None:
            raise LostError
        try:
            self._log.begin(stored)
        except OSError:
            self._log.drop(self._id)
            raise
        self._lease = lease
        self._log.forget(self._id)  # the summary of a job that is retried

    def _append(self, event: dict[str, Any]) -> None:
        if not self._ended:
            self._check()
            self._log.append(self._id, event)

    def _finish(self, stored: Stored) -> None:
        self._check()
        self._ended = True
        self._log.finish(stored)

    def _check(self) -> None:
        if self._lease is None or not self._lease.holds():
            raise LostError


def as_event(job: Job) -> dict[str, Any]:
    """Return the event that a job has changed."""
    return {"job": job.model_dump(mode="json")}
