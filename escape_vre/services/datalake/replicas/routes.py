"""``/replicas/declare``, for the agent."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel, Field

from escape_vre.core.asgi import CallerOf, Question
from escape_vre.services.datalake.dids import parse_did
from escape_vre.services.datalake.replicas import service
from escape_vre.services.datalake.service import DataLakeService


class DeclareQuery(Question):
    """A broken replica."""

    instance: str | None = None
    ref: str
    rse: str = Field(min_length=1)
    reason: str = Field(max_length=255)
    suspicious: bool = Field(default=False, description="It may be broken; everybody may say so.")


class Declared(BaseModel):
    """What was declared, in a sentence."""

    message: str


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.post("/replicas/declare")
    async def declare(caller: CallerOf, query: DeclareQuery) -> Declared:
        message = await service.declare(
            lake(),
            query.instance,
            caller.environment,
            parse_did(query.ref),
            rse=query.rse,
            reason=query.reason,
            suspicious=query.suspicious,
        )
        return Declared(message=message)

    return router
