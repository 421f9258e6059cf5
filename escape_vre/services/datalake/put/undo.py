"""Taking a put back, as far as its account may.

A file is put aside before Rucio is asked whether it is registered, and deleted only after: another
put of the same bytes, which relies on them, looks again after it has registered them. So neither
a file without a DID is left, nor a DID without its file.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import EscapeError, NotFoundError
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import Did
from escape_vre.services.datalake.put.local import Item, scan
from escape_vre.services.datalake.put.models import PutRequest
from escape_vre.services.datalake.put.prepare import locate
from escape_vre.services.datalake.put.progress import Begun
from escape_vre.services.datalake.put.remote import PutRemote
from escape_vre.services.datalake.put.sending import Sending


@dataclass(slots=True)
class Cleared:
    """What came of removing what is not registered.

    Parameters
    ----------
    kept : set of str
        The names of files that are registered at the RSE, and stay.
    remains : list of str
        A sentence for each thing that is left, with who can remove it.
    """

    removed: int
    kept: set[str]
    remains: list[str]


async def undo(
    connected: Connected,
    request: PutRequest,
    begun: Begun,
    sending: Sending,
    items: Sequence[Item] | None,
) -> Mapping[str, Any]:
    """Take a put back.

    Parameters
    ----------
    items : sequence of Item or None
        Its files; None where an agent before this one had them, and they are looked for again.

    Returns
    -------
    mapping
        ``removed``, a number of files; ``remains``, a sentence for each thing that is left, with
        who can remove it.
    """
    if items is None:
        items = (await asyncio.to_thread(scan, request.paths, keep_paths=request.keep_paths)).items
    cleared = await clear(connected, request, begun, sending, items)
    remains = cleared.remains
    if begun.registering:
        names = {item.name for item in items}
        remains += await _withdraw(connected, request, begun, sorted(cleared.kept), names)
    return {"removed": cleared.removed, "remains": remains}


async def clear(
    connected: Connected,
    request: PutRequest,
    begun: Begun,
    sending: Sending,
    items: Sequence[Item],
) -> Cleared:
    """Remove what a put has sent and not registered."""
    remote = PutRemote(connected.rucio)
    wanted = set(begun.new)
    mine = [item for item in items if item.name in wanted]
    if unplaced := [item for item in mine if not item.pfn]:
        await locate(remote, request.scope, unplaced, rse=begun.rse, scheme=begun.scheme)
    aside = await sending.put_aside(mine)
    kept = await _at_rse(remote, request, begun, mine)
    await sending.settle(aside, kept=kept)
    removed = sum(item.name not in kept for item in aside)
    remains = [
        f"{text.printable(name)}: {error.message}"
        for name, error in list(sending.failed.items())[:20]
    ]
    return Cleared(removed, kept, remains)


async def _at_rse(
    remote: PutRemote, request: PutRequest, begun: Begun, items: Sequence[Item]
) -> set[str]:
    """Return the names of the files that Rucio has a replica of at the RSE."""
    known = await remote.known(request.scope, [item.name for item in items])
    if not known:
        return set()
    states = await remote.states(request.scope, list(known))
    return {name for name, at in states.items() if begun.rse in at}


async def _withdraw(
    connected: Connected,
    request: PutRequest,
    begun: Begun,
    kept: Sequence[str],
    names: Collection[str],
) -> list[str]:
    """Take back what was registered; return what remains, a sentence each.

    A dataset that this put has made stays where other files have been attached to it since.
    """
    remote = PutRemote(connected.rucio)
    remains: list[str] = []
    if request.dataset:
        did = (request.scope, request.dataset)
        shown = ":".join(did)
        try:
            if begun.dataset_is_new and not await _holds_others(connected, did, names):
                await remote.expire(did)
                remains.append(f"Rucio will delete the dataset {shown} and its rule.")
            elif kept:
                await remote.detach(did, [(request.scope, name) for name in kept])
        except NotFoundError:
            pass
        except EscapeError as e:
            remains.append(f"{shown} could not be taken back: {e.message}")
    if kept:
        remains.append(
            f"{text.files(len(kept))} are registered at {begun.rse}, which your account cannot"
            " undo; an administrator of the data lake can delete them."
        )
    return remains


async def _holds_others(connected: Connected, did: Did, names: Collection[str]) -> bool:
    async with aclosing(connected.rucio.files(did)) as rows:
        async for row in rows:
            if row.get("scope") != did[0] or row.get("name") not in names:
                return True
    return False
