"""What a kind sees of one of its jobs while it works on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from escape_vre.core.errors import CancelledJobError
from escape_vre.core.service import Environment
from escape_vre.jobs.models import Amount, Ending, JobRequest

R = TypeVar("R", bound=JobRequest)
Checkpoint = Mapping[str, Any]
"""JSON that a kind writes down for itself."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How far a job is.

    Parameters
    ----------
    done, total : int
        In the unit of its kind; total is None until it is known.
    parts : sequence of Amount
        The same in other units.
    counts : mapping
        Further figures of the kind.
    """

    done: int = 0
    total: int | None = None
    parts: Sequence[Amount] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Context(Generic[R]):
    """One job, for its kind: what was asked, what earlier attempts wrote down, how to report.

    Attributes
    ----------
    request : JobRequest
        What was asked.
    environment : mapping
        The allow-listed variables of the clients that asked.
    checkpoints : list of mapping
        What was written down with :meth:`checkpoint`, oldest first, by this attempt and by
        earlier ones, also of an agent that was killed.
    ending : "cancel", "stop" or None
        Why the job is to end: ``cancel`` is for good, after ``stop`` the next agent resumes it.
    note : str or None
        A sentence about its progress; when it has ended, about what was left out.
    path : str or None
        What to open when it is done; absolute.
    result : mapping
        What came of it, as JSON, for clients that know the kind.
    """

    def __init__(
        self,
        request: R,
        *,
        environment: Environment,
        service: Callable[[str], Any],
        record: Callable[[Checkpoint], Awaitable[None]],
        checkpoints: Sequence[Checkpoint] = (),
    ) -> None:
        self.request = request
        self.environment = environment
        self.checkpoints = list(checkpoints)
        self.ending: Ending | None = None
        self.note: str | None = None
        self.path: str | None = None
        self.result: Mapping[str, Any] = {}
        self.measured = Measured()
        self._service = service
        self._record = record

    @property
    def service(self) -> Any:
        """The service that was asked; raises ConfigurationError where it is not installed."""
        return self._service(self.request.service)

    async def checkpoint(self, data: Checkpoint) -> None:
        """Write something down that an agent after a crash has to know.

        Call it before a remote is asked to make or change something, with what finds it there
        (such as a name that only this job uses), and again with what it answered. The data are
        on disk when this returns.

        Raises
        ------
        ConfigurationError
            The disk is full or failed; nothing must be asked of the remote then.
        """
        await self._record(data)
        self.checkpoints.append(data)

    def report(
        self,
        done: int,
        total: int | None = None,
        *,
        parts: Sequence[Amount] = (),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Say how far the job is, in the unit of its kind; from any thread, as often as you like.

        Clients see it a few times a second.
        """
        self.measured = Measured(done, total, parts, counts or {})

    def check(self) -> None:
        """Raise CancelledJobError when the job is to end; for loops that never wait."""
        if self.ending is not None:
            raise CancelledJobError(f"{self.request.title} was stopped.")
