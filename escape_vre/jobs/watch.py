"""Who is told when jobs change."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from escape_vre.jobs.models import Job


class Watchers:
    """Hands changes of jobs to everyone who watches."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Job]] = set()
        self._told: dict[str, Job] = {}

    def tell(self, job: Job) -> None:
        """Tell of a change."""
        for changes in self._queues:
            changes.put_nowait(job)

    def tick(self, snapshots: Callable[[], Iterable[Job]]) -> None:
        """Tell of the progress of running jobs, where there is any."""
        if not self._queues:
            return
        seen = {job.id: job for job in snapshots()}
        for job_id, job in seen.items():
            if self._told.get(job_id) != job:
                self.tell(job)
        self._told = seen

    async def watch(self, first: Callable[[], Iterable[Job]]) -> AsyncGenerator[Job, None]:
        """Yield some jobs as they are now, then each job when it changes."""
        changes: asyncio.Queue[Job] = asyncio.Queue()
        self._queues.add(changes)
        try:
            for job in list(first()):
                yield job
            while True:
                yield await changes.get()
        finally:
            self._queues.discard(changes)
