"""``/collections``, ``/metadata`` and ``/erase``, for the agent."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.core.caller import Caller
from escape_vre.services.datalake.collections import erase as erasing
from escape_vre.services.datalake.collections.models import (
    CollectionType,
    Done,
    Erasure,
    MetadataValue,
)
from escape_vre.services.datalake.collections.service import Collections
from escape_vre.services.datalake.dids import parse_did
from escape_vre.services.datalake.lifetimes import seconds_of
from escape_vre.services.datalake.models import Did
from escape_vre.services.datalake.service import DataLakeService


class CreateQuery(Question):
    """A dataset or container to make."""

    instance: str | None = None
    ref: str
    type: CollectionType = "dataset"
    metadata: dict[str, MetadataValue] = Field(default={}, max_length=100)
    lifetime_s: int | None = Field(default=None, description="After which it is erased.")


class ContentQuery(Question):
    """DIDs to attach or detach."""

    instance: str | None = None
    ref: str = Field(description="The dataset or container.")
    contents: list[str] = Field(min_length=1, max_length=1000)


class StatusQuery(Question):
    """A dataset or container to close or reopen."""

    instance: str | None = None
    ref: str
    open: bool


class MetadataQuery(Question):
    """Metadata to set and to remove."""

    instance: str | None = None
    ref: str
    set: dict[str, MetadataValue] = Field(default={}, max_length=100)
    unset: list[str] = Field(default=[], max_length=100)
    recursive: bool = Field(default=False, description="Of everything below it too.")


class EraseQuery(Question):
    """A DID to erase, after a day where nothing else is said."""

    instance: str | None = None
    ref: str
    lifetime_s: int | None = None
    until: datetime | None = None
    undo: bool = Field(default=False, description="Not to be erased any more.")


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    def of(caller: Caller, instance: str | None) -> Collections:
        return Collections(lake(), instance, caller.environment)

    @router.post("/collections")
    async def create(caller: CallerOf, query: CreateQuery) -> Done:
        return await of(caller, query.instance).create(
            parse_did(query.ref),
            query.type,
            metadata=query.metadata,
            lifetime_s=seconds_of(query.lifetime_s, None),
        )

    @router.post("/collections/attach")
    async def attach(caller: CallerOf, query: ContentQuery) -> Done:
        contents = [parse_did(one) for one in query.contents]
        return await of(caller, query.instance).attach(parse_did(query.ref), contents)

    @router.post("/collections/detach")
    async def detach(caller: CallerOf, query: ContentQuery) -> Done:
        contents = [parse_did(one) for one in query.contents]
        return await of(caller, query.instance).detach(parse_did(query.ref), contents)

    @router.post("/collections/status")
    async def status(caller: CallerOf, query: StatusQuery) -> Done:
        return await of(caller, query.instance).set_open(parse_did(query.ref), query.open)

    @router.post("/metadata")
    async def metadata(caller: CallerOf, query: MetadataQuery) -> Did:
        return await of(caller, query.instance).describe(
            parse_did(query.ref), values=query.set, remove=query.unset, recursive=query.recursive
        )

    @router.get("/erase")
    async def erasure(
        caller: CallerOf,
        ref: Annotated[str, Query(description="rucio:scope:name")],
        instance: Annotated[str | None, Query(description="Instance.")] = None,
    ) -> Erasure:
        return await erasing.what(lake(), instance, caller.environment, parse_did(ref))

    @router.post("/erase")
    async def erase(caller: CallerOf, query: EraseQuery) -> Erasure:
        lifetime = seconds_of(query.lifetime_s, query.until)
        if not query.undo and lifetime is None:
            lifetime = erasing.GRACE_S
        return await erasing.erase(
            lake(),
            query.instance,
            caller.environment,
            parse_did(query.ref),
            lifetime_s=None if query.undo else lifetime,
        )

    return router
