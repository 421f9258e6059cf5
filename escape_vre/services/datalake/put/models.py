"""Typed data of a put; no I/O. Sizes are bytes, times UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from escape_vre.jobs.models import ErrorInfo, JobRequest
from escape_vre.services.datalake.models import Model


class PutRequest(JobRequest):
    """Which files, and where to."""

    kind: str = "put"
    account: str = Field(description="As far as it is known without asking Rucio.")
    paths: tuple[str, ...] = Field(description="Absolute paths of files and folders.")
    scope: str
    dataset: str | None = Field(description="Name in that scope; null for files alone.")
    rse: str | None = Field(description="Null to have one chosen.")
    lifetime_s: int | None = Field(default=None, description="Null: until somebody deletes them.")
    metadata: Mapping[str, str] = {}
    keep_paths: bool = Field(
        default=False, description="Whether names are paths below the folder given, with /."
    )


class PutProblem(Model):
    """A file that cannot be put, and why."""

    path: str
    name: str
    kind: Literal["refused", "conflict"] = Field(
        description="refused: its name, or the file itself; conflict: other content has its name."
    )
    message: str


class RseChoice(Model):
    """An RSE that files can be put on."""

    rse: str
    quota_left: int | None = Field(default=None, description="Null: not known.")
    free: int | None = Field(default=None, description="Null: the RSE does not say.")


class PutPlan(Model):
    """What a put would do."""

    instance: str
    account: str
    scope: str
    dataset: str | None
    dataset_exists: bool = False
    rse: str | None = Field(description="Null where none could be chosen; see error.")
    quota_left: int | None = None
    free: int | None = None
    candidates: list[RseChoice] = Field(
        default=[], description="The RSEs that could be chosen, where none was named."
    )
    files: int = Field(description="All files that were found.")
    bytes: int
    new: int = Field(description="Files that would be sent.")
    new_bytes: int
    equal: int = Field(
        description="Files that the data lake has already, with the same content: they are"
        " attached to the dataset, and not sent."
    )
    hidden: int = Field(
        description="Files that are left out: their names, or folders', begin with a dot."
    )
    problems: list[PutProblem] = Field(
        default=[], description="The first hundred; nothing is put while there is one."
    )
    problem_count: int = 0
    rule: str = Field(description="What keeps the files in the data lake; a sentence.")
    until: datetime | None = None
    error: ErrorInfo | None = Field(
        default=None, description="Why it could not start, apart from problems of files."
    )
