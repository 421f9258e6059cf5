"""Typed data of rules; no I/O. Sizes are bytes, times UTC."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from escape_vre.services.datalake.models import DidType, Model
from escape_vre.services.datalake.rses.models import Rse

Grouping = Literal["ALL", "DATASET", "NONE"]


class Rule(Model):
    """One rule. ``state`` is Rucio's: OK, REPLICATING, STUCK, SUSPENDED, INJECT or other."""

    id: str
    ref: str = Field(description="The DID that it is about.")
    scope: str
    name: str
    type: DidType | None = None
    account: str | None = None
    mine: bool = False
    expression: str = ""
    copies: int = 1
    state: str
    ok: int = Field(default=0, description="Replicas that are where they should be.")
    replicating: int = Field(default=0, description="Replicas on their way.")
    stuck: int = Field(default=0, description="Replicas whose transfer failed.")
    fraction: float | None = Field(default=None, description="0 to 1; null: nothing to move yet.")
    bytes: int | None = Field(default=None, description="Of the DID, where Rucio knows it.")
    priority: int | None = None
    grouping: str | None = None
    activity: str | None = None
    comment: str | None = None
    locked: bool = False
    created: datetime | None = None
    updated: datetime | None = None
    expires: datetime | None = Field(default=None, description="null: it stays until deleted.")
    why: str | None = Field(default=None, description="Why it is stuck, in words.")
    subscription: str | None = None


class Progress(Model):
    """A rule's replicas at one RSE."""

    rse: str
    ok: int = 0
    replicating: int = 0
    stuck: int = 0


class Trouble(Model):
    """One file that has not arrived."""

    ref: str
    rse: str = Field(description="Where it should go.")
    state: Literal["REPLICATING", "STUCK"]
    attempts: int | None = None
    reason: str = Field(description="What the transfer says, in words.")
    source: str | None = Field(default=None, description="Where it was copied from last.")
    sources: list[str] = Field(default=[], description="RSEs that have it and can be read.")
    last: datetime | None = None


class Change(Model):
    """A state of a rule, and since when."""

    when: datetime | None
    state: str
    ok: int = 0
    replicating: int = 0
    stuck: int = 0


class RuleInFull(Rule):
    """One rule with its progress at each RSE, and why it is stuck."""

    progress: list[Progress] = Field(default=[])
    troubles: list[Trouble] = Field(default=[], description="The first files that lag behind.")
    more_troubles: int = Field(default=0, description="Files beside these.")
    history: list[Change] = Field(default=[])
    note: str | None = Field(default=None, description="What could not be read, and why.")


class RuleWish(Model):
    """A rule that somebody wants."""

    refs: tuple[str, ...]
    expression: str
    copies: int = 1
    lifetime_s: int | None = None
    until: datetime | None = None
    priority: int = 3
    comment: str | None = None
    grouping: Grouping = "DATASET"
    activity: str | None = None


class Preview(Model):
    """What a rule would do."""

    rses: list[Rse] = Field(description="Those that match the expression.")
    usable: list[str] = Field(description="Those that can be written to and have quota left.")
    copies: int
    bytes: int | None = Field(description="Of the DIDs, once; null where Rucio does not know.")
    files: int | None
    expires: datetime | None
    refusal: str | None = Field(description="Why Rucio will refuse it, in a sentence; null if not.")
    hint: str | None = None
    warnings: list[str] = Field(default=[])


class Made(Model):
    """The rules that were made."""

    rules: list[str] = Field(description="Their ids, one for each DID.")
    expires: datetime | None = None
    warnings: list[str] = Field(default=[])


class Loss(Model):
    """What is lost with a rule."""

    rule: Rule
    files: int = Field(description="Files that it keeps.")
    unprotected: int | None = Field(
        description="Files that no other rule keeps; null where too many to be checked."
    )
    examples: list[str] = Field(default=[], description="Some of these.")
    checked: bool = Field(description="Whether each file was checked.")
    ends: datetime = Field(description="When the rule ends, an hour after it is deleted.")
    message: str
    note: str | None = None


class Near(Model):
    """A rule that would keep a copy near this JupyterLab, as the site has configured."""

    expression: str
    copies: int = 1
    there: bool = Field(description="Whether a matching RSE has all of it already.")
    rses: list[str] = Field(default=[], description="The RSEs that match.")
    lifetime_s: int | None = None
