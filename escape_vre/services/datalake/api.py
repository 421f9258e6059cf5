"""The data lake from Python: the same calls as the panel and the magics.

>>> import escape_vre
>>> escape_vre.ls("demo:fermi*")  # doctest: +SKIP
"""

from collections.abc import Iterator
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core.errors import (
    UsageError,
)
from escape_vre.display.tables import Info, Table
from escape_vre.services.datalake.dids import did_ref, parse_did
from escape_vre.services.datalake.search.api import search
from escape_vre.services.datalake.search.grammar import has_conditions
from escape_vre.services.datalake.shown import did_info
from escape_vre.services.datalake.table import table_of

__all__ = ["info", "ls", "whoami"]


def ls(
    what: str = "",
    *,
    type: str = "all",
    limit: int = 200,
    instance: str | None = None,
) -> Table:
    """List scopes, the DIDs of a scope, or the content of a container or dataset; or search.

    Containers come first, then datasets, then files, each by name, numbers by their value.

    Parameters
    ----------
    what : str
        Empty for the scopes; ``scope`` or ``scope:pattern*`` for DIDs; ``scope:name`` for the
        contents of that DID. With conditions after it, such as ``demo:* instrument=LAT``, what
        :func:`search` finds.
    type : str
        ``all``, ``collection``, ``container``, ``dataset`` or ``file``.
    limit : int
        Maximum number of rows; the table says if there are more.

    Raises
    ------
    NotFoundError
        There is no such scope or DID; the hint names the nearest.
    """
    if has_conditions(what):
        return search(what, type=type, limit=limit, instance=instance)
    agent = AgentClient()
    if not what.strip():
        scopes = agent.get("/datalake/scopes", instance=instance)["scopes"]
        rows = [{"scope": scope} for scope in scopes]
        return Table(rows, ("scope",), [(scope,) for scope in scopes], "")
    stream, empty = _listing(agent, what, type=type, limit=limit, instance=instance)
    return table_of(agent, stream, empty, limit=limit, instance=instance)


def _listing(
    agent: AgentClient, what: str, *, type: str, limit: int, instance: str | None
) -> tuple[Iterator[dict[str, Any]], str]:
    """Return the rows of what a person typed, and what to say when there are none."""
    scope, colon, pattern = what.strip().removeprefix("rucio:").partition(":")
    pattern = pattern if colon else "*"
    if any(c in scope for c in "*?"):
        raise UsageError(
            f"{what} does not name a scope.",
            hint=f"Search in one scope, as in %dl ls demo:{scope}; run %dl ls to see all scopes.",
        )
    query = {"instance": instance, "limit": limit}
    if any(c in pattern for c in "*?") or not pattern:
        query |= {"scope": scope, "pattern": pattern or "*", "type": type}
        return agent.stream("/datalake/dids", **query), f"No DID in {scope} matches {pattern}."
    ref = did_ref(scope, pattern)
    did = agent.get("/datalake/did", instance=instance, ref=str(ref))
    if did["type"] == "file":
        return iter([did, {"end": {"count": 1, "truncated": False}}]), ""
    contents = agent.stream("/datalake/contents", ref=str(ref), **query)
    return contents, f"{scope}:{pattern} is empty."


def info(did: str, *, instance: str | None = None) -> Info:
    """Return everything about a DID: size, checksums, metadata, and sites.

    Raises
    ------
    NotFoundError
        There is no such DID; the hint names the nearest.
    """
    agent = AgentClient()
    ref = str(parse_did(did))
    found = agent.get("/datalake/did", instance=instance, ref=ref)
    replicas = agent.get("/datalake/replicas", instance=instance, ref=ref)
    notes = dict.fromkeys(note for note in (found.pop("note", None), replicas.get("note")) if note)
    where = {"sites": replicas["sites"], "obstacle": replicas["obstacle"]}
    return did_info({**found, **where}, note=" ".join(notes))


def whoami(*, instance: str | None = None) -> dict[str, Any]:
    """Return account, server and version of a data lake, and how long it took to answer, ms."""
    found: dict[str, Any] = AgentClient().get("/datalake/whoami", instance=instance)
    return found
