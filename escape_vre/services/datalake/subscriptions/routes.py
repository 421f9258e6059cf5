"""``/subscriptions``, for the agent."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.services.datalake.lifetimes import seconds_of
from escape_vre.services.datalake.service import DataLakeService
from escape_vre.services.datalake.subscriptions import service
from escape_vre.services.datalake.subscriptions.models import Subscription

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]


class Subscriptions(BaseModel):
    """Subscriptions, by account and name."""

    subscriptions: list[Subscription]


class SubscribeQuery(Question):
    """A subscription to make."""

    instance: str | None = None
    name: str = Field(min_length=1, max_length=64)
    filter: dict[str, Any] = Field(description="What metadata must be; scope is a list.")
    expression: str = Field(max_length=4000)
    copies: int = 1
    lifetime_s: int | None = Field(default=None, description="Of the rules that it makes.")
    comment: str = Field(default="", max_length=250)


class ActiveQuery(Question):
    """A subscription to pause or resume."""

    instance: str | None = None
    name: str
    active: bool


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.get("/subscriptions")
    async def subscriptions(
        caller: CallerOf,
        instance: Name = None,
        everybody: Annotated[bool, Query(description="Also those of other accounts.")] = False,
    ) -> Subscriptions:
        connected = lake().connect(instance, caller.environment)
        found = await service.subscriptions(connected, everybody=everybody)
        return Subscriptions(subscriptions=found)

    @router.post("/subscriptions", status_code=201)
    async def subscribe(caller: CallerOf, query: SubscribeQuery) -> Subscription:
        return await service.add(
            lake().connect(query.instance, caller.environment),
            query.name,
            match=query.filter,
            expression=query.expression,
            copies=query.copies,
            lifetime_s=seconds_of(query.lifetime_s, None),
            comment=query.comment,
        )

    @router.post("/subscriptions/active")
    async def active(caller: CallerOf, query: ActiveQuery) -> Subscription:
        connected = lake().connect(query.instance, caller.environment)
        return await service.set_active(connected, query.name, query.active)

    return router
