"""What a put would do, and everything that speaks against it, before anything is written."""

import asyncio
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from escape_vre.core.errors import (
    BadResponseError,
    ConflictError,
    NotFoundError,
    UsageError,
)
from escape_vre.jobs.transfer.control import Control
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import checksum, count, did_type, when
from escape_vre.services.datalake.put.local import Item, Scan, scan
from escape_vre.services.datalake.put.models import PutProblem, PutRequest, RseChoice
from escape_vre.services.datalake.put.remote import KNOWN_AT_ONCE, PutRemote
from escape_vre.services.datalake.put.target import Target, candidates, chosen, target_at

_NAME = re.compile(r"[/A-Za-z0-9][/A-Za-z0-9._-]{0,249}")
"""What the schemas of Rucio and of ESCAPE allow at most; ESCAPE's allows no slash."""
SOON = timedelta(days=1)
_REFUSED = re.compile(r"'([^']{1,300})' (?:does not match|is too long)")


@dataclass(slots=True)
class Prepared:
    """A put that may start, unless there are problems.

    Parameters
    ----------
    dataset_exists : bool
        Whether the dataset is there already.
    rules : int
        How many rules it has.
    """

    account: str
    target: Target
    scan: Scan
    dataset_exists: bool = False
    rules: int = 0
    candidates: list[RseChoice] = field(default_factory=list)

    @property
    def new(self) -> list[Item]:
        """The files to be sent."""
        return [item for item in self.scan.items if not item.adopted]

    @property
    def adopted(self) -> list[Item]:
        """The files that the data lake has."""
        return [item for item in self.scan.items if item.adopted]

    def check(self) -> None:
        """Raise the error that keeps the put from starting, if there is one."""
        if problems := self.scan.problems:
            first, more = problems[0], len(problems) - 1
            rest = f" {more:,} more files cannot be put." if more else ""
            kind = ConflictError if first.kind == "conflict" else UsageError
            raise kind(
                first.message + rest,
                hint="Nothing was put. Rename, repair or leave out"
                f" {'these files' if more else 'this file'}, then put the rest again.",
                details={"problems": [one.model_dump() for one in problems[:100]]},
            )
        if self.new:
            needed = sum(item.file.bytes for item in self.new)
            self.target.check_space(needed, self.account)


def rule_of(request: PutRequest, account: str, rse: str) -> dict[str, Any]:
    """Return the rule that keeps what is put."""
    return {
        "account": account,
        "copies": 1,
        "rse_expression": rse,
        "grouping": "DATASET",
        "lifetime": request.lifetime_s,
        "comment": "put by escape-vre",
    }


async def prepare(connected: Connected, request: PutRequest, *, rse: str | None) -> Prepared:
    """Find out what a put would do; asks in bulk, and writes nothing.

    Parameters
    ----------
    rse : str or None
        The RSE, where it has been chosen before.

    Raises
    ------
    EscapeError
        It cannot start at all: no RSE, no permission, a closed dataset, no connection.
    """
    remote = PutRemote(connected.rucio)
    found = await asyncio.to_thread(scan, request.paths, keep_paths=request.keep_paths)
    _refuse_names(found)
    names = [item.name for item in found.items]
    account, dataset, known, _ = await asyncio.gather(
        connected.rucio.whoami(),
        _look_at_dataset(connected, remote, request),
        remote.known(request.scope, names),
        _try_names(connected, remote, request, found),
    )
    among: list[RseChoice] = []
    if not (rse or request.rse or connected.settings.upload_rse):
        among = await candidates(remote, account)
    name = rse or chosen(connected.settings, request.rse, among)
    target = await target_at(remote, connected.settings, name, account)
    prepared = Prepared(account, target, found, dataset is not None, dataset or 0, among)
    if known:
        await _compare(remote, request.scope, target, found, known)
    sent = [item for item in found.items if not item.adopted]
    await locate(remote, request.scope, sent, rse=target.rse, scheme=target.scheme)
    return prepared


def _refuse_names(found: Scan) -> None:
    kept = []
    for item in found.items:
        if _NAME.fullmatch(item.name):
            kept.append(item)
        elif len(item.name) > 250:
            found.refuse(item.file.path, item.name, "has a name of more than 250 characters")
        else:
            found.refuse(
                item.file.path,
                item.name,
                "has a name that Rucio does not allow: it may hold letters, digits and . - _, and"
                " begins with a letter or digit",
            )
    found.items = kept


async def _look_at_dataset(
    connected: Connected, remote: PutRemote, request: PutRequest
) -> int | None:
    """Return how many rules the dataset has, which can take files; None if there is none."""
    if request.dataset is None:
        return None
    did = (request.scope, request.dataset)
    shown = ":".join(did)
    try:
        status = await connected.rucio.did(did, count=False)
    except NotFoundError:
        return None
    kind = did_type(status)
    if kind != "dataset":
        raise ConflictError(
            f"{shown} is a {kind or 'DID of an unknown type'}, and files go into datasets.",
            hint="Choose another name, or one of its datasets.",
        )
    if status.get("open") is False:
        raise ConflictError(
            f"The dataset {shown} is closed.", hint="Choose another name, or reopen it."
        )
    columns = (await remote.known(did[0], [did[1]])).get(did[1], {})
    if (ends := when(columns.get("expired_at"))) and ends < datetime.now(UTC) + SOON:
        raise ConflictError(
            f"The dataset {shown} is going to be deleted.",
            hint="Choose another name, or try again when it is gone.",
        )
    return len(await remote.rules(did))


async def _try_names(
    connected: Connected, remote: PutRemote, request: PutRequest, found: Scan
) -> None:
    """Have Rucio itself judge scope and names, by what cannot succeed."""
    names = [item.name for item in found.items]
    names += [request.dataset] if request.dataset else []
    for start in range(0, len(names), KNOWN_AT_ONCE):
        try:
            await remote.try_names(
                request.scope, f"none.{uuid.uuid4().hex}", names[start : start + KNOWN_AT_ONCE]
            )
        except NotFoundError:
            continue
        except UsageError as e:
            refused = _REFUSED.search(str(e.details.get("said", "")))
            name = refused[1] if refused else None
            item = next((item for item in found.items if item.name == name), None)
            if item is None:
                raise
            found.items.remove(item)
            found.refuse(
                item.file.path, item.name, f"has a name that {connected.settings.shown} refuses"
            )


async def _compare(
    remote: PutRemote,
    scope: str,
    target: Target,
    found: Scan,
    known: Mapping[str, Mapping[str, Any]],
) -> None:
    """Find the files that the data lake has: the same ones are adopted, others a problem."""
    states = await remote.states(scope, list(known))
    kept = []
    for item in found.items:
        row = known.get(item.name)
        if row is None:
            kept.append(item)
            continue
        why = await asyncio.to_thread(_difference, item, row)
        at = states.get(item.name, {})
        here = at.get(target.rse)
        if why is None and here not in (None, "AVAILABLE") and "AVAILABLE" not in at.values():
            why = f"is registered, but its replica at {target.rse} is {here}"
        if why is not None:
            message = f"{scope}:{item.name} {why}."
            found.problems.append(
                PutProblem(path=item.file.path, name=item.name, kind="conflict", message=message)
            )
            continue
        item.registered = True
        item.adopted = "AVAILABLE" in at.values()
        kept.append(item)
    found.items = kept


def _difference(item: Item, row: Mapping[str, Any]) -> str | None:
    """Return what a DID is other than this file; None if it is this file."""
    if did_type(row) != "file":
        return f"exists and is a {did_type(row)}"
    if (size := count(row.get("bytes"))) is not None and size != item.file.bytes:
        return "exists with other content"
    sums = {"adler32": checksum(row.get("adler32"), 8), "md5": checksum(row.get("md5"), 32)}
    told = {kind: value for kind, value in sums.items() if value}
    if not told:
        return "exists, and has no checksum to compare with"
    ours = item.file.sums(Control())
    return (
        None
        if all(ours[kind] == value for kind, value in told.items())
        else ("exists with other content")
    )


async def locate(
    remote: PutRemote, scope: str, items: Sequence[Item], *, rse: str, scheme: str
) -> None:
    """Ask where files go at an RSE.

    Raises
    ------
    BadResponseError
        Rucio leaves one out.
    """
    pfns = await remote.pfns(rse, scope, [item.name for item in items], scheme=scheme)
    for item in items:
        if item.name not in pfns:
            raise BadResponseError(
                f"Rucio does not say where {scope}:{item.name} goes at {rse}.",
                hint="Choose another RSE, or tell the administrators of the data lake.",
            )
        item.pfn = pfns[item.name]
