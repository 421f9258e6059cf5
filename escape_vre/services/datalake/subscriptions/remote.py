"""What is asked of Rucio about subscriptions, and what is changed."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from escape_vre.core.errors import NotFoundError
from escape_vre.services.datalake.client import RucioClient, part_of


async def subscriptions(rucio: RucioClient, account: str | None) -> list[dict[str, Any]]:
    """Return the subscriptions of an account, or all (GET /subscriptions/<account>)."""
    path = f"/subscriptions/{part_of(account)}" if account else "/subscriptions/"
    try:
        async with aclosing(rucio.rows("GET", path)) as rows:
            return [row async for row in rows]
    except NotFoundError:  # how Rucio says that there are none
        return []


async def add(rucio: RucioClient, account: str, name: str, options: Mapping[str, Any]) -> None:
    """Make a subscription (POST /subscriptions/<account>/<name>)."""
    body = {"options": dict(options)}
    where = f"/subscriptions/{part_of(account)}/{part_of(name)}"
    await rucio.wire.request("POST", where, json=body)


async def set_state(rucio: RucioClient, account: str, name: str, state: str) -> None:
    """Pause (``I``) or resume (``A``) a subscription (PUT /subscriptions/<account>/<name>)."""
    where = f"/subscriptions/{part_of(account)}/{part_of(name)}"
    await rucio.wire.request("PUT", where, json={"options": {"state": state}})
