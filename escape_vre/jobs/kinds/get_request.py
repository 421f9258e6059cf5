"""The request of a *get*; no I/O."""

from pydantic import Field

from escape_vre.jobs.models import JobRequest


class GetRequest(JobRequest):
    """Which files, and where to."""

    kind: str = "get"
    account: str
    files: tuple[str, ...] = Field(
        default=(), description="Patterns of file names; empty for every file of a collection."
    )
    destination: str = Field(description="Absolute folder.")
    copy_mounted: bool = Field(
        default=False, description="Whether files of a mounted storage are copied, too."
    )
    flat: bool = Field(
        default=False,
        description="Whether the user chose the folder; paths then leave out the scope, or what"
        " the service has in its place.",
    )
