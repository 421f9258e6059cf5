"""The user's account from Python."""

from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.display.tables import Table

BAR = 20
"""Width of a bar of usage, characters."""


def quota(*, instance: str | None = None) -> Table:
    """Return how much your account has stored at each RSE, and how much it may.

    Sizes are bytes; ``limit`` and ``left`` are None where there is no limit.
    """
    found = AgentClient().get("/datalake/account", instance=instance)
    rows = [*found["quotas"], *found["shared"]]
    unlimited = (
        "No quota limits your account: it is an administrator's." if found["unlimited"] else ""
    )
    nothing = f"Account {found['account']} has no quota at any RSE." if not rows else ""
    return Table(
        rows,
        ("RSE", "used", "limit", "left", "files", "usage"),
        [
            (
                row.get("rse") or f"all of {row['expression']}",
                text.size(row["used"]),
                allowance(row["limit"]),
                allowance(row["left"]),
                f"{row['files']:,}",
                bar(row),
            )
            for row in rows
        ],
        " ".join(filter(None, [nothing, unlimited, found["note"]])),
        frozenset({1, 2, 3, 4}),
    )


def allowance(limit: int | None) -> str:
    """Write how much may be stored."""
    return "no limit" if limit is None else text.size(limit)


def bar(quota: dict[str, Any]) -> str:
    """Draw how much of a quota is used, with the percentage; nothing where there is no limit."""
    if not quota["limit"]:
        return ""
    part = min(1.0, quota["used"] / quota["limit"])
    full = round(part * BAR)
    return f"{'█' * full}{'░' * (BAR - full)} {text.percent(part)}"
