"""Subscriptions from Python."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.display.tables import Table


def subscriptions(*, everybody: bool = False, instance: str | None = None) -> Table:
    """List your subscriptions, or those of all accounts."""
    found = AgentClient().get(
        "/datalake/subscriptions", instance=instance, everybody=str(everybody).lower()
    )
    rows = found["subscriptions"]
    return subscription_table(rows, note="" if rows else "There are no subscriptions.")


def subscribe(
    name: str,
    expression: str,
    match: Mapping[str, Any],
    *,
    copies: int = 1,
    lifetime: timedelta | int | None = None,
    comment: str = "",
    instance: str | None = None,
) -> Table:
    """Have a rule made for all new data whose metadata match.

    Parameters
    ----------
    match : mapping
        Keys and values, such as ``{"scope": ["demo"], "project": ["lofar"]}``.
    lifetime : timedelta or int, optional
        Of each rule; seconds if a number.

    Raises
    ------
    DeniedError
        Only administrators may, by the policies of Rucio and of ESCAPE.
    """
    seconds = round(lifetime.total_seconds()) if isinstance(lifetime, timedelta) else lifetime
    body = {
        "instance": instance,
        "name": name,
        "filter": dict(match),
        "expression": expression,
        "copies": copies,
        "lifetime_s": seconds,
        "comment": comment,
    }
    return subscription_table([AgentClient().post("/datalake/subscriptions", body)], note="")


def pause(name: str, *, instance: str | None = None) -> Table:
    """Pause a subscription: it makes no more rules."""
    return _set_active(name, False, instance)


def resume(name: str, *, instance: str | None = None) -> Table:
    """Resume a subscription that was paused."""
    return _set_active(name, True, instance)


def subscription_table(rows: list[dict[str, Any]], *, note: str) -> Table:
    """Show subscriptions: what matches, and which rules they make."""
    return Table(
        rows,
        ("subscription", "account", "state", "filter", "rules", "comment"),
        [
            (
                row["name"],
                row["account"],
                row["state"],
                ", ".join(f"{key}={_words(value)}" for key, value in row["filter"].items()),
                ", ".join(
                    f"{rule.get('copies')} at {rule.get('rse_expression')}" for rule in row["rules"]
                ),
                row["comment"] or "",
            )
            for row in rows
        ],
        note,
    )


def _words(value: object) -> str:
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)


def _set_active(name: str, active: bool, instance: str | None) -> Table:
    body = {"instance": instance, "name": name, "active": active}
    return subscription_table([AgentClient().post("/datalake/subscriptions/active", body)], note="")
