"""Typed data of storages; no I/O. Sizes are bytes, times UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from escape_vre.services.datalake.accounts.models import Quota
from escape_vre.services.datalake.models import Model

Value = str | int | float | bool


class Rse(Model):
    """One RSE, as the user's account sees it."""

    name: str
    type: str | None = Field(default=None, description="DISK, TAPE or UNKNOWN.")
    tape: bool = False
    staging: bool = Field(default=False, description="A staging area: rules need a lifetime.")
    deterministic: bool | None = Field(
        default=None, description="Whether Rucio makes the paths of files from their names."
    )
    volatile: bool = False
    readable: bool = True
    writable: bool = True
    deletable: bool = True
    used: int | None = Field(default=None, description="Of all accounts together.")
    free: int | None = Field(default=None, description="As its storage reports it.")
    total: int | None = None
    reported: datetime | None = Field(default=None, description="When the storage was asked.")
    quota: Quota | None = Field(
        default=None, description="The account's quota here; null: it could not be read."
    )
    attributes: Mapping[str, Value] = Field(default={})
    note: str | None = Field(default=None, description="What could not be read, and why.")


class Problem(Model):
    """What is wrong with an expression, and where."""

    message: str
    hint: str
    at: int | None = Field(default=None, description="First character, from 0.")
    length: int | None = None
    near: str | None = Field(default=None, description="What may have been meant at this place.")


class Completion(Model):
    """What the word at the cursor may become."""

    text: str
    type: Literal["RSE", "attribute", "value"]


class Expression(Model):
    """What an expression means, while it is typed."""

    expression: str = Field(description="As Rucio takes it: without spaces.")
    matches: list[str] = Field(description="Names of the RSEs that match, sorted.")
    problem: Problem | None = None
    completions: list[Completion] = Field(default=[])
    completes_from: int = Field(
        default=0, description="Where the word begins that a completion takes the place of."
    )
