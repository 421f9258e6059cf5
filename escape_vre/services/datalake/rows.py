"""From Rucio's rows to our models; no I/O."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from escape_vre.core.refs import ResourceRef
from escape_vre.services.datalake.models import Did, DidType, Row, Site

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
"""Columns by which Rucio keeps house; they tell a scientist nothing."""


def did_type(row: Mapping[str, Any]) -> DidType:
    """Return a row's type, which Rucio calls ``type`` or ``did_type``."""
    kind = str(row.get("type") or row.get("did_type") or "file").lower()
    return "container" if kind == "container" else "dataset" if kind == "dataset" else "file"


def when(value: object) -> datetime | None:
    """Read ``Sat, 21 Nov 2026 03:28:57 UTC``."""
    try:
        return parsedate_to_datetime(str(value).replace("UTC", "GMT")) if value else None
    except ValueError:
        return None


def did_row(row: Mapping[str, Any], scope: str) -> Row:
    """Read one row of a listing; ``scope`` is meant where it names none."""
    scope, name = str(row.get("scope") or scope), str(row["name"])
    return Row(
        ref=str(ResourceRef.rucio(scope, name)),
        scope=scope,
        name=name,
        type=did_type(row),
        bytes=row.get("bytes"),
        length=row.get("length"),
        adler32=row.get("adler32"),
        md5=row.get("md5"),
    )


def sites_of_file(row: Mapping[str, Any]) -> list[Site]:
    """Return the sites of a file from its row of ``/replicas/list``."""
    states = row.get("states") or {}
    urls = row.get("rses") or {}
    return [
        Site(
            rse=rse,
            state=str(states.get(rse, "AVAILABLE")).lower(),
            available=int(states.get(rse, "AVAILABLE") == "AVAILABLE"),
            length=1,
            bytes=row.get("bytes"),
            urls=urls.get(rse, []),
        )
        for rse in sorted({*states, *urls})
    ]


def add_site(found: dict[str, Site], row: Mapping[str, Any]) -> None:
    """Add a dataset's replica row to what is known of its site."""
    rse = str(row["rse"])
    before = found.get(rse)
    site = Site(
        rse=rse,
        state="unavailable",
        available=int(row.get("available_length") or 0) + (before.available if before else 0),
        length=int(row.get("length") or 0) + (before.length if before else 0),
        bytes=int(row.get("available_bytes") or 0) + (before.bytes or 0 if before else 0),
    )
    found[rse] = with_length(site, site.length)


def with_length(site: Site, length: int) -> Site:
    """Say of how many files a site has some, and in a word what that means."""
    whole = site.available >= length
    state = "available" if whole else "partly" if site.available else "unavailable"
    return site.model_copy(update={"length": length, "state": state})


def did_in_full(ref: ResourceRef, status: Mapping[str, Any], metadata: Mapping[str, Any]) -> Did:
    """Put a DID's status and its metadata together, without how Rucio keeps house."""
    scope, name = ref.did
    shown = {key: value for key, value in metadata.items() if value is not None}
    kept = sorted(shown.keys() - _SHOWN_ELSEWHERE - _HOUSEKEEPING)
    return Did(
        ref=str(ref),
        scope=scope,
        name=name,
        type=did_type(status),
        bytes=status.get("bytes") if status.get("bytes") is not None else shown.get("bytes"),
        length=status.get("length"),
        account=status.get("account") or shown.get("account"),
        created=when(shown.get("created_at")),
        adler32=status.get("adler32") or shown.get("adler32"),
        md5=status.get("md5") or shown.get("md5"),
        open=status.get("open"),
        metadata={key: shown[key] for key in kept},
    )
