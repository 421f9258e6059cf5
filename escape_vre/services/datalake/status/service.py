"""The lake's state, as far as the account may see it."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from escape_vre.core.errors import DeniedError
from escape_vre.core.order import natural
from escape_vre.services.datalake.accounts.service import name_of
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import count, word
from escape_vre.services.datalake.partly import notes, or_note
from escape_vre.services.datalake.rses.models import Rse
from escape_vre.services.datalake.rses.service import rses
from escape_vre.services.datalake.rules import remote
from escape_vre.services.datalake.rules.read import rule_of
from escape_vre.services.datalake.status.models import LakeStatus, Link, Mine

STUCK_SHOWN = 20


async def status(connected: Connected) -> LakeStatus:
    """Return usage of RSEs, own rules that wait, and all transfers where that is allowed.

    The policies of Rucio and ESCAPE show transfers of the whole lake to administrators only; what
    else cannot be had is left out, and the note says so.
    """
    (sites, no_rses), (mine, no_rules), (links, no_links) = await asyncio.gather(
        or_note(_rses(connected), [], "the RSEs"),
        or_note(_mine(connected), None, "your rules"),
        or_note(_links(connected), None, "the transfers"),
    )
    return LakeStatus(rses=sites, mine=mine, links=links, note=notes(no_rses, no_rules, no_links))


async def _rses(connected: Connected) -> list[Rse]:
    async with aclosing(rses(connected, "")) as rows:
        return [rse async for rse in rows]


async def _mine(connected: Connected) -> Mine:
    who, rules, replicating, stuck, ids = await name_of(connected), 0, 0, 0, list[str]()
    async with aclosing(remote.of_account(connected.rucio, who)) as rows:
        async for row in rows:
            rule = rule_of(row, who)
            if rule is None:
                continue
            rules += 1
            replicating += rule.replicating
            stuck += rule.stuck
            if rule.state == "STUCK" and len(ids) < STUCK_SHOWN:
                ids.append(rule.id)
    return Mine(rules=rules, replicating=replicating, stuck=stuck, stuck_rules=ids)


async def _links(connected: Connected) -> list[Link] | None:
    """Return the transfers between RSEs (GET /requests/metrics); None where not allowed."""
    try:
        async with aclosing(connected.rucio.rows("GET", "/requests/metrics")) as rows:
            found = [link async for row in rows if (link := _link(row))]
    except DeniedError:
        return None
    busy = [link for link in found if link.queued or link.done or link.failed]
    return sorted(busy, key=lambda link: (natural(link.source), natural(link.destination)))


def _link(row: Mapping[str, Any]) -> Link | None:
    source, destination = word(row.get("src_rse")), word(row.get("dst_rse"))
    if source is None or destination is None:
        return None
    files, sizes = _part(row, "files"), _part(row, "bytes")
    return Link(
        source=source,
        destination=destination,
        queued=count(files.get("queued-total")) or 0,
        queued_bytes=count(sizes.get("queued-total")) or 0,
        done=count(files.get("done-total-1h")) or 0,
        failed=count(files.get("failed-total-1h")) or 0,
    )


def _part(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = row.get(key)
    return found if isinstance(found, dict) else {}
