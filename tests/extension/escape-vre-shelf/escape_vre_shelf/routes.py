"""HTTP of the shelf, for the agent."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.core.ndjson import Tally, ndjson, rows_of
from escape_vre.core.service import SearchQuery, Skipped
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import Get
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.models import Job, JobRequest
from escape_vre_shelf.kinds import BindRequest, PutRequest
from escape_vre_shelf.service import ShelfService, named


class Item(BaseModel):
    """Something on the shelf."""

    ref: str
    title: str
    bytes: int | None


class GetQuery(Question):
    """What to get, and where to."""

    refs: list[str] = Field(min_length=1)
    to: str | None = None
    client: str | None = None


class PutQuery(Question):
    """Which file to put onto the shelf, and what to call it there."""

    file: str
    ref: str
    client: str | None = None


class BindQuery(Question):
    """What to call a binding."""

    name: str = Field(min_length=1)


def make_router(shelf: Callable[[], ShelfService], desk: JobDesk) -> APIRouter:
    """Return the routes below ``/shelf``."""
    router = APIRouter(tags=["shelf"])

    async def begun(request: JobRequest, caller: CallerOf, client: str | None) -> Job:
        job, _ = await desk.submit(
            request, client=client, environment=caller.environment, key=caller.key
        )
        return job.model_copy(update={"contents_path": caller.contents_path(job.path)})

    @router.get("/search", response_class=StreamingResponse, responses=rows_of(Item))
    async def search(
        caller: CallerOf, text: str = "", limit: Annotated[int, Query(ge=1)] = 200
    ) -> StreamingResponse:
        tally, more = Tally(), False

        async def rows() -> AsyncGenerator[Item, None]:
            nonlocal more
            query = SearchQuery(text=text, environment=caller.environment)
            count = 0
            async with aclosing(shelf().search(query)) as hits:
                async for hit in hits:
                    if isinstance(hit, Skipped):
                        tally.skipped += hit.rows
                        continue
                    if count == limit:
                        more = True
                        return
                    count += 1
                    yield Item(ref=hit.ref, title=hit.title, bytes=hit.bytes)

        return ndjson(rows(), end=lambda: {"truncated": more}, tally=tally)

    @router.post("/get", status_code=201)
    async def get(caller: CallerOf, query: GetQuery) -> Job:
        folder = caller.folder(query.to) if query.to else desk.kind(Get).data_dir()
        request = GetRequest(
            service="shelf",
            instance="shelf",
            account="",
            refs=tuple(query.refs),
            destination=str(folder),
            flat=bool(query.to),
            title=named(query.refs),
        )
        return await begun(request, caller, query.client)

    @router.post("/put", status_code=201)
    async def put(caller: CallerOf, query: PutQuery) -> Job:
        file = caller.folder(str(Path(query.file).parent)) / Path(query.file).name
        request = PutRequest(
            service="shelf",
            instance="shelf",
            refs=(query.ref,),
            file=str(file),
            title=named([query.ref]),
        )
        return await begun(request, caller, query.client)

    @router.post("/bind", status_code=201)
    async def bind(caller: CallerOf, query: BindQuery) -> Job:
        request = BindRequest(
            service="shelf", instance="shelf", name=query.name, title=f"binding {query.name}"
        )
        return await begun(request, caller, None)

    return router
