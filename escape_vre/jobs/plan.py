"""From the files that a service names to the paths they go to, and whether there is room."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core import text
from escape_vre.core.errors import NotFoundError, QuotaError
from escape_vre.core.refs import ResourceRef, distinct_parts
from escape_vre.core.service import FileSource
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import JobRequest
from escape_vre.jobs.transfer.batch import Errand
from escape_vre.jobs.transfer.place import device_of, part_bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What a get job will do. ``bytes`` is None when the size of a file is not known."""

    errands: tuple[Errand, ...]
    bytes: int | None
    path: Path


def make_plan(
    request: JobRequest, sources: Sequence[FileSource], manifest: Manifest, *, reserve: int
) -> Plan:
    """Give every file its path, and check that the disk has room.

    Parameters
    ----------
    reserve : int
        Bytes that must stay free.

    Raises
    ------
    NotFoundError
        There is no file to fetch.
    QuotaError
        The disk has too little room.
    """
    if not sources:
        raise NotFoundError(
            f"There is no file in {request.title}"
            + (f" that matches {', '.join(request.files)}." if request.files else "."),
            hint="Look at its content with %dl ls.",
        )
    base = Path(request.destination)
    known = manifest.copies(request.instance, [source.ref for source in sources])
    errands = tuple(
        Errand(source, base.joinpath(*parts), known.get(source.ref, []))
        for source, parts in zip(sources, _safe(request, sources), strict=True)
    )
    _check_room(base, errands, reserve)
    sizes = [source.bytes for source in sources]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    if len(errands) == 1:
        path = errands[0].final
    else:
        path = Path(os.path.commonpath([errand.final.parent for errand in errands]))
    return Plan(errands, total, path)


def _safe(request: JobRequest, sources: Sequence[FileSource]) -> list[tuple[str, ...]]:
    """Make the raw parts of all paths safe, and distinct within each folder."""
    scopes = {ResourceRef.parse(ref).body.partition(":")[0] for ref in request.refs}
    raw = [
        source.parts[1:]
        if request.flat and len(source.parts) > 1 and source.parts[0] in scopes
        else source.parts
        for source in sources
    ]
    children: dict[tuple[str, ...], set[str]] = {}
    for parts in raw:
        for depth in range(len(parts)):
            children.setdefault(parts[:depth], set()).add(parts[depth])
    safe = {folder: distinct_parts(names) for folder, names in children.items()}
    return [tuple(safe[parts[:i]][parts[i]] for i in range(len(parts))) for parts in raw]


def _check_room(base: Path, errands: Sequence[Errand], reserve: int) -> None:
    missing = [
        errand
        for errand in errands
        if errand.source.bytes and all(copy.path != str(errand.final) for copy in errand.known)
    ]
    needed = sum(errand.source.bytes or 0 for errand in missing)
    disk = shutil.disk_usage(device_of(base))
    if disk.total == 0:
        return  # a file system that does not count, such as some FUSE mounts
    free = disk.free - reserve
    if needed > free:
        needed -= sum(part_bytes(errand.final) for errand in missing)
    if needed > free:
        raise QuotaError(
            f"Not enough space in {base}: {text.size(needed)} needed,"
            f" {text.size(max(free, 0))} free.",
            hint="Free some space, or get the data to another folder.",
        )
