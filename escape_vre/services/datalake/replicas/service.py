"""Declaring a replica bad or suspicious."""

from escape_vre.core.errors import ConflictError, DeniedError, NotFoundError, UsageError
from escape_vre.core.refs import ResourceRef
from escape_vre.services.datalake.dids import did_in
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import did_type
from escape_vre.services.datalake.replicas import remote
from escape_vre.services.datalake.service import DataLakeService, Environment

_BY_ADDRESS = (
    "Rucio 41 looks for it by its address, which it misreads where the scope has a dot: then ask"
    " the administrators."
)


async def declare(
    lake: DataLakeService,
    instance: str | None,
    environment: Environment,
    ref: ResourceRef,
    *,
    rse: str,
    reason: str,
    suspicious: bool,
) -> str:
    """Declare a file's replica at an RSE, and return what that means in a sentence.

    Raises
    ------
    UsageError
        There is no reason, or it is no file.
    NotFoundError
        There is no such file, or no replica of it at that RSE.
    DeniedError
        Policies leave *bad* to administrators; *suspicious* is for everybody.
    """
    if not reason.strip():
        raise UsageError("A reason is missing.", hint="Say what is wrong with it, in a few words.")
    connected = lake.connect(instance, environment)
    await lake.check(instance, environment, [ref])
    kind = did_type(await connected.rucio.did(did_in(ref), count=False))
    if kind != "file":
        raise UsageError(f"{ref.body} is a {kind}, not a file.", hint="Name one of its files.")
    pfns = await remote.addresses(connected.rucio, did_in(ref), rse)
    if pfns is None:
        raise NotFoundError(
            f"{rse} has no replica of {ref.body}.", hint="Run %dl info to see its replicas."
        )
    if suspicious:
        left = await remote.declare_suspicious(connected.rucio, pfns, reason)
        meaning = "is suspicious now: the administrators see it, and it can still be read."
    else:
        left = await _bad(connected, ref, rse, reason)
        meaning = "is bad now: Rucio copies it again from another RSE, if one has it."
    if left:
        raise ConflictError(
            f"{connected.settings.shown} did not declare the replica at {rse}: {_said(left)}.",
            hint=_BY_ADDRESS if suspicious else "Run %dl info to see whether it is bad already.",
        )
    return f"The replica of {ref.body} at {rse} {meaning}"


async def _bad(connected: Connected, ref: ResourceRef, rse: str, reason: str) -> object:
    try:
        return await remote.declare_bad(connected.rucio, did_in(ref), rse, reason)
    except DeniedError as e:
        raise DeniedError(
            e.message,
            hint=f"Add --suspicious, which everybody may, or ask the administrators of"
            f" {connected.settings.shown}.",
        ) from e


def _said(left: object) -> str:
    """Return Rucio's first words on what it did not declare."""
    values = list(left.values()) if isinstance(left, dict) else [left]
    first = values[0] if values else ""
    return str(first[0] if isinstance(first, list) and first else first)[:200].rstrip(".")
