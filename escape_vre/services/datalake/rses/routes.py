"""``/rses`` and ``/expression``, for the agent."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from escape_vre.core.asgi import CallerOf
from escape_vre.core.ndjson import ndjson, rows_of
from escape_vre.services.datalake.rses import service
from escape_vre.services.datalake.rses.models import Expression, Rse
from escape_vre.services.datalake.service import DataLakeService

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]
Text = Annotated[str, Query(max_length=4000, description="An RSE expression; empty for all.")]
Cursor = Annotated[int | None, Query(ge=0, description="Where a word is typed; default: the end.")]


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.get("/rses", response_class=StreamingResponse, responses=rows_of(Rse))
    async def rses(
        caller: CallerOf, instance: Name = None, expression: Text = ""
    ) -> StreamingResponse:
        connected = lake().connect(instance, caller.environment)
        return ndjson(service.rses(connected, expression))

    @router.get("/expression")
    async def expression(
        caller: CallerOf, instance: Name = None, text: Text = "", cursor: Cursor = None
    ) -> Expression:
        connected = lake().connect(instance, caller.environment)
        return await service.expression(connected, text, cursor)

    return router
