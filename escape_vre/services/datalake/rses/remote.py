"""What is asked of Rucio about RSEs; every account may."""

from contextlib import aclosing
from typing import Any

from escape_vre.services.datalake.client import RucioClient, part_of
from escape_vre.services.datalake.intake import word


async def rses(rucio: RucioClient) -> list[dict[str, Any]]:
    """Return every RSE with its columns, without attributes (GET /rses/)."""
    async with aclosing(rucio.rows("GET", "/rses/")) as rows:
        return [row async for row in rows if word(row.get("rse"))]


async def matching(rucio: RucioClient, expression: str) -> list[str]:
    """Return the names of the RSEs that match (GET /rses/?expression=).

    Raises
    ------
    UsageError
        The expression is not one, or matches nothing.
    """
    asked = rucio.rows("GET", "/rses/", params={"expression": expression})
    async with aclosing(asked) as rows:
        return [name async for row in rows if (name := word(row.get("rse")))]


async def attributes(rucio: RucioClient, rse: str) -> dict[str, Any]:
    """Return the attributes of an RSE (GET /rses/<rse>/attr/)."""
    return await rucio.wire.object("GET", f"/rses/{part_of(rse)}/attr/")


async def usage(rucio: RucioClient, rse: str) -> list[dict[str, Any]]:
    """Return used and free bytes of an RSE by source of the figures (GET /rses/<rse>/usage)."""
    async with aclosing(rucio.rows("GET", f"/rses/{part_of(rse)}/usage")) as rows:
        return [row async for row in rows]
