"""The contract of a kind of job."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, ClassVar, Generic

from pydantic import ValidationError

from escape_vre.core.errors import EscapeError
from escape_vre.jobs.context import Context, Measured, R
from escape_vre.jobs.models import JobFile, JobState, Unit

WORDS: Mapping[JobState, str] = {
    "queued": "waiting",
    "running": "running",
    "done": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}
AGAIN_S = 15.0


class Kind(ABC, Generic[R]):
    """What jobs of one name do. One object serves all of them; each call gets its job's context.

    Attributes
    ----------
    name : str
        One or two words, such as ``get``; it is stored with every job.
    request : type of JobRequest
        The model of what is asked. A later version must read what an earlier one has stored.
    unit : str
        What :meth:`Context.report` counts.
    words : mapping
        What to call each state of a job; fits after 'is'.
    slots : int
        How many jobs of this kind run at once, on one machine.
    ends_unwaited : bool
        Whether a job is cancelled when the last client that waits for it withdraws.
    keeps_server_alive : bool
        Whether progress is a reason to keep a notebook server running: it is for work on this
        machine, not for watching a remote.
    """

    name: ClassVar[str]
    request: type[R]
    unit: ClassVar[Unit]
    words: ClassVar[Mapping[JobState, str]] = WORDS
    slots: ClassVar[int] = 4
    ends_unwaited: ClassVar[bool]
    keeps_server_alive: ClassVar[bool]

    def key(self, request: R) -> Hashable | None:
        """Return what equal requests share, which then share one job; None to share nothing."""
        del request
        return None

    def read(self, stored: Mapping[str, Any]) -> R | None:
        """Return a request as it was stored; None where this version cannot read it."""
        try:
            return self.request.model_validate(stored)
        except ValidationError:
            return None

    @abstractmethod
    async def run(self, context: Context[R]) -> None:
        """Do the job; it is done when this returns, and failed when this raises.

        To end it early, the task is cancelled: let the ``CancelledError`` through, after what
        cannot be left as it is. ``context.ending`` says why.

        Raises
        ------
        EscapeError
            Why it failed; after one that is :attr:`~EscapeError.worth_waiting`, the job waits
            for :meth:`await_access`, and is resumed.
        """

    async def resume(self, context: Context[R]) -> None:
        """Continue a job that an earlier attempt has begun, perhaps in an agent that was killed.

        ``context.checkpoints`` say how far it came.
        """
        await self.run(context)

    async def cancel(self, context: Context[R]) -> None:
        """Undo what a cancelled job has begun, or have the remote end it.

        Called when :meth:`run` has ended, also after a crash on the way; the job counts as
        cancelled when this returns, and as failed when it raises.
        """
        del context

    async def await_access(
        self, context: Context[R], refused: Callable[[EscapeError], None]
    ) -> None:
        """Return when access may be granted: after an error that is worth waiting for.

        By default, after a quarter of a minute.

        Parameters
        ----------
        refused : callable
            To be called when the reason changes.
        """
        del context, refused
        await asyncio.sleep(AGAIN_S)

    def measure(self, context: Context[R]) -> Measured:
        """Return how far a job is, by default what it has reported; called often, never waits."""
        return context.measured

    def files(self, context: Context[R]) -> Iterable[JobFile]:
        """Return the files of an unfinished job, as far as they are known."""
        del context
        return ()

    def close(self, context: Context[R]) -> None:
        """Let go of what a job needed. Called in a thread, once it has ended or stopped."""
        del context
