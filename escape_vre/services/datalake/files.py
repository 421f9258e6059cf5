"""Which files a DID stands for, where each can be had, and where it goes."""

import fnmatch
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from escape_vre.core.refs import ResourceRef
from escape_vre.core.service import FileSource
from escape_vre.services.datalake.client import SCHEMES, RucioClient
from escape_vre.services.datalake.models import DidType
from escape_vre.services.datalake.rows import did_type


def is_wanted(source: FileSource, patterns: Sequence[str]) -> bool:
    """Tell whether a file's name, or its DID, matches one of the patterns; all do without any."""
    if not patterns:
        return True
    scope, _, name = source.ref.removeprefix("rucio:").partition(":")
    return any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{scope}:{name}", pattern)
        for pattern in patterns
    )


async def datasets(
    rucio: RucioClient, did: tuple[str, str], kind: DidType
) -> AsyncGenerator[tuple[tuple[str, str], tuple[str, ...]], None]:
    """Yield the datasets of a collection, each with the refs of the containers above it."""
    pending: list[tuple[tuple[str, str], DidType, tuple[str, ...]]] = [(did, kind, ())]
    seen = {did}
    while pending:
        did, kind, above = pending.pop()
        if kind == "dataset":
            yield did, above
            continue
        above = (*above, str(ResourceRef.rucio(*did)))
        async for row in rucio.contents(did):
            child = (str(row["scope"]), str(row["name"]))
            if child not in seen:
                seen.add(child)
                pending.append((child, did_type(row), above))


async def files_of(
    rucio: RucioClient,
    did: tuple[str, str],
    *,
    parts: tuple[str, ...],
    collections: tuple[str, ...],
) -> AsyncGenerator[FileSource, None]:
    """Yield the files of a file or dataset; those that no site has now, too."""
    missing = {(str(row["scope"]), str(row["name"])): row async for row in rucio.files(did)}
    async for row in rucio.replicas([did]):
        file = (str(row["scope"]), str(row["name"]))
        listed = missing.pop(file, {})
        yield _source({**listed, **row}, file, parts, collections)
    for file, row in missing.items():
        yield _source(row, file, parts, collections)


def _source(
    row: Mapping[str, Any],
    file: tuple[str, str],
    parts: tuple[str, ...],
    collections: tuple[str, ...],
) -> FileSource:
    scope, name = file
    if not parts:
        place: tuple[str, ...] = (scope, name)
    elif parts[0] == scope:
        place = (*parts, name)
    else:
        place = (*parts, scope, name)
    sums = {kind: str(row[kind]) for kind in ("adler32", "md5") if row.get(kind)}
    return FileSource(
        ref=str(ResourceRef.rucio(scope, name)),
        parts=place,
        urls=urls_of(row),
        bytes=row.get("bytes"),
        checksums=sums,
        collections=collections,
    )


def urls_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the replicas of a row of ``/replicas/list``, the best first."""
    pfns = row.get("pfns") or {}
    return tuple(sorted(pfns, key=lambda url: _preference(url, pfns[url])))


def _preference(url: str, replica: Mapping[str, Any]) -> tuple[object, ...]:
    """Prefer what is mounted here, disk before tape, then what Rucio puts first."""
    scheme = url.partition(":")[0]
    order = SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)
    return (scheme != "file", replica.get("type") == "TAPE", replica.get("priority", 99), order)
