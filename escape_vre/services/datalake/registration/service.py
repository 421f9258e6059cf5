"""The decisions of a registration in place: what the storage says comes first."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from escape_vre.core import text
from escape_vre.core.errors import ConflictError, NotFoundError, UsageError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.settings import Transfers
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.connections import Connections
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.dav import DavStore
from escape_vre.jobs.transfer.folder import FolderStore
from escape_vre.jobs.transfer.store import Found
from escape_vre.services.datalake.dids import did_in, did_ref
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import checksum, flag
from escape_vre.services.datalake.put.register import is_same
from escape_vre.services.datalake.put.remote import PutRemote
from escape_vre.services.datalake.put.target import scheme_of
from escape_vre.services.datalake.registration.models import Registered

READ_BYTES = 10**9
"""A larger file is not read for its checksum while a client waits."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants to register; ``None`` for what the storage or Rucio has to say."""

    ref: ResourceRef
    rse: str
    pfn: str | None
    bytes: int | None
    adler32: str | None
    md5: str | None
    dataset: ResourceRef | None
    lifetime_s: int | None


async def register(connected: Connected, wish: Wish, transfers: Transfers) -> Registered:
    """Register a file that is at an RSE, with a rule or in a dataset that has one.

    Raises
    ------
    NotFoundError
        The storage has no such file, or Rucio no such RSE or dataset.
    ConflictError
        The DID exists with other content, or the file is not what was said of it.
    UsageError
        An address or checksum is missing, or makes no sense.
    """
    remote = PutRemote(connected.rucio)
    scope, name = did_in(wish.ref)
    given = _given(wish)
    rse, account, known = await asyncio.gather(
        remote.rse(wish.rse), connected.rucio.whoami(), remote.known(scope, [name])
    )
    pfn = await _pfn(connected, remote, wish, rse)
    await connected.storage.sign_in()
    found, how = await _asked(connected, Address.read(pfn), given, transfers)
    row = _row(wish, found, given)
    if not is_same(known.get(name), row):
        raise ConflictError(
            f"{scope}:{name} exists with other content.", hint="Choose another name."
        )
    dataset = did_in(wish.dataset) if wish.dataset else None
    if dataset:
        await connected.rucio.did(dataset, count=False)  # before anything is written
    else:
        with suppress(NotFoundError):
            await remote.try_names(scope, f"none.{name}"[:250], [name])
    where = {} if flag(rse.get("deterministic")) is not False else {"pfn": pfn}
    await remote.add_replicas(wish.rse, [{**row, **where}])
    if dataset:
        await remote.attach(dataset, [{"scope": scope, "name": name}])
    else:
        rule = {"account": account, "copies": 1, "rse_expression": wish.rse}
        rule |= {"lifetime": wish.lifetime_s, "comment": "registered by escape-vre"}
        with suppress(ConflictError):  # it has such a rule
            await remote.add_rules([(scope, name)], rule)
    return Registered(
        ref=str(wish.ref),
        rse=wish.rse,
        pfn=pfn,
        bytes=row["bytes"],
        adler32=row.get("adler32"),
        md5=row.get("md5"),
        checked=how,
        dataset=str(did_ref(*dataset)) if dataset else None,
        existed=name in known,
    )


def _given(wish: Wish) -> dict[str, str]:
    """Return the checksums that were given, as Rucio writes them."""
    found = {"adler32": checksum(wish.adler32, 8), "md5": checksum(wish.md5, 32)}
    for kind, said in (("adler32", wish.adler32), ("md5", wish.md5)):
        if said is not None and found[kind] is None:
            raise UsageError(
                f"{text.printable(said)} is no {kind}.",
                hint="A checksum has 8 (adler32) or 32 (md5) hexadecimal digits.",
            )
    return {kind: value for kind, value in found.items() if value}


async def _pfn(connected: Connected, remote: PutRemote, wish: Wish, rse: Mapping[str, Any]) -> str:
    """Return the address of the file: Rucio's where it has a rule for it, else the one given."""
    scope, name = did_in(wish.ref)
    if flag(rse.get("deterministic")) is False:
        if wish.pfn is None:
            raise UsageError(
                f"{wish.rse} has no rule for where files are, so that the address is needed.",
                hint="Give it with --pfn.",
            )
        return wish.pfn
    scheme = scheme_of(rse, connected.settings)
    if scheme is None:
        raise ConflictError(
            f"{wish.rse} has no protocol that escape-vre can ask with (davs or https).",
            hint="Ask an administrator to register the file.",
        )
    expected = (await remote.pfns(wish.rse, scope, [name], scheme=scheme)).get(name, "")
    if wish.pfn is not None and Address.read(wish.pfn) != Address.read(expected):
        raise UsageError(
            f"At {wish.rse}, {scope}:{name} has to be at {expected}.",
            hint="Move the file there, or put it.",
        )
    return expected


async def _asked(
    connected: Connected, at: Address, given: Mapping[str, str], transfers: Transfers
) -> tuple[Found, Literal["told", "read", "given"]]:
    """Ask the storage for size and checksums, in a thread that ends with the request."""
    control = Control()

    def ask() -> tuple[Found, Literal["told", "read", "given"]]:
        connections = Connections(timeout_s=transfers.timeout_s)
        access = connected.storage
        store = (
            FolderStore(access, control)
            if at.is_local
            else DavStore(connections, access, control, set())
        )
        try:
            found = store.look(at)
            if found is None or not found.bytes:
                raise NotFoundError(f"There is no file at {at}.", hint="Check the address.")
            if found.checksums:
                return found, "told"
            if given:
                return found, "given"
            if found.bytes > READ_BYTES:
                raise UsageError(
                    f"The storage {at.host} tells no checksum, and the file is too large to be"
                    f" read for it ({text.size(found.bytes)}).",
                    hint="Give its checksum with --adler32.",
                )
            return Found(found.bytes, store.sums(at, found.bytes)), "read"
        finally:
            connections.close()

    try:
        return await asyncio.to_thread(ask)
    finally:
        control.end("stop")


def _row(wish: Wish, found: Found, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what to register; what was said of the file must be so."""
    scope, name = did_in(wish.ref)
    wrong = wish.bytes is not None and wish.bytes != found.bytes
    for kind, value in given.items():
        wrong = wrong or found.checksums.get(kind, value) != value
    if wrong:
        told = ", ".join(f"{kind} {value}" for kind, value in found.checksums.items())
        raise ConflictError(
            f"The file at the storage is another one: it has {found.bytes} bytes"
            f"{', ' + told if told else ''}.",
            hint="Check the address, and what was given of size and checksum.",
        )
    return {
        "scope": scope,
        "name": name,
        "bytes": found.bytes,
        **given,
        **found.checksums,
    }
