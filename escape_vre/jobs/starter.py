"""How a job comes into being: from a request, or from what is on disk of an earlier one."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from escape_vre.core.errors import ConfigurationError
from escape_vre.jobs.context import Context
from escape_vre.jobs.journal import Journal
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.kinds.kinds import Kinds
from escape_vre.jobs.lease import Lease, Owner
from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import JobRequest
from escape_vre.jobs.run import ANYBODY, Run
from escape_vre.jobs.table import Table


class Starter:
    """Makes runs, and starts each once it is on disk.

    Parameters
    ----------
    kinds : Kinds
        What jobs can do.
    service : callable
        Gives the service of a name.
    start : callable
        Starts a run.
    """

    def __init__(
        self,
        *,
        table: Table,
        log: JobLog,
        owner: Owner,
        kinds: Kinds,
        service: Callable[[str], Any],
        start: Callable[[Run], None],
    ) -> None:
        self._table = table
        self._log = log
        self._owner = owner
        self._kinds = kinds
        self._service = service
        self._start = start

    def understand(self, stored: Stored) -> tuple[Kind[Any], JobRequest]:
        """Return the kind of a stored job, and its request.

        Raises
        ------
        ConfigurationError
            The service is not installed, cannot be used, or cannot read the request.
        """
        kind = self._kinds.find(stored.job.service, stored.job.kind)
        request = kind.read(stored.request)
        if request is None:
            raise ConfigurationError(
                f"{stored.job.title} was asked of another version of the service"
                f" {stored.job.service}, which this one cannot continue.",
                hint="Ask for it again, and remove this job from the list.",
            )
        return kind, request

    async def begin(
        self, stored: Stored, *, client: str | None, environment: Mapping[str, str]
    ) -> None:
        """Write a job down and start it; equal requests find it from the first moment.

        Raises
        ------
        ConfigurationError
            Its kind is not installed.
        LostError
            Another agent has just done the same.
        OSError
            The disk is full or failed; there is no such job.
        """
        run = self._make(stored, Journal(self._log, stored.job.id), environment)
        run.clients = {client or ANYBODY}
        self._table.runs[run.job.id] = run
        run.begun = asyncio.create_task(self._write_and_start(run))
        await asyncio.shield(run.begun)

    def resume(self, stored: Stored, lease: Lease) -> None:
        """Start a job that is on disk and ours now; raises ConfigurationError as :meth:`begin`."""
        run = self._make(stored, Journal(self._log, stored.job.id, lease), {})
        self._table.runs[run.job.id] = run
        self._start(run)

    def _make(self, stored: Stored, journal: Journal, environment: Mapping[str, str]) -> Run:
        kind, request = self.understand(stored)
        context = Context(
            request,
            environment=environment,
            service=self._service,
            record=journal.record,
            checkpoints=stored.checkpoints,
        )
        run = Run(kind, context, journal, stored)
        run.queue()
        return run

    async def _write_and_start(self, run: Run) -> None:
        try:
            await run.journal.begin(run.stored, self._owner)
        except BaseException:
            self._table.runs.pop(run.job.id, None)
            raise
        self._start(run)
