"""Typed data of jobs; no I/O."""

import os
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
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


class JobRequest(BaseModel):
    """The request of a job, with everything a later process needs to repeat it; no secret."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["get"] = "get"
    service: str
    instance: str
    account: str
    refs: tuple[str, ...]
    files: tuple[str, ...] = Field(
        default=(), description="Patterns of file names; empty for every file of a collection."
    )
    destination: str = Field(description="Absolute folder.")
    flat: bool = Field(
        default=False,
        description="Whether the user chose the folder; paths then leave out the scope.",
    )
    title: str

    @property
    def key(self) -> tuple[object, ...]:
        """Key of requests that share one job."""
        return (
            self.kind,
            self.service,
            self.instance,
            self.account,
            tuple(sorted(self.refs)),
            tuple(sorted(self.files)),
            os.path.realpath(self.destination),  # a folder may have two names
            self.flat,
        )


class Job(BaseModel):
    """A job as clients see it. Sizes in bytes, rate in bytes/s, times UTC."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Literal["get"]
    title: str
    service: str
    instance: str
    refs: list[str]
    state: JobState
    bytes_done: int = 0
    bytes_total: int | None = None
    files_done: int = 0
    files_total: int | None = None
    files_here: int = Field(default=0, description="Those of files_done that were already here.")
    files_failed: int = Field(default=0, description="Files that could not be fetched.")
    files_unverified: int = Field(
        default=0, description="Of files_done, those that the catalogue has no checksum of."
    )
    rate: float | None = None
    eta_s: float | None = None
    error: ErrorInfo | None = None
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    destination: str
    path: str | None = None
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
    """One file that a job brings."""

    model_config = ConfigDict(frozen=True)

    ref: str
    path: str
    contents_path: str | None = None
    bytes: int | None = None
    state: Literal["here", "missing"]
    problem: ErrorInfo | None = Field(default=None, description="Why it could not be fetched.")
