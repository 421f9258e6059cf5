"""The state of visible rows: size, sites, how much is here."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escape_vre.core.errors import AuthError, EscapeError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.service import FileSource, InPlace
from escape_vre.core.text import skipped
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import Job
from escape_vre.jobs.transfer.in_place import found_in_place
from escape_vre.services.datalake.addresses import obstacle_of, schemes_of
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.dids import did_in
from escape_vre.services.datalake.intake import Did, count, did_of, did_type, sentence, word
from escape_vre.services.datalake.models import DidType, Obstacle, RowState
from escape_vre.services.datalake.partly import notes, unread
from escape_vre.services.datalake.reading.ways import Ways
from escape_vre.services.datalake.rows import states_of_file

_SIZES = "sizes and types"
_SITES = "sites"
_COUNTS = "the size of some collections"
COUNTS_AT_ONCE = 8


@dataclass(slots=True)
class Remote:
    """Rucio's data about one DID. Sizes in bytes; sites map to whether they have all of it."""

    kind: DidType
    bytes: int | None = None
    length: int | None = None
    sites: dict[str, bool] | None = None
    obstacle: Obstacle | None = None
    in_place: tuple[InPlace, ...] = ()


@dataclass(slots=True)
class Answer:
    """What Rucio says of all, and what it does not."""

    remote: dict[Did, Remote] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Sentences, by what could not be read."""
    skipped: int = 0
    """Rows that make no sense."""

    @contextmanager
    def part(self, what: str) -> Iterator[None]:
        """Go on without a part that fails, and remember that it did."""
        try:
            yield
        except EscapeError as e:
            self.missing[what] = unread(what, e)

    def of(self, row: Mapping[str, Any]) -> Remote | None:
        """Return the DID that a row is about, if it makes sense and was asked for."""
        did = did_of(row)
        self.skipped += did is None
        return self.remote.get(did) if did else None

    @property
    def complete(self) -> bool:
        """Whether a DID without an answer is not there."""
        return not self.skipped and _SIZES not in self.missing

    @property
    def note(self) -> str | None:
        """What is not known, in a sentence or two."""
        return notes(*self.missing.values(), skipped(self.skipped))


async def row_states(
    rucio: RucioClient,
    manifest: Manifest,
    instance: str,
    refs: Sequence[ResourceRef],
    active: Mapping[str, Job],
    ways: Ways,
) -> list[RowState]:
    """Return the state of each ref, in their order; ``note`` says what of it is not known.

    Rucio is asked three times for any number of files and of datasets that have a rule. Only a
    collection that Rucio keeps no count of costs a call of its own.

    Parameters
    ----------
    ways : Ways
        How the files of the instance are reached.

    Raises
    ------
    AuthError
        Rucio does not let us in.
    """
    if not refs:
        return []
    answer = Answer()
    await _sizes(rucio, [did_in(ref) for ref in refs], answer)
    remote = answer.remote
    kinds = {ref: remote[did_in(ref)].kind if did_in(ref) in remote else None for ref in refs}
    async with asyncio.TaskGroup() as group:
        local = group.create_task(asyncio.to_thread(_local, manifest, instance, kinds))
        if files := [did for did, found in remote.items() if found.kind == "file"]:
            group.create_task(_of_files(rucio, files, answer, ways))
        if datasets := [did for did, found in remote.items() if found.kind == "dataset"]:
            group.create_task(_of_datasets(rucio, datasets, answer))
    await _count_the_rest(rucio, answer)
    here = await asyncio.to_thread(with_mounted, local.result(), answer.remote, refs, ways)
    return [
        _merged(ref, answer, remote.get(did_in(ref)), here.get(ref), active.get(str(ref)))
        for ref in refs
    ]


async def _sizes(rucio: RucioClient, dids: Sequence[Did], answer: Answer) -> None:
    try:
        async with aclosing(rucio.metadata_of(dids)) as rows:
            async for row in rows:
                did, kind = did_of(row), did_type(row)
                if did is None or kind is None:
                    answer.skipped += 1
                    continue
                sizes = count(row.get("bytes")), count(row.get("length"))
                answer.remote[did] = Remote(kind, *sizes)
    except AuthError:
        raise
    except EscapeError as e:
        answer.missing[_SIZES] = unread(_SIZES, e)


async def _of_files(rucio: RucioClient, dids: Sequence[Did], answer: Answer, ways: Ways) -> None:
    with answer.part(_SITES):
        async with aclosing(rucio.replicas(dids, all_states=True)) as rows:
            async for row in rows:
                if found := answer.of(row):
                    found.sites = states_of_file(row)
                    found.obstacle = obstacle_of(row, schemes_of(ways.settings))
                    found.in_place = ways.in_place(row)
        if not answer.skipped:
            for did in dids:  # what has no row is at no site
                answer.remote[did].sites = answer.remote[did].sites or {}


async def _of_datasets(rucio: RucioClient, dids: Sequence[Did], answer: Answer) -> None:
    with answer.part(_SITES):
        async with aclosing(rucio.dataset_replicas_of(dids)) as rows:
            async for row in rows:
                if found := answer.of(row):
                    _add(found, row)


def _add(found: Remote, row: Mapping[str, Any]) -> None:
    """Add one site's row to what is known of a dataset."""
    length, available = count(row.get("length")), count(row.get("available_length"))
    whole = sentence(row.get("state")).upper() in ("A", "AVAILABLE")
    if rse := word(row.get("rse")):
        found.sites = found.sites or {}
        found.sites[rse] = whole or (bool(length) and available == length)
    if found.length is None and length:
        found.length = length
    if found.bytes is None:
        found.bytes = count(row.get("bytes")) or None


async def _count_the_rest(rucio: RucioClient, answer: Answer) -> None:
    """Ask, one by one, for collections without counts in Rucio."""
    slots = asyncio.Semaphore(COUNTS_AT_ONCE)

    async def ask(did: Did, found: Remote) -> None:
        async with slots:
            try:
                if found.kind == "dataset":
                    async with aclosing(rucio.dataset_replicas(did)) as rows:
                        async for row in rows:
                            _add(found, row)
                if found.length is None:
                    status = await rucio.did(did)
                    found.length = count(status.get("length"))
                    found.bytes = count(status.get("bytes"))
            except EscapeError as e:  # a row without a size is better than no rows
                answer.missing[_COUNTS] = unread(_COUNTS, e)

    async with asyncio.TaskGroup() as group:
        for did, found in answer.remote.items():
            if found.kind != "file" and found.length is None:
                group.create_task(ask(did, found))


def _local(
    manifest: Manifest, instance: str, kinds: Mapping[ResourceRef, DidType | None]
) -> dict[ResourceRef, RowState]:
    """Return what of each DID is on this disk, whose type may not be known; blocking."""
    files = [str(ref) for ref, kind in kinds.items() if kind in ("file", None)]
    copies = manifest.copies(instance, files)
    found: dict[ResourceRef, RowState] = {}
    for ref, kind in kinds.items():
        text = str(ref)
        if text in copies:
            found[ref] = RowState(ref=text, local="here", path=copies[text][0].path)
        elif kind != "file":
            here = manifest.collection(instance, text)
            if here is not None and here.files:
                # Its files may have come with another collection, to a folder of that one's.
                path = here.directory if Path(here.directory).is_dir() else None
                found[ref] = RowState(ref=text, local="partly", local_files=here.files, path=path)
    return found


def with_mounted(
    here: Mapping[ResourceRef, RowState],
    remote: Mapping[Did, Remote],
    refs: Sequence[ResourceRef],
    ways: Ways,
) -> dict[ResourceRef, RowState]:
    """Add what is in place on mounted storages: files are looked at, of datasets the storage says.

    Blocking.
    """
    found = dict(here)
    for ref in refs:
        known = remote.get(did_in(ref))
        if known is None or (ref in here and here[ref].local == "here"):
            continue
        if known.kind == "file":
            source = FileSource(str(ref), (), (), known.bytes, in_place=known.in_place)
            if (copy := found_in_place(source)[0]) is not None:
                found[ref] = RowState(ref=str(ref), local="here", mounted=True, path=copy.path)
        elif known.kind == "dataset":
            whole = {site for site, has in (known.sites or {}).items() if has}
            if any(Path(folder).is_dir() for folder in ways.folders_of(whole)):
                found[ref] = RowState(ref=str(ref), local="here", mounted=True)
    return found


def _merged(
    ref: ResourceRef,
    answer: Answer,
    remote: Remote | None,
    local: RowState | None,
    job: Job | None,
) -> RowState:
    state = local or RowState(ref=str(ref))
    if remote is None and answer.complete:
        return state.model_copy(update={"problem": "it is no longer in the catalogue"})
    remote = remote or Remote("file")
    here = state.local
    if here == "partly" and remote.length is not None:
        here = "here" if (state.local_files or 0) >= remote.length else "partly"
    problem = None
    nowhere = remote.sites is not None and not any(remote.sites.values())
    if remote.kind == "file" and here == "elsewhere" and nowhere:
        problem = "no site has an available replica"
    if job is not None and job.waiting is not None:
        problem = job.waiting.message.rstrip(".")
    fraction = None
    if job is not None:
        fraction = job.progress.fraction
    return state.model_copy(
        update={
            "bytes": remote.bytes,
            "length": remote.length,
            "local": here,
            "sites": sorted(remote.sites or ()),
            "obstacle": remote.obstacle if here == "elsewhere" and not problem else None,
            "job": job.id if job else None,
            "job_state": job.state if job else None,
            "fraction": fraction,
            "problem": problem,
            "note": answer.note,
        }
    )
