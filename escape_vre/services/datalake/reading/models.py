"""What a kernel learns to read a file itself; no I/O. Sizes are bytes."""

from typing import Literal

from pydantic import Field

from escape_vre.services.datalake.models import DidType, Model


class PathInfo(Model):
    """What a path of ``rucio://`` names."""

    path: str
    type: Literal["scope"] | DidType
    ref: str | None = Field(default=None, description="Null for a scope.")
    bytes: int | None = None
    adler32: str | None = None
    md5: str | None = None


class Credentials(Model):
    """How to be let in by the storages of an instance; never for a browser, nor for a log."""

    token: str | None = Field(default=None, repr=False)
    expires: float | None = Field(default=None, description="Seconds since 1970; null: unknown.")
    token_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may be sent the token."
    )
    redirect_hosts: tuple[str, ...] = Field(
        default=(), description="Those that may be sent it where a storage redirects there."
    )
    ca_files: tuple[str, ...] = ()
    cert_file: str | None = None
    key_file: str | None = None
    http_proxy: str | None = Field(default=None, repr=False)
    https_proxy: str | None = Field(default=None, repr=False)
    no_proxy: str | None = None
    timeout_s: float = 30.0
    problem: str = Field(default="", description="What is wrong with the certificate; a sentence.")


class Sources(Model):
    """Where the bytes of one file are: in a file of this machine, else at URLs, the best first."""

    file: PathInfo
    path: str | None = Field(
        default=None, description="A file of this machine: an intact copy, or a mounted replica."
    )
    urls: tuple[str, ...] = ()
    download: Literal["first", "last", "never"] = Field(
        default="last", description="When the whole file is to be got instead of reading parts."
    )
    credentials: Credentials | None = Field(default=None, description="Null with a path.")
