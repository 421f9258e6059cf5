"""Typed data of jobs; no I/O."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Unit = Literal["bytes", "files", "steps", "rows"]
Ending = Literal["cancel", "stop"]
"""For good, or until the next agent resumes it."""
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")


def now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)


class ErrorInfo(BaseModel):
    """An error as it travels; see :mod:`escape_vre.core.errors`."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    hint: str = ""
    retryable: bool = False
    details: dict[str, Any] = {}


class Amount(BaseModel):
    """How much of something is done."""

    model_config = ConfigDict(frozen=True)

    unit: Unit
    done: int = 0
    total: int | None = Field(default=None, description="Null until it is known.")


class Progress(Amount):
    """How far a job is, in the unit that tells most, and in others."""

    rate: float | None = Field(default=None, description="Units per second.")
    eta_s: float | None = None
    parts: list[Amount] = []

    @property
    def fraction(self) -> float | None:
        """0 to 1, by the first unit whose total is known; None if there is none."""
        for amount in (self, *self.parts):
            if amount.total:
                return min(1.0, amount.done / amount.total)
        return None

    def part(self, unit: Unit) -> Amount:
        """Return the amount in a unit; of one that the job does not count, nothing."""
        found = (amount for amount in (self, *self.parts) if amount.unit == unit)
        return next(found, Amount(unit=unit))


class JobRequest(BaseModel):
    """What every job is asked, with everything a later process needs to repeat it; no secret."""

    model_config = ConfigDict(frozen=True)

    kind: str
    service: str
    instance: str
    refs: tuple[str, ...] = ()
    destination: str | None = Field(default=None, description="Absolute folder.")
    title: str


class Job(BaseModel):
    """A job of any kind as clients see it; times UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str = Field(description="Such as get.")
    title: str
    service: str
    instance: str
    refs: list[str] = Field(description="What it is about.")
    state: JobState
    state_word: str = Field(description="What this kind calls its state; fits after 'is'.")
    keeps_server_alive: bool = Field(
        description="Whether its progress is a reason to keep the notebook server running."
    )
    progress: Progress
    counts: dict[str, int] = Field(
        default={},
        description="Further figures of its kind. Of get: files_here (were here before),"
        " files_failed (could not be fetched), files_unverified (the catalogue has no checksum);"
        " of put: files_here (were there before), files_failed, files_unverified (only their"
        " size was compared).",
    )
    result: dict[str, Any] = Field(default={}, description="What came of it, as its kind says.")
    error: ErrorInfo | None = None
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    destination: str | None = Field(default=None, description="Absolute folder it writes to.")
    path: str | None = Field(default=None, description="What to open when it is done; absolute.")
    contents_path: str | None = None
    note: str | None = Field(
        default=None,
        description="A sentence about its progress; once it has ended, about what was left out.",
    )
    waiting: ErrorInfo | None = Field(
        default=None,
        description="Why the job waits, until it continues automatically: the user has to sign in,"
        " at details.sign_in, or a sign-in service does not answer.",
    )

    @property
    def finished(self) -> bool:
        """Whether the job has ended."""
        return self.state in FINISHED


class JobFile(BaseModel):
    """One file that a job brings; *here* is where it brings files to."""

    model_config = ConfigDict(frozen=True)

    ref: str
    path: str
    contents_path: str | None = None
    bytes: int | None = None
    state: Literal["here", "missing"]
    problem: ErrorInfo | None = Field(default=None, description="Why it could not be brought.")
