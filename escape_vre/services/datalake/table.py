"""A list of DIDs from the agent as a table, sorted, with the states of its rows."""

from collections.abc import Iterable
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.core.errors import EscapeError
from escape_vre.core.order import listed
from escape_vre.display.tables import Table
from escape_vre.services.datalake.shown import did_table

STATES_AT_ONCE = 200


def table_of(
    agent: AgentClient,
    stream: Iterable[dict[str, Any]],
    empty: str,
    *,
    limit: int,
    instance: str | None,
) -> Table:
    """Return the table of a list of DIDs, sorted, with their states.

    Parameters
    ----------
    empty : str
        What to say of a list without rows.
    """
    rows, end = [], {}
    for row in stream:
        if "end" in row:
            end = row["end"]
        else:
            rows.append(row)
    rows.sort(key=lambda row: listed(row["type"], row["name"], row["scope"]))
    del rows[limit:]  # the agent sends rows as they come, at most twice as many
    shown, missing = _with_states(agent, rows, instance)
    said = ["" if rows else empty, _note(end, len(rows))]
    return did_table(shown, note=" ".join(filter(None, [*said, *missing])))


def _note(end: dict[str, Any], shown: int) -> str:
    """Say what a list leaves out; nothing where it is whole, or empty."""
    notes = []
    if end.get("truncated"):
        notes.append(f"First {shown:,} shown; use --limit to see more, or narrow the pattern.")
    if skipped := end.get("skipped"):
        notes.append(text.skipped(skipped))
    if note := end.get("note"):
        notes.append(note)
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
