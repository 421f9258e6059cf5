"""``/status``, for the agent."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from escape_vre.core.asgi import CallerOf
from escape_vre.services.datalake.service import DataLakeService
from escape_vre.services.datalake.status import service
from escape_vre.services.datalake.status.models import LakeStatus

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.get("/status")
    async def status(caller: CallerOf, instance: Name = None) -> LakeStatus:
        return await service.status(lake().connect(instance, caller.environment))

    return router
