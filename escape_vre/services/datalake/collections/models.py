"""Typed data of what is done to datasets, containers and metadata; no I/O."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from escape_vre.services.datalake.models import DidType, Model

CollectionType = Literal["dataset", "container"]
MetadataValue = str | int | float | bool | None


class Done(Model):
    """What was done to a DID."""

    ref: str
    type: DidType
    open: bool | None = None
    already: bool = Field(default=False, description="Whether it was so before.")
    message: str = Field(description="What is so now, in a sentence.")


class Erasure(Model):
    """What an erasure would erase, or will."""

    ref: str
    type: DidType
    files: int | None = None
    bytes: int | None = None
    rules: int = Field(description="Rules of the DID itself, which end with it.")
    unprotected: int | None = Field(
        description="Files that no other rule keeps; null where that was not checked."
    )
    expires: datetime | None = Field(description="When it will be erased; null: it will not.")
    message: str = Field(description="What is erased, and what cannot come back.")
    note: str | None = None
