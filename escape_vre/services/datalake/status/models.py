"""Typed data of the lake's state; no I/O. Sizes are bytes."""

from pydantic import Field

from escape_vre.services.datalake.models import Model
from escape_vre.services.datalake.rses.models import Rse


class Link(Model):
    """Transfers from one RSE to another."""

    source: str
    destination: str
    queued: int = 0
    queued_bytes: int = 0
    done: int = Field(default=0, description="In the last hour.")
    failed: int = Field(default=0, description="In the last hour.")


class Mine(Model):
    """What the account's own rules wait for."""

    rules: int = 0
    replicating: int = Field(default=0, description="Replicas on their way.")
    stuck: int = Field(default=0, description="Replicas whose transfer failed.")
    stuck_rules: list[str] = Field(default=[], description="The first ids of rules that are STUCK.")


class LakeStatus(Model):
    """How full the RSEs are, and what is on its way."""

    rses: list[Rse]
    mine: Mine | None = None
    links: list[Link] | None = Field(
        default=None, description="All transfers; null: this account may not see them."
    )
    note: str | None = None
