"""What a path of ``rucio://`` names, and where the bytes of a file are."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from escape_vre.core.errors import NotFoundError, UsageError
from escape_vre.core.refs import shown
from escape_vre.core.service import FileSource
from escape_vre.jobs.manifest import Copy, Manifest
from escape_vre.jobs.transfer.download import no_replica
from escape_vre.jobs.transfer.in_place import found_in_place
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.dids import did_in, did_ref, parse_did
from escape_vre.services.datalake.files import files_of
from escape_vre.services.datalake.intake import Did, checksum, count, did_of, did_type
from escape_vre.services.datalake.reading.credentials import credentials
from escape_vre.services.datalake.reading.models import PathInfo, Sources
from escape_vre.services.datalake.reading.paths import meanings, pieces, split
from escape_vre.services.datalake.reading.settings import Way
from escape_vre.services.datalake.reading.ways import Ways
from escape_vre.services.datalake.service import DataLakeService

DEEPEST = 24
"""A path of more parts is one name: each part more would be asked about in more ways."""

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers kernels that read files themselves.

    Parameters
    ----------
    manifest : Manifest
        Which files are here: for these no remote is asked.
    """

    lake: DataLakeService
    manifest: Manifest

    async def find(self, instance: str | None, environment: Environment, path: str) -> PathInfo:
        """Return what a path names.

        Raises
        ------
        NotFoundError
            Nothing; the hint names the nearest.
        """
        return (await self._find(instance, environment, path))[0]

    async def sources(
        self,
        instance: str | None,
        environment: Environment,
        path: str,
        *,
        access: Sequence[Way] | None = None,
        refused: str | None = None,
    ) -> Sources:
        """Return where the bytes of a file are, and what lets us in there.

        Parameters
        ----------
        access : sequence of str, optional
            Ways to use in place of the instance's own.

        Raises
        ------
        NotFoundError
            There is no such file, or no site has it.
        UsageError
            It is no file.
        """
        file, copy = await self._find(instance, environment, path)
        if file.type != "file" or file.ref is None:
            raise UsageError(
                f"{shown(path)} is a {file.type}, not a file.", hint="Open one of the files in it."
            )
        connected = self.lake.connect(instance, environment)
        ways = Ways.of(connected.settings, access)
        if copy is not None and "downloaded" in ways.access:
            return Sources(file=file, path=copy.path)
        source = await _source(connected.rucio, did_in(parse_did(file.ref)), ways)
        mounted, problem = await asyncio.to_thread(found_in_place, source)
        if mounted is not None:
            return Sources(file=file, path=mounted.path)
        if not source.urls:
            raise no_replica(source)
        urls = ways.streamed(source.urls)
        may_download = "downloaded" in ways.access
        if not urls and not may_download:
            raise NotFoundError(
                f"{file.ref.partition(':')[2]} can be used in none of the ways that are allowed:"
                f" {', '.join(ways.access)}. {problem}".strip(),
                hint="Allow another way, with access.",
            )
        last = "last" if may_download else "never"
        size = file.bytes if source.bytes is None else source.bytes
        return Sources(
            file=file.model_copy(update={"bytes": size}),
            urls=urls,
            download="first" if ways.downloads_first or not urls else last,
            credentials=await credentials(connected, environment, refused),
        )

    async def _find(
        self, instance: str | None, environment: Environment, path: str
    ) -> tuple[PathInfo, Copy | None]:
        scope, name = split(path)
        connected = self.lake.connect(instance, environment)
        if not name:
            await self.lake.check_scope(instance, environment, scope)
            return PathInfo(path=path, type="scope"), None
        ref = str(parse_did(f"{scope}:{name}"))
        if copy := await self._copy(connected.settings.name, ref):
            return PathInfo(path=path, type="file", ref=ref, bytes=copy.size), copy
        did, row = await _Names(connected.rucio, scope, name).find()
        if did is None:
            await self.lake.check(instance, environment, [did_ref(scope, name)])
            raise NotFoundError(
                f"There is no {scope}:{name} in {connected.settings.shown}.",
                hint="Run %dl ls to search for it.",
            )
        found = PathInfo(
            path=path,
            type=did_type(row) or "file",
            ref=str(did_ref(*did)),
            bytes=count(row.get("bytes")),
            adler32=checksum(row.get("adler32"), 8),
            md5=checksum(row.get("md5"), 32),
        )
        nested = did != (scope, name) and found.type == "file"
        return found, await self._copy(connected.settings.name, str(found.ref)) if nested else None

    async def _copy(self, instance: str, ref: str) -> Copy | None:
        """Return an intact copy of a file on this machine."""
        copies = await asyncio.to_thread(self.manifest.copies, instance, [ref])
        return copies[ref][0] if ref in copies else None


class _Names:
    """What a path may name: a DID, or one that a collection above it holds."""

    def __init__(self, rucio: RucioClient, scope: str, name: str) -> None:
        self._rucio = rucio
        self._scope = scope
        parts = name.split("/")
        self._parts = parts if len(parts) <= DEEPEST else [name]
        self._known: dict[Did, dict[str, Any]] = {}
        self._at: dict[int, Did | None] = {}

    async def find(self) -> tuple[Did | None, dict[str, Any]]:
        """Return the DID and its columns.

        A DID of this whole name comes before one that a collection holds: it costs one call of
        Rucio's, the other two, and one for each collection above it.
        """
        await self._learn([(self._scope, "/".join(self._parts))])
        if not self._known and len(self._parts) > 1:
            await self._learn(pieces(self._scope, self._parts))
        did = await self._first(len(self._parts))
        return did, self._known.get(did, {}) if did else {}

    async def _learn(self, dids: Sequence[Did]) -> None:
        async with aclosing(self._rucio.metadata_of(dids)) as rows:
            async for row in rows:
                if did := did_of(row):
                    self._known[did] = row

    async def _first(self, length: int) -> Did | None:
        """Return the DID that the first parts name."""
        if length not in self._at:
            self._at[length] = await self._look(length)
        return self._at[length]

    async def _look(self, length: int) -> Did | None:
        whole = (self._scope, "/".join(self._parts[:length]))
        if whole in self._known:
            return whole
        for above in range(length - 1, 0, -1):
            holder = await self._first(above)
            if holder is None or did_type(self._known[holder]) == "file":
                continue
            for child in meanings(holder[0], "/".join(self._parts[above:length])):
                if child in self._known and await self._holds(holder, child):
                    return child
        return None

    async def _holds(self, holder: Did, child: Did) -> bool:
        async with aclosing(self._rucio.parents(child)) as rows:
            async for row in rows:
                if did_of(row, child[0]) == holder:
                    return True
        return False


async def _source(rucio: RucioClient, did: Did, ways: Ways) -> FileSource:
    """Return a file's replicas; why there are none where there are none."""
    async with aclosing(files_of(rucio, did, parts=(), collections=(), ways=ways)) as files:
        async for source in files:
            if isinstance(source, FileSource):
                return source
    return FileSource(ref=str(did_ref(*did)), parts=did, urls=())
