"""What Rucio is told about broken replicas."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.intake import Did, word


async def declare_bad(rucio: RucioClient, did: Did, rse: str, reason: str) -> Any:
    """Have a replica replaced or forgotten; returns what was not declared (POST /replicas/bad)."""
    replica = {"scope": did[0], "name": did[1], "rse": rse}
    body = {"replicas": [replica], "reason": reason}
    return await rucio.wire.json("POST", "/replicas/bad", json=body)


async def declare_suspicious(rucio: RucioClient, pfns: Sequence[str], reason: str) -> Any:
    """Say that a replica may be broken; returns what was not declared (…/suspicious)."""
    body = {"pfns": list(pfns), "reason": reason}
    return await rucio.wire.json("POST", "/replicas/suspicious", json=body)


async def addresses(rucio: RucioClient, did: Did, rse: str) -> list[str] | None:
    """Return the addresses of a file at an RSE; None where it has no replica there.

    POST /replicas/list, all states and protocols.
    """
    rows = rucio.replicas([did], all_states=True, schemes=None)
    async with aclosing(rows) as found:
        async for row in found:
            by_rse = row.get("rses")
            urls = by_rse.get(rse) if isinstance(by_rse, dict) else None
            if isinstance(urls, list):
                return [url for url in urls if word(url)]
    return None
