"""HTTP of a put, for the agent."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.core.caller import Caller
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.models import Job
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.put.models import PutPlan, PutRequest
from escape_vre.services.datalake.put.service import Wish, plan, request_of
from escape_vre.services.datalake.service import DataLakeService


class PutQuery(Question):
    """What to put, and where to."""

    instance: str | None = None
    paths: list[str] = Field(
        min_length=1,
        description="Files and folders: absolute; from a browser, relative to what it shows.",
    )
    to: str | None = Field(
        default=None,
        description="scope:dataset, or scope: for files alone; null for the account's own scope.",
    )
    dataset: str | None = Field(
        default=None, description="Name of the dataset, where to names none."
    )
    rse: str | None = Field(default=None, description="Null to have one chosen.")
    lifetime_s: int | None = Field(
        default=None, description="Seconds until the rule ends; null: it does not."
    )
    until: datetime | None = Field(
        default=None, description="When the rule ends, in place of lifetime_s."
    )
    metadata: dict[str, str] = Field(
        default={}, description="Of a new dataset, or of files that go into none."
    )
    keep_paths: bool = Field(
        default=False, description="Whether names are paths below the folder given, with /."
    )
    client: str | None = Field(default=None, description="Any id of whoever waits for it.")


def make_router(lake: Callable[[], DataLakeService], desk: JobDesk) -> APIRouter:
    """Return the routes below ``/datalake/put``."""
    router = APIRouter()

    async def asked(caller: Caller, query: PutQuery) -> tuple[Connected, PutRequest]:
        connected = lake().connect(query.instance, caller.environment)
        wish = Wish(
            paths=[caller.folder(path) for path in query.paths],
            to=query.to,
            dataset=query.dataset or None,
            rse=query.rse or None,
            lifetime_s=query.lifetime_s,
            until=query.until,
            metadata=query.metadata,
            keep_paths=query.keep_paths,
        )
        return connected, await request_of(connected, wish)

    @router.post("/put/plan")
    async def put_plan(caller: CallerOf, query: PutQuery) -> PutPlan:
        return await plan(*await asked(caller, query))

    @router.post("/put", status_code=201)
    async def put(caller: CallerOf, query: PutQuery, response: Response) -> Job:
        _, request = await asked(caller, query)
        job, new = await desk.submit(
            request, client=query.client, environment=caller.environment, key=caller.key
        )
        if not new:
            response.status_code = 200
        return job

    return router
