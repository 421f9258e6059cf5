"""HTTP of the search, for the agent."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import StreamingResponse

from escape_vre.core.asgi import CallerOf
from escape_vre.core.ndjson import ndjson, rows_of
from escape_vre.services.datalake.listing import FirstRows
from escape_vre.services.datalake.models import Row, TypeFilter
from escape_vre.services.datalake.search import service
from escape_vre.services.datalake.search.models import Keys
from escape_vre.services.datalake.service import DataLakeService

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]
Limit = Annotated[int, Query(ge=1, le=1_000_000, description="Maximum number of rows.")]
Text = Annotated[
    str, Query(description="As a user types it: demo:fermi* instrument=LAT bytes>1MB.")
]
Scope = Annotated[str | None, Query(description="Where to search if the text names no scope.")]


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes below ``/datalake/search``."""
    router = APIRouter(tags=["datalake"])

    @router.get("/search", response_class=StreamingResponse, responses=rows_of(Row))
    async def search(
        caller: CallerOf,
        text: Text,
        scope: Scope = None,
        instance: Name = None,
        type: TypeFilter = "all",
        limit: Limit = 2000,
    ) -> StreamingResponse:
        query = service.understood(text, scope)
        connected = lake().connect(instance, caller.environment)

        async def check_scope() -> None:
            await lake().check_scope(instance, caller.environment, query.scope)

        finder = service.Finder(connected, query, type, lake().seen_keys, check_scope)
        first = FirstRows(limit, by_type=finder.is_by_type)

        def end() -> dict[str, Any]:
            return {**finder.end(), **first.end()}

        return ndjson(first.of(finder.rows()), end=end, tally=finder.tally)

    @router.get("/search/keys")
    async def keys(caller: CallerOf, instance: Name = None) -> Keys:
        return await service.keys(lake().connect(instance, caller.environment), lake().seen_keys)

    return router
