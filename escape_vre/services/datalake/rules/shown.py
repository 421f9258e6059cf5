"""How rules are shown in notebooks and terminals; standard library only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from escape_vre.core import text
from escape_vre.display.tables import Info, Table


def rule_table(rows: Sequence[dict[str, Any]], *, note: str) -> Table:
    """Show rules: DID, expression, copies, state, until when, whose."""
    return Table(
        rows,
        ("rule", "DID", "RSE expression", "copies", "state", "until", "account", "comment"),
        [
            (
                row["id"],
                row["ref"].removeprefix("rucio:"),
                row["expression"],
                str(row["copies"]),
                state(row),
                when(row["expires"]) or "no end",
                row["account"] or "–",
                row["comment"] or "",
            )
            for row in rows
        ],
        note,
        frozenset({3}),
    )


def state(rule: Mapping[str, Any]) -> str:
    """Say how far a rule is: its state, and how many replicas are where they should be."""
    wanted = rule["ok"] + rule["replicating"] + rule["stuck"]
    if rule["state"] == "OK" or not wanted:
        return str(rule["state"])
    return f"{rule['state']} {text.percent(rule['ok'] / wanted)} ({rule['ok']:,} of {wanted:,})"


def when(moment: str | None) -> str:
    """Write a time in this machine's time zone, to the minute."""
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def rule_info(rule: Mapping[str, Any]) -> Info:
    """Show a rule in full: progress at each RSE, and why files have not arrived."""
    entries = [
        ("rule", rule["id"]),
        ("DID", rule["ref"].removeprefix("rucio:")),
        ("account", rule["account"] or "–"),
        ("RSE expression", rule["expression"]),
        ("copies", str(rule["copies"])),
        ("grouping", rule["grouping"] or "–"),
        ("state", state(rule)),
        ("until", when(rule["expires"]) or "no end"),
        ("priority", str(rule["priority"])),
        ("created", when(rule["created"])),
    ]
    entries += [("locked", "yes")] if rule["locked"] else []
    entries += [("comment", rule["comment"])] if rule["comment"] else []
    entries += [("why", rule["why"])] if rule["why"] else []
    for one in rule["progress"]:
        late = [f"{one[what]:,} {what}" for what in ("replicating", "stuck") if one[what]]
        entries.append((f"at {one['rse']}", ", ".join([f"{one['ok']:,} ok", *late])))
    for one in rule["troubles"]:
        tried = f", tried {one['attempts']} times" if (one["attempts"] or 0) > 1 else ""
        at = f" from {one['source']}" if one["source"] else ""
        did = one["ref"].removeprefix("rucio:")
        entries.append((f"late at {one['rse']}", f"{did}{at}: {one['reason']}{tried}"))
    if rule["more_troubles"]:
        entries.append(("late", f"{rule['more_troubles']:,} more replicas"))
    return Info(rule, entries, note=rule["note"] or "")
