"""Which agent runs a job: keeping our leases, and taking over what nobody runs."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from escape_vre.core.errors import EscapeError
from escape_vre.jobs.journal import Journal
from escape_vre.jobs.lease import Lease, Owner
from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import ErrorInfo, now
from escape_vre.jobs.run import Run
from escape_vre.jobs.runner import Runner
from escape_vre.jobs.starter import Starter
from escape_vre.jobs.table import Table

log = logging.getLogger(__name__)

ELSEWHERE = "Your agent on another machine with the same home directory runs this job."
STOPPED_S = 5.0


class Takeover:
    """Looks after the leases of one state directory."""

    def __init__(
        self,
        *,
        table: Table,
        log: JobLog,
        owner: Owner,
        starter: Starter,
        runner: Runner,
        keep_days: float,
    ) -> None:
        self._table = table
        self._log = log
        self._owner = owner
        self._starter = starter
        self._runner = runner
        self._keep_days = keep_days

    async def renew(self) -> None:
        """Renew our leases, and stop the jobs whose lease we lost.

        Raises
        ------
        OSError
            The disk failed for one of them; all others are renewed.
        """
        failed: OSError | None = None
        for run in list(self._table.runs.values()):
            try:
                if not await run.journal.renew():
                    await self._let_go(run)
            except OSError as e:
                failed = e
        if failed is not None:
            raise failed

    async def _let_go(self, run: Run) -> None:
        log.warning("job %s has another owner now", run.job.id)
        self._runner.end(run, "stop")
        if run.task:
            await asyncio.wait([run.task], timeout=STOPPED_S)
        self._table.runs.pop(run.job.id, None)

    async def adopt(self) -> None:
        """Take over the jobs that no agent runs, and note those that another one does.

        Raises
        ------
        OSError
            The disk is full or failed for one of them; all others are taken over.
        """
        table = self._table
        ids = await asyncio.to_thread(self._log.unfinished)
        if gone := table.elsewhere.keys() - set(ids):
            for job_id in gone:
                del table.elsewhere[job_id]
            found = await asyncio.to_thread(self._log.summaries, keep_days=self._keep_days)
            table.finished |= {
                job_id: stored for job_id, stored in found.items() if job_id not in table.runs
            }
        failed: OSError | None = None
        for job_id in ids:
            try:
                if job_id not in table.runs:
                    await self._adopt(job_id)
            except OSError as e:
                failed = e
        if failed is not None:
            raise failed

    async def _adopt(self, job_id: str) -> None:
        home = self._log.home(job_id)
        lease = await asyncio.to_thread(Lease.take, home, self._owner)
        stored = await asyncio.to_thread(self._log.read, job_id)
        if job_id in self._table.runs or stored is None:
            return
        if lease is None:
            other = stored.job.model_copy(update={"note": ELSEWHERE})
            self._table.elsewhere[job_id] = other
            return
        self._table.elsewhere.pop(job_id, None)
        if stored.job.finished:
            await self._close(stored, lease)
            return
        try:
            self._starter.resume(stored, lease)
        except EscapeError as e:
            await self._close(_failed(stored, e), lease)

    async def _close(self, stored: Stored, lease: Lease) -> None:
        """Write the summary of a job that nothing can be done for."""
        await Journal(self._log, stored.job.id, lease).finish(stored, ())
        self._table.finished[stored.job.id] = stored


def _failed(stored: Stored, error: EscapeError) -> Stored:
    reason = ErrorInfo.model_validate(error.as_dict())
    end: dict[str, Any] = {"state": "failed", "state_word": "failed", "waiting": None}
    end |= {"ended": now(), "error": reason}
    return replace(stored, job=stored.job.model_copy(update=end))
