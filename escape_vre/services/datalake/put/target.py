"""Which RSE a put goes to, and whether there is space for it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import ConflictError, NotFoundError, QuotaError, UsageError
from escape_vre.services.datalake.intake import count, flag, word
from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.put.models import RseChoice
from escape_vre.services.datalake.put.remote import PutRemote

SCHEMES = ("davs", "https", "dav", "http")
"""Those of protocols that we can write with, the best first."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where files go.

    Parameters
    ----------
    scheme : str
        Of the protocol to write with.
    quota_left, free : int or None
        Bytes; None where they are not known.
    """

    rse: str
    scheme: str
    quota_left: int | None
    free: int | None

    def check_space(self, needed: int, account: str) -> None:
        """Raise QuotaError where so many bytes more do not fit."""
        if self.quota_left is not None and needed > self.quota_left:
            raise QuotaError(
                f"Not enough quota at {self.rse}: {text.size(needed)} needed,"
                f" {text.size(self.quota_left)} left for account {account}.",
                hint="Delete some of your rules there, choose another RSE, or ask for more quota.",
            )
        if self.free is not None and needed > self.free:
            raise QuotaError(
                f"Not enough space at {self.rse}: {text.size(needed)} needed,"
                f" {text.size(self.free)} free.",
                hint="Choose another RSE, or tell the site.",
            )


async def candidates(remote: PutRemote, account: str) -> list[RseChoice]:
    """Return the RSEs that can be written to and where the account has quota left, by name."""
    rows, quotas = await asyncio.gather(remote.rses(), remote.quotas(account))
    found = [
        RseChoice(rse=rse, quota_left=quotas[rse])
        for row in rows
        if (rse := word(row.get("rse"))) and rse in quotas and _takes_files(row)
        if quotas[rse] != 0
    ]
    return sorted(found, key=lambda choice: choice.rse)


def _takes_files(row: Mapping[str, Any]) -> bool:
    return (
        flag(row.get("availability_write")) is not False
        and flag(row.get("deterministic")) is not False
        and not flag(row.get("volatile"))
        and not flag(row.get("staging_area"))
    )


def chosen(settings: LakeSettings, asked: str | None, among: Sequence[RseChoice]) -> str:
    """Return the RSE that was asked for, else the instance's, else the only one.

    Raises
    ------
    UsageError
        There are several, or none.
    """
    if name := asked or settings.upload_rse:
        return name
    if len(among) == 1:
        return among[0].rse
    if not among:
        raise UsageError(
            f"You can put files on no RSE of {settings.shown}: none can be written to where you"
            " have quota left.",
            hint="Ask the administrators of the data lake for quota at an RSE.",
        )
    names = ", ".join(choice.rse for choice in among[:8])
    more = f" and {len(among) - 8} more" if len(among) > 8 else ""
    raise UsageError(
        f"No RSE was chosen, and there are {len(among)}: {names}{more}.",
        hint="Choose one with --rse; an administrator can set upload_rse.",
        details={"field": "rse"},
    )


async def target_at(remote: PutRemote, settings: LakeSettings, rse: str, account: str) -> Target:
    """Return an RSE as a place to put files.

    Raises
    ------
    NotFoundError
        There is no such RSE; the hint names the nearest.
    ConflictError
        It cannot be written to, or not by us.
    """
    try:
        found, free, quotas = await asyncio.gather(
            remote.rse(rse), remote.free(rse), remote.quotas(account)
        )
    except NotFoundError as e:
        names = [name for row in await remote.rses() if (name := word(row.get("rse")))]
        near = text.nearest(rse, names)
        raise NotFoundError(
            f"There is no RSE {rse} in {settings.shown}.",
            hint=f"Did you mean {near}?" if near else "Run %dl rses to see all.",
        ) from e
    if flag(found.get("availability_write")) is False:
        raise _unfit(rse, "is not open for writing at the moment")
    if flag(found.get("volatile")) or flag(found.get("staging_area")):
        raise _unfit(rse, "is a cache, which takes no uploads")
    if flag(found.get("deterministic")) is False:
        raise _unfit(rse, "has no rule for where files go (it is not deterministic)")
    scheme = scheme_of(found, settings)
    if scheme is None:
        raise _unfit(rse, "has no protocol that escape-vre can write with (davs or https)")
    return Target(rse, scheme, quotas.get(rse), free)


def scheme_of(found: Mapping[str, Any], settings: LakeSettings) -> str | None:
    """Return the scheme to write with: the RSE's own order, among those that we know."""
    known = (*SCHEMES, *(("file",) if settings.file_roots else ()))
    usable: list[tuple[int, int, str]] = []
    protocols = found.get("protocols")
    for protocol in protocols if isinstance(protocols, list) else ():
        if not isinstance(protocol, dict) or protocol.get("scheme") not in known:
            continue
        domains = protocol.get("domains")
        wan = domains.get("wan") if isinstance(domains, dict) else None
        order = count(wan.get("write")) if isinstance(wan, dict) else None
        if order:
            scheme = str(protocol["scheme"])
            usable.append((order, known.index(scheme), scheme))
    return min(usable)[2] if usable else None


def _unfit(rse: str, why: str) -> ConflictError:
    return ConflictError(f"{rse} {why}.", hint="Choose another RSE with --rse.")
