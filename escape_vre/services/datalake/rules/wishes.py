"""The decisions about a new rule: what it would do, why Rucio would refuse it, and making it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from escape_vre.core.errors import EscapeError, QuotaError, UsageError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.text import size
from escape_vre.services.datalake.accounts.models import Account
from escape_vre.services.datalake.accounts.service import account_of
from escape_vre.services.datalake.dids import did_in, parse_did
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import count, did_of
from escape_vre.services.datalake.lifetimes import from_now, seconds_of
from escape_vre.services.datalake.rses.expression import normal
from escape_vre.services.datalake.rses.models import Rse
from escape_vre.services.datalake.rses.service import rses as matching_rses
from escape_vre.services.datalake.rules import remote
from escape_vre.services.datalake.rules.models import Made, Near, Preview, RuleWish
from escape_vre.services.datalake.rules.read import rule_of
from escape_vre.services.datalake.service import DataLakeService

COUNTED = 20
"""DIDs whose size is asked for one by one, because open datasets have none in the catalogue."""
COMMENT = 250
Environment = Mapping[str, str]


@dataclass(slots=True)
class _Plan:
    """What is known of a wish."""

    account: Account
    lifetime_s: int | None = None
    rses: list[Rse] = field(default_factory=list)
    usable: list[Rse] = field(default_factory=list)
    bytes: int | None = None
    files: int | None = None
    warnings: list[str] = field(default_factory=list)


async def preview(
    lake: DataLakeService, instance: str | None, environment: Environment, wish: RuleWish
) -> Preview:
    """Return what a rule would do, and why Rucio would refuse it; nothing is written."""
    connected = lake.connect(instance, environment)
    plan = _Plan(await account_of(connected))
    refusal = None
    try:
        await _complete(plan, lake, connected, environment, wish)
    except EscapeError as e:
        refusal = e
    return Preview(
        rses=plan.rses,
        usable=[rse.name for rse in plan.usable],
        copies=wish.copies,
        bytes=plan.bytes,
        files=plan.files,
        expires=from_now(plan.lifetime_s),
        refusal=refusal.message if refusal else None,
        hint=refusal.hint if refusal else None,
        warnings=plan.warnings,
    )


async def add(
    lake: DataLakeService, instance: str | None, environment: Environment, wish: RuleWish
) -> Made:
    """Make a rule for each DID; one that the account has already is left as it is.

    Raises
    ------
    UsageError, QuotaError, NotFoundError
        What is known to be refused is refused before anything is written.
    """
    connected = lake.connect(instance, environment)
    plan = _Plan(await account_of(connected))
    await _complete(plan, lake, connected, environment, wish)
    there = await _there(connected, plan.account.account, wish)
    missing = [ref for ref in _refs(wish) if ref not in there]
    made: list[str] = []
    if missing:
        body = {
            "account": plan.account.account,
            "copies": wish.copies,
            "rse_expression": normal(wish.expression),
            "lifetime": plan.lifetime_s,
            "grouping": wish.grouping,
            "priority": wish.priority,
            "comment": wish.comment,
            "activity": wish.activity,
        }
        made = await remote.add(connected.rucio, body, map(did_in, missing))
    said = [f"Rule {one} for {ref.body} is there already." for ref, one in there.items()]
    return Made(
        rules=[*made, *there.values()],
        expires=from_now(plan.lifetime_s) if made else None,
        warnings=[*said, *plan.warnings],
    )


async def near(
    lake: DataLakeService, instance: str | None, environment: Environment, ref: ResourceRef
) -> Near | None:
    """Return the rule that keeps a copy near this JupyterLab; None where the site names no RSE."""
    connected = lake.connect(instance, environment)
    expression = connected.settings.near
    if not expression:
        return None
    found = matching_rses(connected, expression)
    async with aclosing(found) as rows:
        names = [rse.name async for rse in rows]
    sites = await lake.sites(instance, environment, ref)
    there = any(site.rse in names and site.state == "available" for site in sites.sites)
    return Near(expression=expression, there=there, rses=names)


async def _complete(
    plan: _Plan,
    lake: DataLakeService,
    connected: Connected,
    environment: Environment,
    wish: RuleWish,
) -> None:
    """Find out what a wish means; raise what Rucio would refuse."""
    _check_numbers(wish)
    plan.lifetime_s = seconds_of(wish.lifetime_s, wish.until)
    async with aclosing(matching_rses(connected, wish.expression, account=plan.account)) as rows:
        plan.rses = [rse async for rse in rows]
    refs = _refs(wish)
    await lake.check(connected.settings.name, environment, refs)
    await _measure(plan, connected, refs)
    _warn(plan, wish)
    _check_rses(plan, wish)
    _check_quota(plan, wish)


def _refs(wish: RuleWish) -> list[ResourceRef]:
    return list(dict.fromkeys(map(parse_did, wish.refs)))


def _check_numbers(wish: RuleWish) -> None:
    if not wish.expression.strip():
        raise UsageError(
            "The rule has no RSE expression.", hint="Run %dl rses to see what may be chosen."
        )
    if wish.copies < 1:
        raise UsageError("A rule needs at least one copy.", hint="Ask for 1 or more copies.")
    if not 1 <= wish.priority <= 5:
        raise UsageError(
            f"The priority must be 1 to 5, not {wish.priority}.", hint="3 is the usual priority."
        )
    if wish.comment and len(wish.comment) > COMMENT:
        raise UsageError(
            f"The comment has {len(wish.comment)} characters, at most {COMMENT} are possible.",
            hint="Shorten the comment.",
        )


async def _measure(plan: _Plan, connected: Connected, refs: Sequence[ResourceRef]) -> None:
    """Sum bytes and files of the DIDs, as far as Rucio says."""
    if len(refs) > COUNTED:
        return
    try:
        found = await asyncio.gather(*(connected.rucio.did(did_in(ref)) for ref in refs))
    except EscapeError:
        return  # Rucio checks the quota itself
    sizes = [count(row.get("bytes")) for row in found]
    lengths = [1 if row.get("type") == "FILE" else count(row.get("length")) for row in found]
    plan.bytes = None if None in sizes else sum(one or 0 for one in sizes)
    plan.files = None if None in lengths else sum(one or 0 for one in lengths)
    names = [ref.body for ref, row in zip(refs, found, strict=True) if row.get("open") is True]
    if names:
        what = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        plan.warnings.append(f"{what} is open: the rule also keeps what is attached later.")


def _warn(plan: _Plan, wish: RuleWish) -> None:
    if plan.lifetime_s is None and not plan.account.admin:
        plan.warnings.append(
            "Without a lifetime the rule stays until it is deleted, which many data lakes leave to"
            " their administrators."
        )
    if tape := [rse.name for rse in plan.rses if rse.tape]:
        plan.warnings.append(f"{', '.join(tape[:3])}: reading from tape takes a while.")


def _check_rses(plan: _Plan, wish: RuleWish) -> None:
    writable = [rse for rse in plan.rses if rse.writable]
    plan.usable = [rse for rse in writable if _left(rse) != 0]
    if not writable:
        raise UsageError(
            f"None of the RSEs that match {wish.expression} can be written to now.",
            hint="Choose other RSEs, or try again later.",
        )
    if wish.copies > len(writable):
        noun = "RSE matches" if len(writable) == 1 else "RSEs match"
        raise UsageError(
            f"{wish.copies} copies were asked for, but only {len(writable)} {noun}"
            f" {wish.expression}.",
            hint="Ask for fewer copies, or widen the expression.",
        )
    if plan.lifetime_s is None and any(rse.staging for rse in plan.rses):
        raise UsageError(
            "A rule for a staging area needs a lifetime.", hint="Set a lifetime or a date."
        )


def _check_quota(plan: _Plan, wish: RuleWish) -> None:
    """Refuse what cannot fit; Rucio decides where each dataset goes, and may refuse more."""
    if any(rse.quota is None for rse in plan.rses):
        return
    hint = "Run %dl quota to see your quota; choose other RSEs, or ask the site for more."
    if len(plan.usable) < wish.copies:
        raise QuotaError(
            f"Account {plan.account.account} has no quota left at"
            f" {_shown([rse.name for rse in plan.rses if _left(rse) == 0])}.",
            hint=hint,
        )
    lefts = [_left(rse) for rse in plan.usable]
    known = [left for left in lefts if left is not None]
    if plan.bytes is None or len(known) < len(lefts):
        return
    whole = wish.grouping == "ALL" or (plan.files == 1 and len(_refs(wish)) == 1)
    fits = (
        sum(left > plan.bytes for left in known) >= wish.copies
        if whole
        else sum(known) >= plan.bytes * wish.copies
    )
    if not fits:
        raise QuotaError(
            f"Not enough quota at {_shown([rse.name for rse in plan.usable])}:"
            f" {size(plan.bytes * wish.copies)} needed, {size(sum(known))} left.",
            hint=hint,
        )


def _left(rse: Rse) -> int | None:
    """Return the quota left at an RSE; None where there is no limit, or it is not known."""
    return rse.quota.left if rse.quota else None


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


async def _there(connected: Connected, account: str, wish: RuleWish) -> dict[ResourceRef, str]:
    """Return the rules that are as wished already: Rucio takes no second one."""
    found: dict[ResourceRef, str] = {}
    for ref in _refs(wish):
        for row in await remote.all_of(remote.of_did(connected.rucio, did_in(ref))):
            rule = rule_of(row, account) if did_of(row) == did_in(ref) else None
            if (
                rule
                and rule.mine
                and rule.copies == wish.copies
                and rule.expression == normal(wish.expression)
            ):
                found[ref] = rule.id
    return found
