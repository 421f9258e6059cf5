"""What a search asks of Rucio."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from escape_vre.core.errors import BadResponseError, NotFoundError
from escape_vre.services.datalake.client import RucioClient, dids_of, part_of
from escape_vre.services.datalake.intake import Did, word
from escape_vre.services.datalake.search.plan import Filters


def found(
    rucio: RucioClient,
    scope: str,
    groups: Sequence[Filters],
    type_: str,
    *,
    limit: int | None = None,
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the DIDs of a scope that match (GET /dids/<scope>/dids/search, filters, long).

    Rucio reads ``filters`` as a literal of Python's.
    """
    query: dict[str, Any] = {
        "filters": repr([dict(group) for group in groups]),
        "type": type_,
        "long": "1",
        "recursive": "0",
    }
    if limit is not None:
        query["limit"] = limit
    return rucio.rows("GET", f"/dids/{part_of(scope)}/dids/search", params=query)


def metadata_of(
    rucio: RucioClient, dids: Iterable[Did], *, columns_alone: bool
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the metadata of many DIDs in one call (POST /dids/bulkmeta)."""
    plugin = "DID_COLUMN" if columns_alone else "ALL"
    body = {"dids": dids_of(dids), "inherit": False, "plugin": plugin}
    return rucio.rows("POST", "/dids/bulkmeta", json=body)


async def conventions(rucio: RucioClient) -> list[str]:
    """Return the keys that the data lake has agreed on.

    GET /meta_conventions/; GET /meta/ up to Rucio 38.
    """
    try:
        body = await rucio.wire.json("GET", "/meta_conventions/")
    except (NotFoundError, BadResponseError):
        body = await rucio.wire.json("GET", "/meta/")
    if not isinstance(body, list):
        raise rucio.dialect.nonsense()
    return [key for key in body if word(key)]
