"""The files of a DID, their replicas, and their destinations."""

import fnmatch
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from escape_vre.core.errors import EscapeError, RemoteError
from escape_vre.core.fingerprints import Fingerprints
from escape_vre.core.ndjson import Tally
from escape_vre.core.retry import Retries, Transient
from escape_vre.core.service import FileSource, Skipped
from escape_vre.services.datalake.addresses import sites_of, with_obstacles
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.dids import did_ref
from escape_vre.services.datalake.intake import Did, checksum, count, did_of, did_type
from escape_vre.services.datalake.models import DidType
from escape_vre.services.datalake.reading.ways import Ways

log = logging.getLogger(__name__)

ASKED_AT_ONCE = 1000
"""Files without an address that we can read, asked about in one call."""
MOST_HOLDERS = 1000
"""Most collections above a DID whose records are updated when a file arrives."""


def is_wanted(source: FileSource, patterns: Sequence[str]) -> bool:
    """Return whether a file's name or DID matches a pattern; without patterns, all match."""
    if not patterns:
        return True
    scope, _, name = source.ref.removeprefix("rucio:").partition(":")
    return any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{scope}:{name}", pattern)
        for pattern in patterns
    )


async def datasets(
    rucio: RucioClient, did: Did, kind: DidType
) -> AsyncGenerator[tuple[Did, tuple[str, ...]] | Skipped, None]:
    """Yield the datasets of a collection, each with the refs of the containers above it.

    Rows that could be a dataset's and make no sense are counted in between.
    """
    pending: list[tuple[Did, DidType, tuple[str, ...]]] = [(did, kind, ())]
    seen = {did}
    while pending:
        did, kind, above = pending.pop()
        if kind == "dataset":
            yield did, above
            continue
        above = (*above, str(did_ref(*did)))
        async with aclosing(rucio.contents(did)) as rows:
            async for row in rows:
                child, below = did_of(row, did[0]), did_type(row)
                if child is None or below is None:
                    yield Skipped(1)
                elif child not in seen:
                    seen.add(child)
                    pending.append((child, below, above))


async def holders(rucio: RucioClient, did: Did) -> tuple[str, ...]:
    """Return the refs of all collections that hold a DID, at any height.

    Their records are updated when a file arrives, so that a container is here however its files
    came. Where Rucio does not answer, those that are known are returned: no transfer fails for it.
    """
    found: dict[Did, None] = {}
    pending = [did]
    try:
        while pending and len(found) < MOST_HOLDERS:
            child = pending.pop()
            async with aclosing(rucio.parents(child)) as rows:
                async for row in rows:
                    parent = did_of(row, child[0])
                    if parent is not None and parent not in found:
                        found[parent] = None
                        pending.append(parent)
    except EscapeError as e:
        log.warning("the collections that hold %s:%s could not be read: %s", *did, e)
    return tuple(str(did_ref(*parent)) for parent in found)


async def files_of(
    rucio: RucioClient,
    did: Did,
    *,
    parts: tuple[str, ...],
    collections: tuple[str, ...],
    ways: Ways,
) -> AsyncGenerator[FileSource | Skipped, None]:
    """Yield the files of a file or dataset; those that no site has now, too.

    Both lists are read as they come and neither is kept: a dataset may hold millions of files.
    What has no address that we can read comes last, with the reason. A row that makes no sense
    stands in both lists, and counts once.
    """
    seen = Fingerprints()
    unread: dict[Did, FileSource] = {}
    skipped = 0
    for ask in (partial(rucio.replicas, [did], schemes=ways.schemes), partial(rucio.files, did)):
        tally = Tally()
        async with aclosing(_to_the_end(ask, did, tally)) as rows:
            async for file, row in rows:
                if seen.add(file):
                    source = _source(row, file, parts, collections, ways)
                    if source.urls or source.in_place or not sites_of(row):
                        yield source
                        continue
                    unread[file] = source
                    if len(unread) >= ASKED_AT_ONCE:
                        for explained in await with_obstacles(rucio, unread):
                            yield explained
                        unread.clear()
        if tally.skipped > skipped:
            yield Skipped(tally.skipped - skipped)
            skipped = tally.skipped
    for explained in await with_obstacles(rucio, unread):
        yield explained


async def _to_the_end(
    ask: Callable[[], AsyncGenerator[dict[str, Any], None]], above: Did, tally: Tally
) -> AsyncGenerator[tuple[Did, dict[str, Any]], None]:
    """Yield the files of a list, from its beginning again where the connection breaks.

    The tally counts the rows that name no file.
    """
    retries = Retries()
    while True:
        began = False
        tally.skipped = 0
        try:
            async with aclosing(ask()) as rows:
                async for row in rows:
                    began = True
                    file = did_of(row, above[0])
                    if file is None:
                        tally.skipped += 1
                    else:
                        yield file, row
            return
        except RemoteError as e:
            # What fails before its first row has been asked for several times already.
            if not began or not isinstance(e, Transient) or not await retries.again(e.after_s):
                raise


def below(source: FileSource, scopes: Collection[str]) -> FileSource:
    """Return a file with its place below the folder of its scope, if that is one of these."""
    if source.parts[0] not in scopes:
        return source
    return replace(source, parts=source.parts[1:])


def _source(
    row: Mapping[str, Any],
    file: tuple[str, str],
    parts: tuple[str, ...],
    collections: tuple[str, ...],
    ways: Ways,
) -> FileSource:
    scope, name = file
    if not parts:
        place: tuple[str, ...] = (scope, name)
    elif parts[0] == scope:
        place = (*parts, name)
    else:
        place = (*parts, scope, name)
    sums = {"adler32": checksum(row.get("adler32"), 8), "md5": checksum(row.get("md5"), 32)}
    return FileSource(
        ref=str(did_ref(scope, name)),
        parts=place,
        urls=ways.urls(row),
        bytes=count(row.get("bytes")),
        checksums={kind: found for kind, found in sums.items() if found},
        collections=collections,
        in_place=ways.in_place(row),
    )
