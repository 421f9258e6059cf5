"""What Rucio is told about datasets, containers and metadata.

Single requests are used throughout: ESCAPE's policy allows those for many DIDs or keys to
administrators only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from escape_vre.services.datalake.client import RucioClient, dids_of, part_of, path_of
from escape_vre.services.datalake.intake import Did


async def create(
    rucio: RucioClient, did: Did, kind: str, metadata: Mapping[str, Any], lifetime_s: int | None
) -> None:
    """Make a dataset or container (POST /dids/<did>); ConflictError where there is one."""
    body = {"type": kind.upper(), "meta": dict(metadata), "lifetime": lifetime_s}
    await rucio.wire.request("POST", f"/dids/{path_of(did)}", json=body)


async def attach(rucio: RucioClient, did: Did, contents: Iterable[Did]) -> None:
    """Attach DIDs, all or none; those that are attached stay (POST /dids/attachments)."""
    attachment = {"scope": did[0], "name": did[1], "dids": dids_of(contents)}
    body = {"attachments": [attachment], "ignore_duplicate": True}
    await rucio.wire.request("POST", "/dids/attachments", json=body)


async def detach(rucio: RucioClient, did: Did, contents: Iterable[Did]) -> None:
    """Detach DIDs, all or none (DELETE /dids/<did>/dids)."""
    body = {"dids": dids_of(contents)}
    await rucio.wire.request("DELETE", f"/dids/{path_of(did)}/dids", json=body)


async def set_open(rucio: RucioClient, did: Did, is_open: bool) -> None:
    """Close or reopen a collection (PUT /dids/<did>/status)."""
    await rucio.wire.request("PUT", f"/dids/{path_of(did)}/status", json={"open": is_open})


async def set_value(
    rucio: RucioClient, did: Did, key: str, value: object, *, recursive: bool = False
) -> None:
    """Set one value of a DID's metadata (POST /dids/<did>/meta/<key>)."""
    body = {"value": value, "recursive": recursive}
    await rucio.wire.request("POST", f"/dids/{path_of(did)}/meta/{part_of(key)}", json=body)


async def unset_value(rucio: RucioClient, did: Did, key: str) -> None:
    """Remove a key of a DID's metadata (DELETE /dids/<did>/meta?key=)."""
    await rucio.wire.request("DELETE", f"/dids/{path_of(did)}/meta", params={"key": key})


async def set_lifetime(rucio: RucioClient, did: Did, lifetime_s: int | None) -> None:
    """Have a DID erased after a time, or not (POST /dids/<did>/meta/lifetime)."""
    await set_value(rucio, did, "lifetime", lifetime_s)
