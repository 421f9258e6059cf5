"""The ASGI application: the installed services, the jobs, and what belongs to the process."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, StreamingResponse

from escape_vre.agent.doctor import Doctor, end_of
from escape_vre.agent.documents import whole
from escape_vre.agent.doors import BrowserDoor, HubDoor, TextDoor
from escape_vre.agent.identity import identity_router
from escape_vre.agent.services import ServiceRoutes, Services
from escape_vre.core.asgi import CallerOf, ErrorAnswer, ErrorFields, Question
from escape_vre.core.browser import BrowserRoutes
from escape_vre.core.caller import Caller
from escape_vre.core.checks import DEADLINE_S, Check, CheckQuery
from escape_vre.core.errors import ConflictError, EscapeError, UsageError
from escape_vre.core.keyring import Keyring
from escape_vre.core.ndjson import MEDIA_TYPE, ndjson, rows_of
from escape_vre.core.registry import Installed
from escape_vre.core.service import Environment, NamesVariables
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.journal import unwritable
from escape_vre.jobs.models import Job, JobFile
from escape_vre.jobs.run import ANYBODY

log = logging.getLogger(__name__)

API = 1
HEARTBEAT_S = 10.0


class AgentInfo(BaseModel):
    """The process."""

    api: int
    apis: list[int]
    version: str
    pid: int
    started: float
    data_dir: str
    jobs_running: int
    variables: list[str] = Field(
        default=[], description="Further variables that this caller is asked to send along."
    )
    loop_failures: dict[str, int] = Field(
        default={}, description="How often what goes on by itself has failed, and was repeated."
    )


class ServiceInfo(BaseModel):
    """An installed service."""

    name: str
    title: str
    schemes: list[str]
    capabilities: list[str]
    icon: str
    error: ErrorFields | None = Field(description="Why it cannot be used; null if it can.")


class Jobs(BaseModel):
    """Every job, newest first."""

    jobs: list[Job]


class Client(Question):
    """The client that waits for a job; without an id, one that never releases it."""

    client: str | None = None


def make_app(
    *,
    desk: JobDesk,
    services: Services,
    keyring: Keyring,
    info: Callable[[], AgentInfo],
    stop: Callable[[], None],
    follow_links: bool = True,
) -> FastAPI:
    """Put the application together."""
    app = _application("escape-vre agent")
    app.state.follow_links = follow_links
    doctor = Doctor(services, keyring.state, info)

    def wanted(environment: Environment) -> set[str]:
        asking = services.having(NamesVariables)  # type: ignore[type-abstract]
        return set().union(*(one.variables(environment) for one in asking))

    app.state.wanted_variables = wanted
    app.add_middleware(HubDoor, hubs=keyring.hubs)
    app.add_middleware(BrowserDoor, routes=BrowserRoutes(services.found))
    app.add_middleware(TextDoor)

    @app.get("/agent", tags=["agent"])
    async def agent(caller: CallerOf) -> AgentInfo:
        names = await asyncio.to_thread(wanted, caller.environment)
        return info().model_copy(update={"variables": sorted(names)})

    @app.post("/agent/stop", tags=["agent"])
    async def stop_agent(force: bool = Query(default=False)) -> dict[str, str]:
        if desk.unfinished and not force:
            raise ConflictError(
                f"The agent has {desk.unfinished} active jobs.",
                hint="Wait for them, or stop it with force: they continue at its next start.",
            )
        stop()
        return {}

    @app.get("/doctor", tags=["agent"], response_class=StreamingResponse, responses=rows_of(Check))
    async def checks(
        caller: CallerOf,
        write: Annotated[
            bool, Query(description="Write something small to storages; not from a browser.")
        ] = False,
        deadline_s: Annotated[
            float, Query(ge=1, le=120, description="How long each check may take, seconds.")
        ] = DEADLINE_S,
    ) -> StreamingResponse:
        if write and caller.contents_root is not None:
            raise UsageError(
                "Storages are not written to for a browser.",
                hint="Run 'escape-vre doctor --write' in a terminal.",
            )
        found: list[Check] = []

        async def rows() -> AsyncGenerator[Check, None]:
            query = CheckQuery(caller.environment, write, deadline_s)
            async with aclosing(doctor.checks(query)) as stream:
                async for check in stream:
                    found.append(check)
                    yield check

        return ndjson(rows(), end=lambda: dict(end_of(found)))

    app.include_router(identity_router(keyring, services.make_all))
    app.include_router(_jobs_router(desk), prefix="/jobs")

    def around(router: APIRouter) -> FastAPI:
        below = _application(app.title)
        below.state = app.state
        below.include_router(router)
        return below

    mounted = {name: ServiceRoutes(name, services, desk, around) for name in services.names}

    @app.get("/services", tags=["agent"])
    async def installed() -> list[ServiceInfo]:
        return await asyncio.to_thread(
            lambda: [_described(services.found, *one) for one in mounted.items()]
        )

    for name, routes in mounted.items():
        app.mount(f"/{name}", routes)
    app.openapi = partial(whole, app.openapi, mounted)  # type: ignore[method-assign]
    return app


def _application(title: str) -> FastAPI:
    """Make an application whose failures are answered as our errors."""
    app = FastAPI(
        title=title,
        version=str(API),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"4XX": {"model": ErrorAnswer}, "5XX": {"model": ErrorAnswer}},
    )
    app.add_exception_handler(EscapeError, _escape_error)  # type: ignore[arg-type]
    app.add_exception_handler(OSError, _no_state)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)
    app.add_exception_handler(HTTPException, _no_route)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    return app


def _described(found: Installed, name: str, routes: ServiceRoutes) -> ServiceInfo:
    error = routes.error()
    shown = ErrorFields.model_validate(error.as_dict()) if error else None
    plugin = found.plugins.get(name)
    if plugin is None:
        return ServiceInfo(name=name, title=name, schemes=[], capabilities=[], icon="", error=shown)
    return ServiceInfo(
        name=name,
        title=plugin.title,
        schemes=list(plugin.schemes),
        capabilities=list(plugin.capabilities),
        icon=plugin.icon,
        error=shown,
    )


def _seen_by(caller: Caller, job: Job) -> Job:
    return job.model_copy(update={"contents_path": caller.contents_path(job.path)})


def _jobs_router(desk: JobDesk) -> APIRouter:
    router = APIRouter(tags=["jobs"])

    @router.get("")
    async def jobs(caller: CallerOf) -> Jobs:
        return Jobs(jobs=[_seen_by(caller, job) for job in desk.jobs()])

    @router.get("/events", response_class=StreamingResponse, responses=rows_of(Job))
    async def events(caller: CallerOf) -> StreamingResponse:
        return StreamingResponse(_events(desk, caller), media_type=MEDIA_TYPE)

    @router.get("/{job_id}")
    async def job(
        caller: CallerOf, job_id: str, wait_s: float = Query(default=0.0, ge=0.0, le=60.0)
    ) -> Job:
        return _seen_by(caller, await desk.wait_for(job_id, wait_s))

    @router.get("/{job_id}/files", response_class=StreamingResponse, responses=rows_of(JobFile))
    async def files(caller: CallerOf, job_id: str) -> StreamingResponse:
        found = desk.files(job_id)

        async def rows() -> AsyncGenerator[JobFile, None]:
            for file in found:
                yield file.model_copy(update={"contents_path": caller.contents_path(file.path)})

        return ndjson(rows())

    @router.post("/{job_id}/cancel")
    async def cancel(caller: CallerOf, job_id: str) -> Job:
        return _seen_by(caller, await desk.cancel(job_id))

    @router.post("/{job_id}/retry")
    async def retry(caller: CallerOf, job_id: str, body: Client | None = None) -> Job:
        client = body.client if body else None
        job = await desk.retry(
            job_id, client=client, environment=caller.environment, key=caller.key
        )
        return _seen_by(caller, job)

    @router.post("/{job_id}/release")
    async def release(caller: CallerOf, job_id: str, body: Client) -> Job:
        return _seen_by(caller, await desk.release(job_id, body.client or ANYBODY))

    @router.delete("/{job_id}")
    async def forget(job_id: str) -> dict[str, str]:
        await desk.forget(job_id)
        return {}

    return router


async def _events(desk: JobDesk, caller: Caller) -> AsyncIterator[bytes]:
    """Yield jobs as they change, and an empty object now and then: a dead reader shows so."""
    yield b"{}\n"
    async with aclosing(desk.watch()) as changes:
        upcoming = asyncio.ensure_future(anext(changes))
        try:
            while True:
                done, _ = await asyncio.wait([upcoming], timeout=HEARTBEAT_S)
                if not done:
                    yield b"{}\n"
                    continue
                yield _seen_by(caller, upcoming.result()).model_dump_json().encode() + b"\n"
                upcoming = asyncio.ensure_future(anext(changes))
        finally:
            upcoming.cancel()
            await asyncio.wait([upcoming])


async def _escape_error(_: Request, error: EscapeError) -> JSONResponse:
    return JSONResponse({"error": error.as_dict()}, status_code=error.status)


async def _no_state(_: Request, error: OSError) -> JSONResponse:
    shown = unwritable(error)
    log.error("a request failed", exc_info=error)
    return JSONResponse({"error": shown.as_dict()}, status_code=shown.status)


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    """Answer an unexpected failure; Starlette logs it with its traceback."""
    shown = EscapeError(
        f"The agent had an internal error ({type(error).__name__}).",
        hint="Report this, with the agent's log.",
    )
    return JSONResponse({"error": shown.as_dict()}, status_code=shown.status)


async def _no_route(request: Request, error: HTTPException) -> JSONResponse:
    what = f"The agent has no {request.method} {request.url.path}."
    if error.status_code not in (404, 405):
        what = f"The request cannot be read: {error.detail}."
    shown = UsageError(what, hint="Update escape-vre, then restart Jupyter and reload the page.")
    return JSONResponse({"error": shown.as_dict()}, status_code=error.status_code)


async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
    shown = UsageError(
        f"The request does not fit this API: {where or 'body'}: {first['msg']}.",
        hint="Update escape-vre, then restart Jupyter and reload the page.",
    )
    return JSONResponse({"error": shown.as_dict()}, status_code=shown.status)
