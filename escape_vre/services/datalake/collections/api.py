"""Datasets, containers and metadata from Python."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.display.tables import Info
from escape_vre.services.datalake.dids import parse_did

Value = str | int | float | bool | None
Lifetime = timedelta | int | None
"""A time span, or seconds."""


def create(
    did: str,
    type: str = "dataset",
    *,
    metadata: Mapping[str, Value] | None = None,
    lifetime: Lifetime = None,
    instance: str | None = None,
) -> dict[str, Any]:
    """Make a dataset or container; one that is there already is left as it is.

    Parameters
    ----------
    type : str
        ``dataset`` or ``container``.
    lifetime : timedelta or int, optional
        After which it is erased with its rules; seconds if a number.

    Returns
    -------
    dict
        ``already``: whether it was there; ``message``: that in a sentence.

    Raises
    ------
    DeniedError
        The scope is not your account's own.
    ConflictError
        There is a DID of another type by this name.
    UsageError
        The data lake's schema does not allow the name.
    """
    return _done(
        "collections",
        did,
        instance,
        type=type,
        metadata=dict(metadata or {}),
        lifetime_s=_seconds(lifetime),
    )


def attach(
    did: str, contents: str | Iterable[str], *, instance: str | None = None
) -> dict[str, Any]:
    """Attach files to a dataset, or datasets and containers to a container, all or none."""
    return _done("collections/attach", did, instance, contents=_refs(contents))


def detach(
    did: str, contents: str | Iterable[str], *, instance: str | None = None
) -> dict[str, Any]:
    """Detach files from a dataset, or datasets and containers from a container, all or none."""
    return _done("collections/detach", did, instance, contents=_refs(contents))


def close(did: str, *, instance: str | None = None) -> dict[str, Any]:
    """Close a dataset or container: nothing can be attached to it any more."""
    return _done("collections/status", did, instance, open=False)


def reopen(did: str, *, instance: str | None = None) -> dict[str, Any]:
    """Reopen a dataset or container that was closed."""
    return _done("collections/status", did, instance, open=True)


def metadata(did: str, *, instance: str | None = None) -> Info:
    """Return the metadata of a DID."""
    found = AgentClient().get("/datalake/did", instance=instance, ref=str(parse_did(did)))
    return metadata_info(found)


def set_metadata(
    did: str,
    values: Mapping[str, Value] | None = None,
    *,
    unset: Iterable[str] = (),
    recursive: bool = False,
    instance: str | None = None,
) -> Info:
    """Set metadata of a DID and remove keys of it; return all of it as it is then.

    Parameters
    ----------
    recursive : bool
        Set it for everything below a dataset or container too.
    """
    body = {"set": dict(values or {}), "unset": list(unset), "recursive": recursive}
    return metadata_info(_done("metadata", did, instance, **body))


def erasure(did: str, *, instance: str | None = None) -> dict[str, Any]:
    """Return what erasing a DID would erase, and what cannot come back; nothing is changed."""
    found: dict[str, Any] = AgentClient().get(
        "/datalake/erase", instance=instance, ref=str(parse_did(did))
    )
    return found


def erase(
    did: str,
    *,
    after: Lifetime = None,
    until: datetime | None = None,
    undo: bool = False,
    instance: str | None = None,
) -> dict[str, Any]:
    """Have a DID erased; ask :func:`erasure` before what that means.

    Parameters
    ----------
    after : timedelta or int, optional
        How long it stays; default a day. It can be undone until then.
    until : datetime, optional
        In place of ``after``.
    undo : bool
        It is not to be erased any more.
    """
    moment = until.astimezone().isoformat() if until else None
    return _done("erase", did, instance, lifetime_s=_seconds(after), until=moment, undo=undo)


def metadata_info(found: dict[str, Any]) -> Info:
    """Show the metadata of a DID."""
    name = f"{found['scope']}:{found['name']}"
    entries = [("DID", name), *((key, str(one)) for key, one in found["metadata"].items())]
    nothing = "It has no metadata." if not found["metadata"] else ""
    return Info(found["metadata"], entries, note=found["note"] or nothing)


def _done(route: str, did: str, instance: str | None, **body: Any) -> dict[str, Any]:
    query = {"instance": instance, "ref": str(parse_did(did)), **body}
    found: dict[str, Any] = AgentClient().post(f"/datalake/{route}", query)
    return found


def _refs(contents: str | Iterable[str]) -> list[str]:
    several = [contents] if isinstance(contents, str) else contents
    return [str(parse_did(one)) for one in several]


def _seconds(lifetime: Lifetime) -> int | None:
    return round(lifetime.total_seconds()) if isinstance(lifetime, timedelta) else lifetime
