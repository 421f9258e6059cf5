"""What the user's account may store, and what it owns."""

import asyncio
from typing import Any

from escape_vre.core.errors import DeniedError
from escape_vre.core.order import natural
from escape_vre.services.datalake.accounts import remote
from escape_vre.services.datalake.accounts.models import Account, RseQuota, SharedQuota
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import count, word
from escape_vre.services.datalake.kept import Kept
from escape_vre.services.datalake.partly import notes, or_note

_NAMES: Kept[str] = Kept(600.0)


async def name_of(connected: Connected) -> str:
    """Return the name of the account, asked for where the configuration does not have it."""
    return await _NAMES.get(connected.rucio, connected.rucio.whoami)


async def account_of(connected: Connected) -> Account:
    """Return the account with its scopes and quotas.

    What cannot be had is left out, and the note says so.

    Raises
    ------
    EscapeError
        Rucio does not say who we are.
    """
    rucio, name = connected.rucio, await name_of(connected)
    (
        (attributes, no_attributes),
        (scopes, no_scopes),
        (quotas, no_quotas),
        (shared, no_shared),
    ) = await asyncio.gather(
        or_note(remote.attributes(rucio, name), {}, "the account's attributes"),
        or_note(remote.scopes(rucio, name), [], "the account's scopes"),
        or_note(remote.usage(rucio, name), [], "the account's quotas"),
        or_note(_shared(rucio, name), [], "the account's shared quotas"),
    )
    return Account(
        account=name,
        admin=is_admin(name, attributes),
        unlimited=bool(attributes.get("admin")),  # root has quotas like everybody
        scopes=sorted(scopes, key=natural),
        quotas=sorted(filter(None, map(_at_rse, quotas)), key=lambda quota: natural(quota.rse)),
        shared=shared,
        note=notes(no_attributes, no_scopes, no_quotas, no_shared),
    )


async def check_scope(connected: Connected, scope: str) -> None:
    """Refuse a scope that the account does not own, before anything is written.

    Where Rucio does not say what it owns, nothing is refused here: Rucio itself will.

    Raises
    ------
    DeniedError
        The scope is another account's; the hint names those that are the account's own.
    """
    name = await name_of(connected)
    scopes, unknown = await or_note(remote.scopes(connected.rucio, name), [], "the scopes")
    if unknown or scope in scopes:
        return
    attributes, unknown = await or_note(
        remote.attributes(connected.rucio, name), {}, "the attributes"
    )
    if unknown or is_admin(name, attributes):
        return
    own = ", ".join(sorted(scopes, key=natural)[:5])
    raise DeniedError(
        f"Account {name} does not own scope {scope}, so it may not write there.",
        hint=f"Use a scope of your own: {own}." if own else "Ask for a scope of your own.",
        details={"scopes": scopes},
    )


def is_admin(name: str, attributes: dict[str, Any]) -> bool:
    """Tell whether an account may do everything, in the policies of Rucio and of ESCAPE."""
    return name == "root" or bool(attributes.get("admin"))


def _at_rse(row: dict[str, Any]) -> RseQuota | None:
    rse = word(row.get("rse"))
    return RseQuota(rse=rse, **_quota(row)) if rse else None


async def _shared(rucio: RucioClient, name: str) -> list[SharedQuota]:
    usage = await remote.shared_usage(rucio, name)
    resolved = await remote.shared_limits(rucio, name) if usage else {}
    return [
        SharedQuota(expression=expression, rses=resolved.get(expression, []), **_quota(row))
        for row in usage
        if (expression := word(row.get("rse_expression")))
    ]


def _quota(row: dict[str, Any]) -> dict[str, int | None]:
    used, limit = count(row.get("bytes")) or 0, remote.limit_of(row.get("bytes_limit"))
    left = None if limit is None else max(0, limit - used)
    return {"used": used, "files": count(row.get("files")) or 0, "limit": limit, "left": left}
