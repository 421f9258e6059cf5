"""HTTP of the data lake, for the agent."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.core.errors import CancelledJobError
from escape_vre.core.ndjson import Tally, ndjson, rows_of
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import Get
from escape_vre.jobs.models import Job
from escape_vre.services.datalake.accounts import routes as accounts
from escape_vre.services.datalake.collections import routes as collections
from escape_vre.services.datalake.dids import parse_did, read_ref
from escape_vre.services.datalake.listing import FirstRows
from escape_vre.services.datalake.models import (
    Did,
    Identity,
    Instance,
    Row,
    RowState,
    Sites,
    TypeFilter,
)
from escape_vre.services.datalake.put import routes as put
from escape_vre.services.datalake.reading import routes as reading
from escape_vre.services.datalake.registration import routes as registration
from escape_vre.services.datalake.replicas import routes as replicas_of
from escape_vre.services.datalake.rses import routes as rses
from escape_vre.services.datalake.rules import routes as rules
from escape_vre.services.datalake.search import routes as search
from escape_vre.services.datalake.service import DataLakeService
from escape_vre.services.datalake.status import routes as status
from escape_vre.services.datalake.subscriptions import routes as subscriptions

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]
Limit = Annotated[int, Query(ge=1, le=1_000_000, description="Maximum number of rows.")]
Ref = Annotated[str, Query(description="rucio:scope:name")]


class Instances(BaseModel):
    """The configured instances, the default first."""

    instances: list[Instance]


class Scopes(BaseModel):
    """Every scope, sorted."""

    scopes: list[str]


class Matches(BaseModel):
    """The possible completions of a text."""

    matches: list[str]


class StatesQuery(Question):
    """The visible rows."""

    instance: str | None = None
    refs: list[str] = Field(max_length=200)


class States(BaseModel):
    """The states of the visible rows, in the order of the request."""

    rows: list[RowState]


class GetQuery(Question):
    """What to get, and where to."""

    instance: str | None = None
    refs: list[str] = Field(min_length=1)
    to: str | None = Field(default=None, description="Folder; null for the usual folder.")
    files: list[str] = Field(default=[], description="Patterns that choose some files.")
    copy_mounted: bool | None = Field(
        default=None,
        description="Copy files of a mounted storage, too; to a folder, they always are.",
    )
    client: str | None = Field(default=None, description="Any id, used to release the job.")


def make_router(lake: Callable[[], DataLakeService], desk: JobDesk) -> APIRouter:
    """Return the routes below ``/datalake``."""
    router = APIRouter(tags=["datalake"])
    router.include_router(accounts.make_router(lake))
    router.include_router(rses.make_router(lake))
    router.include_router(search.make_router(lake))
    router.include_router(reading.make_router(lake, desk))
    router.include_router(rules.make_router(lake))
    router.include_router(collections.make_router(lake))
    router.include_router(replicas_of.make_router(lake))
    router.include_router(status.make_router(lake))
    router.include_router(subscriptions.make_router(lake))

    @router.get("/instances")
    async def instances(caller: CallerOf) -> Instances:
        return Instances(instances=lake().instances(caller.environment))

    @router.get("/whoami")
    async def whoami(caller: CallerOf, instance: Name = None) -> Identity:
        return await lake().whoami(instance, caller.environment)

    @router.get("/scopes")
    async def scopes(caller: CallerOf, instance: Name = None) -> Scopes:
        return Scopes(scopes=await lake().scopes(instance, caller.environment))

    @router.get("/dids", response_class=StreamingResponse, responses=rows_of(Row))
    async def dids(
        caller: CallerOf,
        scope: str,
        instance: Name = None,
        pattern: str = "*",
        type: TypeFilter = "all",
        limit: Limit = 2000,
    ) -> StreamingResponse:
        tally, first = Tally(), FirstRows(limit, by_type=True)
        rows = lake().dids(
            instance, caller.environment, scope=scope, pattern=pattern, kind=type, tally=tally
        )
        return ndjson(first.of(rows), end=first.end, tally=tally)

    @router.get("/contents", response_class=StreamingResponse, responses=rows_of(Row))
    async def contents(
        caller: CallerOf, ref: Ref, instance: Name = None, limit: Limit = 100_000
    ) -> StreamingResponse:
        tally, first = Tally(), FirstRows(limit, by_type=False)
        rows = lake().contents(instance, caller.environment, parse_did(ref), tally=tally)
        return ndjson(first.of(rows), end=first.end, tally=tally)

    @router.get("/did")
    async def did(caller: CallerOf, ref: Ref, instance: Name = None) -> Did:
        return await lake().did(instance, caller.environment, parse_did(ref))

    @router.get("/replicas")
    async def replicas(caller: CallerOf, ref: Ref, instance: Name = None) -> Sites:
        return await lake().sites(instance, caller.environment, parse_did(ref))

    @router.post("/states")
    async def states(caller: CallerOf, query: StatesQuery) -> States:
        refs = [read_ref(ref) for ref in query.refs]
        rows = await lake().states(query.instance, caller.environment, refs, desk)
        return States(
            rows=[
                row.model_copy(update={"contents_path": caller.contents_path(row.path)})
                for row in rows
            ]
        )

    @router.get("/complete")
    async def complete(caller: CallerOf, text: str = "", instance: Name = None) -> Matches:
        return Matches(matches=await lake().complete(instance, caller.environment, text))

    @router.post("/get", status_code=201)
    async def get(http: Request, caller: CallerOf, query: GetQuery, response: Response) -> Job:
        refs = [parse_did(ref) for ref in query.refs]
        await lake().check(query.instance, caller.environment, refs)
        await _wanted_still(http, query)
        request = lake().get_request(
            query.instance,
            caller.environment,
            refs,
            files=query.files,
            destination=caller.folder(query.to) if query.to else desk.kind(Get).data_dir(),
            flat=bool(query.to),
            copy=bool(query.copy_mounted or query.to),
        )
        job, new = await lake().begin(
            request, caller.environment, desk, client=query.client, key=caller.key
        )
        if not new:
            response.status_code = 200
        return job.model_copy(update={"contents_path": caller.contents_path(job.path)})

    router.include_router(put.make_router(lake, desk))
    router.include_router(registration.make_router(lake, desk))
    return router


async def _wanted_still(http: Request, query: GetQuery) -> None:
    """Start no job for a client that has gone while the lake was asked."""
    if query.client and await http.is_disconnected():
        raise CancelledJobError("The request was withdrawn.")
