"""RSEs from Python."""

from collections.abc import Sequence
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.display.tables import Table
from escape_vre.services.datalake.accounts.api import allowance


def rses(expression: str = "", *, instance: str | None = None) -> Table:
    r"""List the RSEs that match an expression, with their room, your quota and attributes.

    Parameters
    ----------
    expression : str
        Terms such as ``site=NORTH``, ``tape`` or the name of an RSE, combined with ``&`` (and),
        ``|`` (or), ``\`` (but not) and parentheses; empty for all RSEs.

    Raises
    ------
    UsageError
        The expression has a typo, or matches nothing; the message names the place, and the hint
        the nearest attribute or value.
    """
    stream = AgentClient().stream("/datalake/rses", instance=instance, expression=expression)
    rows = [row for row in stream if "end" not in row]
    notes = dict.fromkeys(row["note"] for row in rows if row["note"])
    return rse_table(rows, note=" ".join(notes) or ("" if rows else "This data lake has no RSEs."))


def rse_table(rows: Sequence[dict[str, Any]], *, note: str) -> Table:
    """Show RSEs: their room, your quota, what they do not do, their attributes."""
    return Table(
        rows,
        ("RSE", "type", "free", "used", "your quota left", "state", "attributes"),
        [
            (
                row["name"],
                "tape" if row["tape"] else (row["type"] or "").lower(),
                text.size(row["free"]),
                text.size(row["used"]),
                allowance(row["quota"]["left"]) if row["quota"] else "–",
                state(row),
                ", ".join(f"{key}={value}" for key, value in row["attributes"].items()),
            )
            for row in rows
        ],
        note,
        frozenset({2, 3, 4}),
    )


def state(rse: dict[str, Any]) -> str:
    """Say in words what an RSE does not do; ``ok`` where it does all."""
    lacking = [
        word
        for word, is_so in (
            ("no reading", not rse["readable"]),
            ("no writing", not rse["writable"]),
            ("no deleting", not rse["deletable"]),
            ("staging area", rse["staging"]),
            ("not deterministic", rse["deterministic"] is False),
            ("volatile", rse["volatile"]),
        )
        if is_so
    ]
    return ", ".join(lacking) or "ok"
