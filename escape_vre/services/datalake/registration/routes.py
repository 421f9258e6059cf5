"""HTTP of a registration in place, for the agent."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.jobs.desk import JobDesk
from escape_vre.services.datalake.dids import parse_did
from escape_vre.services.datalake.lifetimes import seconds_of
from escape_vre.services.datalake.registration.models import Registered
from escape_vre.services.datalake.registration.service import Wish, register
from escape_vre.services.datalake.service import DataLakeService


class RegisterQuery(Question):
    """Which file, and where it is."""

    instance: str | None = None
    ref: str = Field(description="rucio:scope:name, which it is to have.")
    rse: str
    pfn: str | None = Field(
        default=None, description="Its URL; null where the RSE has a rule for where files are."
    )
    bytes: int | None = Field(default=None, ge=1, description="Null to ask the storage.")
    adler32: str | None = None
    md5: str | None = None
    dataset: str | None = Field(
        default=None, description="A dataset that it goes into; null for a rule of its own."
    )
    lifetime_s: int | None = Field(default=None, description="Of its own rule, seconds.")


def make_router(lake: Callable[[], DataLakeService], desk: JobDesk) -> APIRouter:
    """Return the route ``POST /datalake/register``."""
    del desk
    router = APIRouter()

    @router.post("/register")
    async def register_file(caller: CallerOf, query: RegisterQuery) -> Registered:
        wish = Wish(
            ref=parse_did(query.ref),
            rse=query.rse,
            pfn=query.pfn,
            bytes=query.bytes,
            adler32=query.adler32,
            md5=query.md5,
            dataset=parse_did(query.dataset) if query.dataset else None,
            lifetime_s=seconds_of(query.lifetime_s, None),
        )
        connected = lake().connect(query.instance, caller.environment)
        return await register(connected, wish, lake().transfers)

    return router
