"""``/account``: the user's account, for the agent."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from escape_vre.core.asgi import CallerOf
from escape_vre.services.datalake.accounts.models import Account
from escape_vre.services.datalake.accounts.service import account_of
from escape_vre.services.datalake.service import DataLakeService

Name = Annotated[str | None, Query(description="Instance; default: the first one.")]


def make_router(lake: Callable[[], DataLakeService]) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["datalake"])

    @router.get("/account")
    async def account(caller: CallerOf, instance: Name = None) -> Account:
        return await account_of(lake().connect(instance, caller.environment))

    return router
