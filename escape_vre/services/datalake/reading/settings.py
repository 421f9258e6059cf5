"""Settings of an instance: what of a data lake is mounted here, and in which order it is used."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Way = Literal["mounted", "cached", "streamed", "downloaded"]
WAYS: tuple[Way, ...] = ("mounted", "cached", "streamed", "downloaded")

_Folder = Annotated[str, StringConstraints(pattern=r"^/[^/]")]


class Mount(BaseModel):
    """Part of a storage that is a folder of this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: _Folder = Field(description="Absolute folder.")
    rse: str | None = Field(default=None, min_length=1, description="Storage; default: any.")
    prefix: str = Field(
        default="",
        description="Start of the addresses (PFNs) whose rest is a path in the folder; default:"
        " scheme and host.",
    )
    begins_at: int = Field(default=0, ge=0, description="How many parts of that rest are left out.")


class ReadingSettings(BaseModel):
    """How the files of an instance are reached."""

    mounts: tuple[Mount, ...] = Field(
        default=(),
        description="Storages that are folders of this machine, each {path, rse, prefix,"
        " begins_at}: their files are used in place, nothing is copied.",
    )
    cache: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description="HTTP cache (XCache): what is put before the address of a replica, such as"
        " https://cache.example.org//.",
    )
    access: tuple[Way, ...] = Field(
        default=WAYS,
        description="Ways to use a file, the preferred first: mounted, cached, streamed,"
        " downloaded. A way that is left out is not used.",
    )

    @field_validator("access")
    @classmethod
    def _has_each_once(cls, access: tuple[Way, ...]) -> tuple[Way, ...]:
        if not access or len(set(access)) < len(access):
            raise ValueError("access names at least one way, and each once")
        return access

    @field_validator("mounts")
    @classmethod
    def _says_of_what(cls, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
        if any(not mount.rse and not mount.prefix for mount in mounts):
            raise ValueError("a mount names an rse or a prefix")
        return mounts
