"""Typed data of a registration in place; no I/O."""

from typing import Literal

from escape_vre.services.datalake.models import Model


class Registered(Model):
    """A file that the data lake knows now."""

    ref: str
    rse: str
    pfn: str
    bytes: int
    adler32: str | None
    md5: str | None
    checked: Literal["told", "read", "given"]
    """Whether the storage told the checksum, the file was read for it, or it was given."""
    dataset: str | None
    existed: bool
    """Whether the DID was there before, and got a replica."""
