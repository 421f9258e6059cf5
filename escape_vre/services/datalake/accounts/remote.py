"""What is asked of Rucio about an account; an ordinary account may ask about itself."""

import math
from contextlib import aclosing
from typing import Any

from escape_vre.core.errors import NotFoundError
from escape_vre.services.datalake.client import RucioClient, part_of
from escape_vre.services.datalake.intake import count, word


async def attributes(rucio: RucioClient, account: str) -> dict[str, Any]:
    """Return the attributes of an account (GET /accounts/<account>/attr/)."""
    found = await rucio.wire.json("GET", f"/accounts/{part_of(account)}/attr/")
    rows = found if isinstance(found, list) else []
    return {
        key: row.get("value")
        for row in rows
        if isinstance(row, dict) and (key := word(row.get("key")))
    }


async def scopes(rucio: RucioClient, account: str) -> list[str]:
    """Return the scopes that an account owns (GET /accounts/<account>/scopes/)."""
    try:
        found = await rucio.wire.json("GET", f"/accounts/{part_of(account)}/scopes/")
    except NotFoundError:  # how Rucio says that there are none
        return []
    return [scope for scope in found if word(scope)] if isinstance(found, list) else []


async def usage(rucio: RucioClient, account: str) -> list[dict[str, Any]]:
    """Return usage and limit at each RSE (GET /accounts/<account>/usage/local)."""
    return await _rows(rucio, f"/accounts/{part_of(account)}/usage/local")


async def shared_usage(rucio: RucioClient, account: str) -> list[dict[str, Any]]:
    """Return usage and limit of each RSE expression (GET /accounts/<account>/usage/global)."""
    return await _rows(rucio, f"/accounts/{part_of(account)}/usage/global")


async def shared_limits(rucio: RucioClient, account: str) -> dict[str, list[str]]:
    """Return the RSEs of each limited expression (GET /accounts/<account>/limits/global)."""
    found = await rucio.wire.object("GET", f"/accounts/{part_of(account)}/limits/global")
    resolved = {}
    for expression, limit in found.items():
        rses = limit.get("resolved_rses") if isinstance(limit, dict) else None
        resolved[expression] = [rse for rse in rses if word(rse)] if isinstance(rses, list) else []
    return resolved


def limit_of(value: object) -> int | None:
    """Read a limit in bytes; None where there is none, which Rucio writes as infinity or -1."""
    if value == -1 or (isinstance(value, float) and math.isinf(value)):
        return None
    return count(value) or 0


async def _rows(rucio: RucioClient, path: str) -> list[dict[str, Any]]:
    async with aclosing(rucio.rows("GET", path)) as rows:
        return [row async for row in rows]
