"""Typed data of subscriptions; no I/O."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from escape_vre.services.datalake.models import Model

State = Literal["ACTIVE", "INACTIVE", "NEW", "UPDATED", "BROKEN", "UNKNOWN"]


class Subscription(Model):
    """One subscription."""

    id: str
    name: str
    account: str
    state: State
    active: bool = Field(description="Whether it makes rules.")
    filter: Mapping[str, Any] = Field(default={}, description="What the metadata must be.")
    rules: list[Mapping[str, Any]] = Field(default=[], description="Rules that it makes.")
    comment: str | None = None
    priority: int | None = None
    expires: datetime | None = None
    created: datetime | None = None
