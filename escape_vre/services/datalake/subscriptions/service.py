"""Subscriptions: list, make, pause and resume."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from escape_vre.core.errors import DeniedError, NotFoundError, UsageError
from escape_vre.core.order import natural
from escape_vre.core.text import nearest
from escape_vre.services.datalake.accounts.service import name_of
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import count, plain, sentence, when, word
from escape_vre.services.datalake.rses.expression import normal
from escape_vre.services.datalake.rses.service import matching
from escape_vre.services.datalake.subscriptions import remote
from escape_vre.services.datalake.subscriptions.models import State, Subscription

_STATES: Mapping[str, State] = {
    "A": "ACTIVE",
    "I": "INACTIVE",
    "N": "NEW",
    "U": "UPDATED",
    "B": "BROKEN",
}
ACTIVITY = "User Subscriptions"


async def subscriptions(connected: Connected, *, everybody: bool) -> list[Subscription]:
    """Return the account's subscriptions, or all that there are."""
    who = None if everybody else await name_of(connected)
    rows = await remote.subscriptions(connected.rucio, who)
    found = [one for row in rows if (one := _subscription(row))]
    return sorted(found, key=lambda one: (natural(one.account), natural(one.name)))


async def add(
    connected: Connected,
    name: str,
    *,
    match: Mapping[str, Any],
    expression: str,
    copies: int,
    lifetime_s: int | None,
    comment: str,
) -> Subscription:
    """Make a subscription: a rule for each new DID that matches.

    Raises
    ------
    UsageError
        The filter is empty, which would match all data, or the expression matches nothing.
    DeniedError
        Policies leave subscriptions to administrators.
    """
    if not match:
        raise UsageError(
            "The filter is empty, so all new data would match.",
            hint="Say what must match, such as scope=demo or project=lofar.",
        )
    names = await matching(connected, expression)
    if not 1 <= copies <= len(names):
        raise UsageError(
            f"{copies} copies were asked for, and {len(names)} RSEs match {expression}.",
            hint="Ask for at least 1 and at most that many copies.",
        )
    who = await name_of(connected)
    rule = {"rse_expression": normal(expression), "copies": copies, "activity": ACTIVITY}
    rule |= {"lifetime": lifetime_s} if lifetime_s is not None else {}
    options = {
        "filter": dict(match),
        "replication_rules": [rule],
        "comments": comment,
        "lifetime": None,
        "retroactive": False,
    }
    try:
        await remote.add(connected.rucio, who, name, options)
    except DeniedError as e:
        raise _only_administrators(e, connected) from e
    return await _named(connected, name)


async def set_active(connected: Connected, name: str, active: bool) -> Subscription:
    """Pause or resume a subscription; one that is so already is left as it is.

    Raises
    ------
    NotFoundError
        The account has no such subscription; the hint names the nearest.
    """
    found = await _named(connected, name)
    if found.active == active:
        return found
    try:
        await remote.set_state(connected.rucio, found.account, name, "A" if active else "I")
    except DeniedError as e:
        raise _only_administrators(e, connected) from e
    return await _named(connected, name)


async def _named(connected: Connected, name: str) -> Subscription:
    found = {one.name: one for one in await subscriptions(connected, everybody=False)}
    if name not in found:
        near = nearest(name, found)
        raise NotFoundError(
            f"Your account has no subscription {name}.",
            hint=f"Did you mean {near}?" if near else "Run %dl subscriptions to see all.",
        )
    return found[name]


def _subscription(row: Mapping[str, Any]) -> Subscription | None:
    """Read one subscription; Rucio keeps filter and rules as JSON texts."""
    name, account = word(row.get("name")), word(row.get("account"))
    if name is None or account is None:
        return None
    said = sentence(row.get("state")).upper()
    state = _STATES.get(said[:1], "UNKNOWN")
    rules, match = _json(row.get("replication_rules")), _json(row.get("filter"))
    return Subscription(
        id=word(row.get("id")) or "",
        name=name,
        account=account,
        state=state,
        active=state in ("ACTIVE", "NEW", "UPDATED"),
        filter=match if isinstance(match, dict) else {},
        rules=_mappings(rules if isinstance(rules, list) else []),
        comment=sentence(row.get("comments")) or None,
        priority=count(row.get("policyid")),
        expires=when(row.get("lifetime")),
        created=when(row.get("created_at")),
    )


def _mappings(rules: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [rule for rule in rules if isinstance(rule, dict)]


def _json(value: object) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return plain(value)


def _only_administrators(error: DeniedError, connected: Connected) -> DeniedError:
    return DeniedError(
        error.message,
        hint=f"Ask the administrators of {connected.settings.shown}, or make a rule for the data"
        " that is there with %dl rule add.",
    )
