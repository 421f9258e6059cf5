"""HTTP of reading, for kernels and shells: no browser may call these routes."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import Get
from escape_vre.services.datalake.reading.models import PathInfo, Sources
from escape_vre.services.datalake.reading.service import Reading
from escape_vre.services.datalake.reading.settings import Way
from escape_vre.services.datalake.service import DataLakeService


class SourcesQuery(Question):
    """A file to read."""

    path: str = Field(min_length=1, description="scope/name, as in rucio://.")
    instance: str | None = None
    access: tuple[Way, ...] | None = Field(
        default=None, min_length=1, description="Ways to use; null for those of the instance."
    )
    refused: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of a token that a storage has refused.",
    )


def make_router(lake: Callable[[], DataLakeService], desk: JobDesk) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    def reading() -> Reading:
        return Reading(lake(), desk.kind(Get).manifest)

    @router.get("/path")
    async def path(
        caller: CallerOf,
        at: Annotated[str, Query(min_length=1, description="scope/name, as in rucio://.")],
        instance: str | None = None,
    ) -> PathInfo:
        return await reading().find(instance, caller.environment, at)

    @router.post("/sources")
    async def sources(caller: CallerOf, query: SourcesQuery) -> Sources:
        return await reading().sources(
            query.instance,
            caller.environment,
            query.path,
            access=query.access,
            refused=query.refused,
        )

    return router
