"""``/rules`` and ``/rule``, for the agent."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.core.ndjson import Tally, ndjson, rows_of
from escape_vre.services.datalake.dids import parse_did
from escape_vre.services.datalake.lifetimes import seconds_of
from escape_vre.services.datalake.rules import service, wishes
from escape_vre.services.datalake.rules.models import (
    Grouping,
    Loss,
    Made,
    Near,
    Preview,
    Rule,
    RuleInFull,
    RuleWish,
)
from escape_vre.services.datalake.service import DataLakeService

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]
Id = Annotated[str, Query(description="Id of a rule.")]


class WishQuery(Question):
    """A rule that is wanted."""

    instance: str | None = None
    refs: list[str] = Field(min_length=1, max_length=1000)
    expression: str = Field(max_length=4000)
    copies: int = 1
    lifetime_s: int | None = Field(default=None, description="Seconds from now; null: no end.")
    until: datetime | None = Field(default=None, description="In place of a lifetime.")
    priority: int = Field(default=3, description="1 to 5, 5 first.")
    comment: str | None = None
    grouping: Grouping = Field(
        default="DATASET",
        description="Which files stay together: ALL, those of a DATASET, or NONE.",
    )
    activity: str | None = None

    def wish(self) -> RuleWish:
        """Return it without the instance."""
        return RuleWish(**self.model_dump(exclude={"instance"}))


class UpdateQuery(Question):
    """What to change of a rule; what is left out stays."""

    instance: str | None = None
    rule: str
    lifetime_s: int | None = Field(default=None, description="Seconds from now.")
    until: datetime | None = Field(default=None, description="In place of a lifetime.")
    endless: bool = Field(default=False, description="Remove the end of the rule.")
    priority: int | None = Field(default=None, ge=1, le=5)
    comment: str | None = Field(default=None, max_length=wishes.COMMENT)

    def options(self) -> dict[str, Any]:
        """Return what is to be changed, in Rucio's words."""
        lifetime = seconds_of(self.lifetime_s, self.until)
        options: dict[str, Any] = {"priority": self.priority, "comment": self.comment}
        found = {name: value for name, value in options.items() if value is not None}
        if lifetime is not None or self.endless:
            found["lifetime"] = lifetime
        return found


class DeleteQuery(Question):
    """The rule to delete."""

    instance: str | None = None
    rule: str


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.get("/rules", response_class=StreamingResponse, responses=rows_of(Rule))
    async def rules(
        caller: CallerOf,
        instance: Name = None,
        ref: Annotated[str | None, Query(description="A DID; default: all of the account.")] = None,
    ) -> StreamingResponse:
        connected, tally = lake().connect(instance, caller.environment), Tally()
        did = parse_did(ref) if ref else None
        return ndjson(service.rules(connected, did, tally), tally=tally)

    @router.get("/rule")
    async def rule(caller: CallerOf, id: Id, instance: Name = None) -> RuleInFull:
        return await service.rule(lake().connect(instance, caller.environment), id)

    @router.get("/rule/loss")
    async def loss(caller: CallerOf, id: Id, instance: Name = None) -> Loss:
        return await service.loss(lake().connect(instance, caller.environment), id)

    @router.get("/near")
    async def near(caller: CallerOf, ref: str, instance: Name = None) -> Near | None:
        return await wishes.near(lake(), instance, caller.environment, parse_did(ref))

    @router.post("/rules/preview")
    async def preview(caller: CallerOf, query: WishQuery) -> Preview:
        return await wishes.preview(lake(), query.instance, caller.environment, query.wish())

    @router.post("/rules", status_code=201)
    async def add(caller: CallerOf, query: WishQuery) -> Made:
        return await wishes.add(lake(), query.instance, caller.environment, query.wish())

    @router.post("/rule/update")
    async def update(caller: CallerOf, query: UpdateQuery) -> Rule:
        connected = lake().connect(query.instance, caller.environment)
        return await service.update(connected, query.rule, query.options())

    @router.post("/rule/delete")
    async def delete(caller: CallerOf, query: DeleteQuery) -> Rule:
        connected = lake().connect(query.instance, caller.environment)
        return await service.delete(connected, query.rule)

    return router
