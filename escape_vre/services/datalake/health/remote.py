"""What a check asks of Rucio."""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from escape_vre.services.datalake.addresses import urls_of
from escape_vre.services.datalake.client import SCHEMES, RucioClient, dids_of, part_of
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import Did, count, did_of, flag, word


async def ping(connected: Connected) -> httpx.Response:
    """Ask without a sign-in (GET /ping)."""
    where = connected.settings.url.rstrip("/") + "/ping"
    return await connected.http.request("GET", where)


async def version(connected: Connected) -> str:
    """Return the version of Rucio (GET /ping), without a sign-in."""
    response = await ping(connected)
    if response.status_code >= 400:
        raise connected.rucio.dialect.refusal(response)
    try:
        found = response.json()
    except ValueError as e:
        raise connected.rucio.dialect.nonsense() from e
    said = word(found.get("version")) if isinstance(found, dict) else None
    if said is None:
        raise connected.rucio.dialect.nonsense()
    return said


@dataclass(frozen=True, slots=True)
class Storage:
    """An RSE, as far as it is checked."""

    name: str
    readable: bool
    writable: bool


async def storages(rucio: RucioClient) -> list[Storage]:
    """Return every RSE (GET /rses/)."""
    async with aclosing(rucio.rows("GET", "/rses/")) as rows:
        return [
            Storage(
                name,
                flag(row.get("availability_read")) is not False,
                flag(row.get("availability_write")) is not False,
            )
            async for row in rows
            if (name := word(row.get("rse")))
        ]


async def sample(rucio: RucioClient, rse: str) -> str | None:
    """Return the address of one file at an RSE, by its datasets.

    GET /replicas/rse/<rse>, then POST /replicas/list; None where none can be read over HTTP.
    """
    tried = 0
    async with aclosing(rucio.rows("GET", f"/replicas/rse/{part_of(rse)}")) as rows:
        async for row in rows:
            did = did_of(row)
            if did is None or not (count(row.get("available_length")) or 0):
                continue
            if url := await _file_of(rucio, did, rse):
                return url
            tried += 1
            if tried == _DATASETS:
                break
    return None


_DATASETS = 3
"""Datasets of an RSE in which a file is looked for."""


async def _file_of(rucio: RucioClient, dataset: Did, rse: str) -> str | None:
    body: dict[str, Any] = {
        "dids": dids_of([dataset]),
        "schemes": [scheme for scheme in SCHEMES if scheme != "file"],
        "rse_expression": rse,
    }
    async with aclosing(rucio.rows("POST", "/replicas/list", json=body)) as rows:
        async for row in rows:
            if urls := urls_of(row):
                return urls[0]
    return None


async def write_folder(rucio: RucioClient, rse: str) -> str | None:
    """Return the address below which an RSE is written to (GET /rses/<rse>).

    None where it cannot be by HTTP.
    """
    found = await rucio.wire.object("GET", f"/rses/{part_of(rse)}")
    protocols = found.get("protocols")
    for protocol in protocols if isinstance(protocols, list) else []:
        if isinstance(protocol, dict) and (url := _address(protocol)):
            return url
    return None


def _address(protocol: Mapping[str, Any]) -> str | None:
    scheme, host = word(protocol.get("scheme")), word(protocol.get("hostname"))
    port, prefix = count(protocol.get("port")), protocol.get("prefix")
    domains = protocol.get("domains")
    wan = domains.get("wan") if isinstance(domains, dict) else None
    writes = isinstance(wan, dict) and bool(count(wan.get("write")))
    if scheme not in ("https", "davs") or not host or not writes or not isinstance(prefix, str):
        return None
    return f"{scheme}://{host}:{port or 443}/{prefix.strip('/')}"
