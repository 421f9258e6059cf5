"""The data lake from Python: the same calls as the panel and the magics.

>>> import escape_vre
>>> escape_vre.ls("demo:fermi*")  # doctest: +SKIP
"""

from collections.abc import Iterable, Iterator
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.core.errors import (
    EscapeError,
    UsageError,
)
from escape_vre.core.order import listed
from escape_vre.display.tables import Info, Table
from escape_vre.services.datalake.dids import did_ref, parse_did
from escape_vre.services.datalake.shown import did_info, did_table

STATES_AT_ONCE = 200

__all__ = ["info", "ls", "whoami"]


def ls(
    what: str = "",
    *,
    type: str = "all",
    limit: int = 200,
    instance: str | None = None,
) -> Table:
    """List scopes, the DIDs of a scope, or the content of a container or dataset.

    Containers come first, then datasets, then files, each by name, numbers by their value.

    Parameters
    ----------
    what : str
        Empty for the scopes; ``scope`` or ``scope:pattern*`` for DIDs; ``scope:name`` for the
        contents of that DID.
    type : str
        ``all``, ``collection``, ``container``, ``dataset`` or ``file``.
    limit : int
        Maximum number of rows; the table says if there are more.

    Raises
    ------
    NotFoundError
        There is no such scope or DID; the hint names the nearest.
    """
    agent = AgentClient()
    if not what.strip():
        scopes = agent.get("/datalake/scopes", instance=instance)["scopes"]
        rows = [{"scope": scope} for scope in scopes]
        return Table(rows, ("scope",), [(scope,) for scope in scopes], "")
    stream, empty = _listing(agent, what, type=type, limit=limit, instance=instance)
    rows, end = [], {}
    for row in stream:
        if "end" in row:
            end = row["end"]
        else:
            rows.append(row)
    rows.sort(key=lambda row: listed(row["type"], row["name"], row["scope"]))
    del rows[limit:]  # the agent sends rows as they come, at most twice as many
    shown, missing = _with_states(agent, rows, instance)
    said = _note(end, len(rows)) or ("" if rows else empty)
    return did_table(shown, note=" ".join(filter(None, [said, *missing])))


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


def _note(end: dict[str, Any], shown: int) -> str:
    """Say what a list leaves out; nothing where it is whole, or empty."""
    notes = []
    if end.get("truncated"):
        notes.append(f"First {shown:,} shown; use --limit to see more, or narrow the pattern.")
    if skipped := end.get("skipped"):
        notes.append(text.skipped(skipped))
    return " ".join(notes)


def _with_states(
    agent: AgentClient, rows: list[dict[str, Any]], instance: str | None
) -> tuple[list[dict[str, Any]], Iterable[str]]:
    """Return the rows with their states, and what of these is not known, a sentence each."""
    found: dict[str, dict[str, Any]] = {}
    missing: dict[str, None] = {}
    for start in range(0, len(rows), STATES_AT_ONCE):
        refs = [row["ref"] for row in rows[start : start + STATES_AT_ONCE]]
        try:
            answer = agent.post(
                "/datalake/states", {"instance": instance, "refs": refs}, repeatable=True
            )
        except EscapeError as e:
            missing[f"Some states could not be read: {e.message}"] = None
            continue
        found |= {row["ref"]: row for row in answer["rows"]}
        missing |= dict.fromkeys(row["note"] for row in answer["rows"] if row["note"])
    merged = []
    for row in rows:
        states = {k: v for k, v in found.get(row["ref"], {}).items() if v is not None}
        merged.append({**row, **states})
    return merged, missing


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
