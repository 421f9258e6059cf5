"""From Rucio's rows to our models; no I/O."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from escape_vre.core.ndjson import Tally
from escape_vre.core.refs import ResourceRef
from escape_vre.services.datalake.dids import did_in, did_ref
from escape_vre.services.datalake.intake import (
    checksum,
    count,
    did_of,
    did_type,
    flag,
    plain,
    when,
    word,
)
from escape_vre.services.datalake.models import Did, Row, Site

_SHOWN_ELSEWHERE = {
    "scope",
    "name",
    "did_type",
    "type",
    "account",
    "bytes",
    "length",
    "adler32",
    "md5",
    "created_at",
}
_HOUSEKEEPING = {
    "access_cnt",
    "accessed_at",
    "availability",
    "closed_at",
    "complete",
    "constituent",
    "hidden",
    "is_archive",
    "is_new",
    "is_open",
    "monotonic",
    "obsolete",
    "purge_replicas",
    "suppressed",
    "transient",
    "updated_at",
}
"""Rucio's internal columns, without meaning for users."""


async def did_rows(
    rows: AsyncGenerator[dict[str, Any], None], scope: str, tally: Tally
) -> AsyncGenerator[Row, None]:
    """Yield the rows of a listing that make sense, and count the others."""
    async with aclosing(rows):
        async for raw in rows:
            row = did_row(raw, scope)
            if row is None:
                tally.skipped += 1
            else:
                yield row


def did_row(row: Mapping[str, Any], scope: str) -> Row | None:
    """Read one row of a listing; ``scope`` is meant where it names none."""
    did, kind = did_of(row, scope), did_type(row)
    if did is None or kind is None:
        return None
    return Row(
        ref=str(did_ref(*did)),
        scope=did[0],
        name=did[1],
        type=kind,
        bytes=count(row.get("bytes")),
        length=count(row.get("length")),
        adler32=checksum(row.get("adler32"), 8),
        md5=checksum(row.get("md5"), 32),
    )


def states_of_file(row: Mapping[str, Any]) -> dict[str, bool]:
    """Return the sites of a file from its row of ``/replicas/list``: whether each has it now."""
    states, sites = row.get("states"), row.get("rses")
    if isinstance(states, dict) and states:
        return {rse: states[rse] == "AVAILABLE" for rse in states if word(rse)}
    return dict.fromkeys(filter(word, sites), True) if isinstance(sites, dict) else {}


def sites_of_file(row: Mapping[str, Any]) -> list[Site]:
    """Return the sites of a file from its row of ``/replicas/list``."""
    states = row["states"] if isinstance(row.get("states"), dict) else {}
    urls = row["rses"] if isinstance(row.get("rses"), dict) else {}
    found = []
    for rse in sorted(filter(word, {*states, *urls})):
        state = word(states.get(rse, "AVAILABLE")) or "unknown"
        at = urls.get(rse)
        found.append(
            Site(
                rse=rse,
                state=state.lower(),
                available=int(state == "AVAILABLE"),
                length=1,
                bytes=count(row.get("bytes")),
                urls=[url for url in at if word(url)] if isinstance(at, list) else [],
            )
        )
    return found


def add_site(found: dict[str, Site], row: Mapping[str, Any]) -> bool:
    """Add a dataset's replica row to what is known of its site; False where it names none."""
    rse = word(row.get("rse"))
    if rse is None:
        return False
    before = found.get(rse)
    site = Site(
        rse=rse,
        state="unavailable",
        available=(count(row.get("available_length")) or 0) + (before.available if before else 0),
        length=(count(row.get("length")) or 0) + (before.length if before else 0),
        bytes=(count(row.get("available_bytes")) or 0) + (before.bytes or 0 if before else 0),
    )
    found[rse] = with_length(site, site.length)
    return True


def with_length(site: Site, length: int) -> Site:
    """Say of how many files a site has some, and in a word what that means."""
    whole = site.available >= length
    state = "available" if whole else "partly" if site.available else "unavailable"
    return site.model_copy(update={"length": length, "state": state})


def did_in_full(
    ref: ResourceRef, status: Mapping[str, Any], metadata: Mapping[str, Any], note: str | None
) -> Did:
    """Combine a DID's status and metadata, without Rucio's internal columns."""
    scope, name = did_in(ref)
    shown = {key: value for key, value in metadata.items() if value is not None}
    kept = sorted(shown.keys() - _SHOWN_ELSEWHERE - _HOUSEKEEPING)
    both = {**shown, **{key: value for key, value in status.items() if value is not None}}
    return Did(
        ref=str(ref),
        scope=scope,
        name=name,
        type=did_type(status) or did_type(metadata) or "file",
        bytes=count(both.get("bytes")),
        length=count(status.get("length")),
        account=word(both.get("account")),
        created=when(shown.get("created_at")),
        adler32=checksum(both.get("adler32"), 8),
        md5=checksum(both.get("md5"), 32),
        open=flag(status.get("open")),
        metadata={plain(key): plain(shown[key]) for key in kept},
        note=note,
    )
