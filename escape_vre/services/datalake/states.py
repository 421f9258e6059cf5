"""What visible rows show beside their names: size, where, how much of it is here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escape_vre.core.errors import EscapeError
from escape_vre.core.refs import ResourceRef
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import Job
from escape_vre.services.datalake.client import Did, RucioClient
from escape_vre.services.datalake.models import DidType, RowState
from escape_vre.services.datalake.rows import did_type

COUNTS_AT_ONCE = 8


@dataclass(slots=True)
class Remote:
    """What Rucio says of one DID. Sizes in bytes; sites map to whether they have all of it."""

    kind: DidType
    bytes: int | None = None
    length: int | None = None
    sites: dict[str, bool] = field(default_factory=dict)


async def row_states(
    rucio: RucioClient,
    manifest: Manifest,
    instance: str,
    refs: Sequence[ResourceRef],
    active: Mapping[str, Job],
) -> list[RowState]:
    """Return the state of each ref, in their order.

    Rucio is asked three times for any number of files and of datasets that have a rule. Only a
    collection that Rucio keeps no count of costs a call of its own.
    """
    if not refs:
        return []
    remote = {
        (str(row["scope"]), str(row["name"])): Remote(
            did_type(row), _whole(row.get("bytes")), _whole(row.get("length"))
        )
        async for row in rucio.metadata_of([ref.did for ref in refs])
    }
    known = [ref for ref in refs if ref.did in remote]
    kinds = {ref: remote[ref.did].kind for ref in known}
    local = asyncio.create_task(asyncio.to_thread(_local, manifest, instance, kinds))
    async with asyncio.TaskGroup() as group:
        if files := [did for did, found in remote.items() if found.kind == "file"]:
            group.create_task(_of_files(rucio, files, remote))
        if datasets := [did for did, found in remote.items() if found.kind == "dataset"]:
            group.create_task(_of_datasets(rucio, datasets, remote))
    await _count_the_rest(rucio, remote)
    here = await local
    return [_merged(ref, remote.get(ref.did), here.get(ref), active.get(str(ref))) for ref in refs]


async def _of_files(rucio: RucioClient, dids: Sequence[Did], remote: dict[Did, Remote]) -> None:
    async for row in rucio.replicas(dids, all_states=True):
        states = row.get("states") or dict.fromkeys(row.get("rses") or {}, "AVAILABLE")
        if found := remote.get((str(row["scope"]), str(row["name"]))):
            found.sites = {rse: state == "AVAILABLE" for rse, state in states.items()}


async def _of_datasets(rucio: RucioClient, dids: Sequence[Did], remote: dict[Did, Remote]) -> None:
    async for row in rucio.dataset_replicas_of(dids):
        if found := remote.get((str(row["scope"]), str(row["name"]))):
            _add(found, row)


def _add(found: Remote, row: Mapping[str, Any]) -> None:
    """Add one site's row to what is known of a dataset."""
    length, available = row.get("length"), row.get("available_length")
    whole = str(row.get("state", "")).upper() in ("A", "AVAILABLE")
    found.sites[str(row["rse"])] = whole or (bool(length) and available == length)
    if found.length is None and length:
        found.length = int(length)
    if found.bytes is None and row.get("bytes"):
        found.bytes = int(row["bytes"])


async def _count_the_rest(rucio: RucioClient, remote: Mapping[Did, Remote]) -> None:
    """Ask for those collections, one by one, that Rucio keeps no count of."""
    slots = asyncio.Semaphore(COUNTS_AT_ONCE)

    async def count(did: Did, found: Remote) -> None:
        async with slots:
            try:
                if found.kind == "dataset":
                    async for row in rucio.dataset_replicas(did):
                        _add(found, row)
                if found.length is None:
                    status = await rucio.did(did)
                    found.length = _whole(status.get("length"))
                    found.bytes = _whole(status.get("bytes"))
            except EscapeError:
                return  # a row without a size is better than no rows

    async with asyncio.TaskGroup() as group:
        for did, found in remote.items():
            if found.kind != "file" and found.length is None:
                group.create_task(count(did, found))


def _whole(count: float | None) -> int | None:
    """Read a count; Rucio gives sums as floats."""
    return None if count is None else int(count)


def _local(
    manifest: Manifest, instance: str, kinds: Mapping[ResourceRef, DidType]
) -> dict[ResourceRef, RowState]:
    """Return what of each DID is on this disk; blocking."""
    files = [str(ref) for ref, kind in kinds.items() if kind == "file"]
    copies = manifest.copies(instance, files)
    found: dict[ResourceRef, RowState] = {}
    for ref, kind in kinds.items():
        text = str(ref)
        if kind == "file":
            if text in copies:
                found[ref] = RowState(ref=text, local="here", path=copies[text][0].path)
            continue
        here = manifest.collection(instance, text)
        if here is not None and here.files:
            found[ref] = RowState(
                ref=text, local="partly", local_files=here.files, path=here.directory
            )
    return found


def _merged(
    ref: ResourceRef, remote: Remote | None, local: RowState | None, job: Job | None
) -> RowState:
    state = local or RowState(ref=str(ref))
    if remote is None:
        return state.model_copy(update={"problem": "it is not in the catalogue any more"})
    here = state.local
    if here == "partly" and remote.length is not None:
        here = "here" if (state.local_files or 0) >= remote.length else "partly"
    problem = None
    if remote.kind == "file" and here == "elsewhere" and not any(remote.sites.values()):
        problem = "no site has it available"
    if job is not None and job.waiting is not None:
        problem = job.waiting.message.rstrip(".")
    fraction = None
    if job is not None and job.bytes_total:
        fraction = min(1.0, job.bytes_done / job.bytes_total)
    return state.model_copy(
        update={
            "bytes": remote.bytes,
            "length": remote.length,
            "local": here,
            "sites": sorted(remote.sites),
            "job": job.id if job else None,
            "job_state": job.state if job else None,
            "fraction": fraction,
            "problem": problem,
        }
    )
