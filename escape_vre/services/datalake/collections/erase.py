"""Erasing a DID: what it erases, when, and what cannot come back.

Rucio erases a DID whose lifetime has ended. Until then the lifetime can be removed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from escape_vre.core.refs import ResourceRef
from escape_vre.core.text import size
from escape_vre.services.datalake.accounts.service import check_scope
from escape_vre.services.datalake.collections import remote
from escape_vre.services.datalake.collections.models import Erasure
from escape_vre.services.datalake.dids import did_in
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import Did, did_of, when
from escape_vre.services.datalake.lifetimes import from_now
from escape_vre.services.datalake.models import DidType
from escape_vre.services.datalake.partly import notes, or_note
from escape_vre.services.datalake.rules import remote as rules
from escape_vre.services.datalake.rules.service import CHECKED_FILES
from escape_vre.services.datalake.service import DataLakeService, Environment

GRACE_S = 86400
"""After this time, as ``rucio did remove`` does: a day to think again, seconds."""
MOST_ABOVE = 100
_AT_ONCE = 8


async def what(
    lake: DataLakeService, instance: str | None, environment: Environment, ref: ResourceRef
) -> Erasure:
    """Return what erasing a DID would erase, and when it will be if that was asked before.

    Raises
    ------
    NotFoundError
        There is no such DID; the hint names the nearest.
    """
    connected = lake.connect(instance, environment)
    found = await lake.did(instance, environment, ref)
    own, no_rules = await or_note(
        rules.all_of(rules.of_did(connected.rucio, did_in(ref))), [], "its rules"
    )
    unprotected, no_others = await or_note(
        _unprotected(connected, did_in(ref), found.type, found.length),
        None,
        "the rules of its files",
    )
    columns, _ = await or_note(connected.rucio.metadata(did_in(ref)), {}, "its lifetime")
    expires = when(columns.get("expired_at"))
    return Erasure(
        ref=str(ref),
        type=found.type,
        files=1 if found.type == "file" else found.length,
        bytes=found.bytes,
        rules=len(own),
        unprotected=unprotected,
        expires=expires,
        message=_message(ref, found.type, len(own), found.length, found.bytes, unprotected),
        note=notes(found.note, no_rules, no_others),
    )


async def erase(
    lake: DataLakeService,
    instance: str | None,
    environment: Environment,
    ref: ResourceRef,
    *,
    lifetime_s: int | None,
) -> Erasure:
    """Have a DID erased after a time, or no longer where the lifetime is None.

    Raises
    ------
    DeniedError
        The scope is not the account's own.
    """
    connected = lake.connect(instance, environment)
    await check_scope(connected, did_in(ref)[0])
    found = await what(lake, instance, environment, ref)
    await remote.set_lifetime(connected.rucio, did_in(ref), lifetime_s)
    expires = from_now(lifetime_s)
    if expires is None:
        kept = f"{ref.body} will not be erased."
        return found.model_copy(update={"expires": None, "message": kept})
    message = f"{ref.body} will be erased at {expires:%Y-%m-%d %H:%M} UTC. {found.message}"
    return found.model_copy(update={"expires": expires, "message": message})


async def _unprotected(
    connected: Connected, did: Did, kind: DidType, length: int | None
) -> int | None:
    """Count the files that only the rules of this DID keep; None where there are too many."""
    if kind == "container" or (kind == "dataset" and (length or 0) > CHECKED_FILES):
        return None
    if kind == "file":
        return 1  # it leaves every dataset, and with these their rules
    files, above = await _files(connected, did), await _above(connected, did)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def kept(file: Did) -> bool:
        async with slots:
            rows = await rules.all_of(rules.of_file(connected.rucio, file))
            return any(
                did_of(row) not in above and not _over(row.get("expires_at")) for row in rows
            )

    return (await asyncio.gather(*map(kept, files))).count(False)


async def _files(connected: Connected, did: Did) -> Sequence[Did]:
    async with aclosing(connected.rucio.files(did)) as rows:
        return [file async for row in rows if (file := did_of(row))]


async def _above(connected: Connected, did: Did) -> set[Did]:
    """Return a DID and the collections that hold it: their rules keep its files through it."""
    found, left = {did}, [did]
    while left and len(found) < MOST_ABOVE:
        async with aclosing(connected.rucio.parents(left.pop())) as rows:
            async for row in rows:
                if (above := did_of(row)) and above not in found:
                    found.add(above)
                    left.append(above)
    return found


def _over(ends: object) -> bool:
    moment = when(ends)
    return moment is not None and moment <= datetime.now(UTC)


def _message(
    ref: ResourceRef,
    kind: DidType,
    own: int,
    length: int | None,
    total: int | None,
    unprotected: int | None,
) -> str:
    """Say in a sentence or two what goes, and what stays."""
    its_rules = f" and its {own} rule{'' if own == 1 else 's'}" if own else ""
    if kind == "file":
        return (
            f"This erases the file {ref.body} ({size(total)}){its_rules}: it leaves every dataset,"
            " and all of its replicas are deleted for good."
        )
    if kind == "container":
        return (
            f"This erases the container {ref.body}{its_rules}. Its datasets stay, but what only its"
            " rules keep may be deleted for good."
        )
    return f"This erases the dataset {ref.body}{its_rules}. {_lost(unprotected, length)}"


def _lost(unprotected: int | None, length: int | None) -> str:
    if unprotected is None:
        return "Files that no other rule keeps are deleted for good."
    if unprotected == 0:
        return "No file is lost with it." if not length else "Other rules keep all of its files."
    if unprotected == length == 1:
        return "Its only file is kept by no other rule and is deleted for good."
    part = f"All {unprotected:,}" if unprotected == length else f"{unprotected:,}"
    return f"{part} of its files are kept by no other rule and are deleted for good."
