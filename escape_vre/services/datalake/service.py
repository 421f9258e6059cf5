"""What the data lake decides: which files a DID stands for, where they go, what a row shows."""

import asyncio
import fnmatch
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from traitlets.config import Config

from escape_vre.core.errors import EscapeError, NotFoundError, UsageError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.service import FetchQuery, FileSource, StorageAccess
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.manifest import Manifest
from escape_vre.jobs.models import Job, JobRequest
from escape_vre.services.datalake.client import SCHEMES, RucioClient
from escape_vre.services.datalake.instances import Connected, Instances
from escape_vre.services.datalake.models import (
    Did,
    DidType,
    Identity,
    Instance,
    Row,
    RowState,
    Site,
    TypeFilter,
)

Environment = Mapping[str, str]
STATES_LIMIT = 200
SCOPES_KEPT_S = 30.0


def create(config: Config) -> "DataLakeService":
    """Make the service; see :class:`escape_vre.core.service.ServiceFactory`."""
    return DataLakeService(Instances(config))


class DataLakeService:
    """The data lake, for the agent's routes and for jobs."""

    name = "datalake"

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._scopes: dict[int, tuple[float, list[str]]] = {}

    def router(self, desk: JobDesk) -> APIRouter:
        """Return the routes below ``/datalake``."""
        from escape_vre.services.datalake.routes import make_router

        return make_router(self, desk)

    async def close(self) -> None:
        """Close the connections to every instance."""
        await self._instances.close()

    def instances(self, environment: Environment) -> list[Instance]:
        """Return the configured instances; asks no remote."""
        return self._instances.all(environment)

    async def whoami(self, instance: str | None, environment: Environment) -> Identity:
        """Return who we are at an instance, and that it answers."""
        connected = self._instances.connect(instance, environment)
        began = time.perf_counter()
        account, version = await asyncio.gather(
            connected.rucio.whoami(), connected.rucio.ping()
        )
        return Identity(
            instance=connected.settings.name,
            account=account,
            url=connected.settings.url,
            version=version,
            latency_ms=round((time.perf_counter() - began) * 1000, 1),
        )

    async def scopes(self, instance: str | None, environment: Environment) -> list[str]:
        """Return every scope, sorted; kept for half a minute, for completion asks often."""
        connected = self._instances.connect(instance, environment)
        kept = self._scopes.get(id(connected))
        if kept is None or time.monotonic() - kept[0] > SCOPES_KEPT_S:
            kept = (time.monotonic(), sorted(await connected.rucio.scopes()))
            self._scopes[id(connected)] = kept
        return kept[1]

    async def dids(
        self,
        instance: str | None,
        environment: Environment,
        *,
        scope: str,
        pattern: str,
        kind: TypeFilter,
    ) -> AsyncIterator[Row]:
        """Yield the DIDs of a scope that match.

        Raises
        ------
        NotFoundError
            The scope does not exist; the hint names the nearest one. Rucio itself answers with
            an empty list.
        """
        connected = self._instances.connect(instance, environment)
        empty = True
        async with aclosing(connected.rucio.dids(scope, pattern, kind)) as rows:
            async for row in rows:
                empty = False
                yield _row(row, scope)
        if empty:
            await self._check_scope(instance, environment, scope)

    async def contents(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> AsyncIterator[Row]:
        """Yield the direct children of a container or dataset."""
        connected = self._instances.connect(instance, environment)
        empty = True
        async with aclosing(connected.rucio.contents(ref.did)) as rows:
            async for row in rows:
                empty = False
                yield _row(row, ref.did[0])
        if empty:
            await self._status(connected, environment, ref)

    async def did(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> Did:
        """Return one DID in full; NotFoundError names the nearest where there is none."""
        connected = self._instances.connect(instance, environment)
        status, metadata = await asyncio.gather(
            self._status(connected, environment, ref),
            connected.rucio.metadata(ref.did),
        )
        scope, name = ref.did
        shown = {key: value for key, value in metadata.items() if value is not None}
        return Did(
            ref=str(ref),
            scope=scope,
            name=name,
            type=_type(status),
            bytes=status.get("bytes"),
            length=status.get("length"),
            account=status.get("account") or shown.get("account"),
            created=_time(shown.get("created_at")),
            adler32=shown.get("adler32"),
            md5=shown.get("md5"),
            open=status.get("open"),
            metadata={key: shown[key] for key in sorted(shown.keys() - _COLUMNS)},
        )

    async def sites(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> list[Site]:
        """Return which sites have a DID: a file with URLs, a collection with counts."""
        connected = self._instances.connect(instance, environment)
        kind = _type(await self._status(connected, environment, ref))
        if kind == "file":
            return [
                site
                async for row in connected.rucio.replicas([ref.did], all_states=True)
                for site in _sites_of_file(row)
            ]
        datasets = [ref.did]
        if kind == "container":
            datasets = [did async for did, _ in _datasets(connected.rucio, ref.did, "container")]
        found: dict[str, Site] = {}
        for dataset in datasets:
            async for row in connected.rucio.dataset_replicas(dataset):
                _add_site(found, row)
        return sorted(found.values(), key=lambda site: site.rse)

    async def states(
        self,
        instance: str | None,
        environment: Environment,
        refs: Sequence[ResourceRef],
        desk: JobDesk,
    ) -> list[RowState]:
        """Return what the visible rows show, with three calls of Rucio however many files.

        Raises
        ------
        UsageError
            More than 200 refs.
        """
        if len(refs) > STATES_LIMIT:
            raise UsageError(
                f"States of {len(refs)} DIDs were asked for at once.",
                hint=f"Ask for at most {STATES_LIMIT}.",
            )
        connected = self._instances.connect(instance, environment)
        name = connected.settings.name
        columns = {
            (str(row["scope"]), str(row["name"])): row
            async for row in connected.rucio.metadata_of([ref.did for ref in refs])
        }
        kinds = {ref: _type(columns[ref.did]) for ref in refs if ref.did in columns}
        files = [ref for ref, kind in kinds.items() if kind == "file"]
        datasets = [ref for ref, kind in kinds.items() if kind == "dataset"]
        sites, local = await asyncio.gather(
            _site_names(connected.rucio, files, datasets),
            asyncio.to_thread(_local, desk.manifest, name, kinds),
        )
        active = desk.active_for(self.name, name)
        return [
            _row_state(
                ref,
                columns.get(ref.did),
                local.get(ref, RowState(ref=str(ref))),
                sites.get(ref.did, {}),
                active.get(str(ref)),
            )
            for ref in refs
        ]

    async def complete(
        self, instance: str | None, environment: Environment, text: str, *, limit: int = 50
    ) -> list[str]:
        """Return scopes that begin with the text, or DIDs once it holds a colon."""
        scope, colon, start = text.partition(":")
        if not colon:
            scopes = await self.scopes(instance, environment)
            return [f"{found}:" for found in scopes if found.startswith(scope)][:limit]
        matches = []
        rows = self.dids(instance, environment, scope=scope, pattern=f"{start}*", kind="all")
        async with aclosing(rows):
            async for row in rows:
                matches.append(f"{row.scope}:{row.name}")
                if len(matches) >= limit:
                    break
        return sorted(matches)

    # ── getting ─────────────────────────────────────────────────────────────────────────────

    def get_request(
        self,
        instance: str | None,
        environment: Environment,
        refs: Sequence[ResourceRef],
        *,
        files: Sequence[str],
        destination: Path,
        flat: bool,
    ) -> JobRequest:
        """Make the job request of a get."""
        if not refs:
            raise UsageError("Nothing was asked for.", hint="Name at least one DID.")
        connected = self._instances.connect(instance, environment)
        dids = [ref.body for ref in refs]
        title = dids[0] if len(dids) == 1 else f"{dids[0]} and {len(dids) - 1} more"
        return JobRequest(
            service=self.name,
            instance=connected.settings.name,
            account=connected.account or environment.get("RUCIO_ACCOUNT", ""),
            refs=tuple(str(ref) for ref in refs),
            files=tuple(files),
            destination=str(destination),
            flat=flat,
            title=title,
        )

    async def sources(self, query: FetchQuery) -> AsyncIterator[FileSource]:
        """Yield every file of the refs once, with its replicas, the best first."""
        connected = self._instances.connect(query.instance, query.environment)
        seen: set[tuple[str, ...]] = set()
        for text in query.refs:
            ref = ResourceRef.parse(text)
            status = await self._status(connected, query.environment, ref, count=False)
            if _type(status) == "file":
                files = _replicas(connected.rucio, ref.did, parts=(), collections=())
            else:
                files = self._collection(connected, ref, _type(status))
            async with aclosing(files):
                async for source in files:
                    if source.parts in seen or not _wanted(source, query.files):
                        continue
                    seen.add(source.parts)
                    yield source

    async def storage(self, query: FetchQuery) -> StorageAccess:
        """Return how the storages of an instance let us in."""
        connected = self._instances.connect(query.instance, query.environment)
        if connected.settings.storage_token == "rucio":
            connected.storage.token = await connected.tokens.get(query.environment)
        return connected.storage

    async def _collection(
        self, connected: Connected, ref: ResourceRef, kind: DidType
    ) -> AsyncIterator[FileSource]:
        async for dataset, containers in _datasets(connected.rucio, ref.did, kind):
            collections = (*containers, str(ResourceRef.rucio(*dataset)))
            files = _replicas(
                connected.rucio, dataset, parts=dataset, collections=collections
            )
            async with aclosing(files):
                async for source in files:
                    yield source

    # ── what is not there ───────────────────────────────────────────────────────────────────

    async def _status(
        self,
        connected: Connected,
        environment: Environment,
        ref: ResourceRef,
        *,
        count: bool = True,
    ) -> dict[str, Any]:
        """Return a DID's status; where it does not exist, name what it may have meant."""
        try:
            return await connected.rucio.did(ref.did, count=count)
        except NotFoundError as e:
            instance = connected.settings.name
            await self._check_scope(instance, environment, ref.did[0])
            near = await self._near(instance, environment, ref)
            raise NotFoundError(
                f"There is no {ref.body} in {connected.settings.title or instance}.",
                hint=f"Did you mean {near}?" if near else "Look for it with %dl ls.",
                details={"near": near} if near else {},
            ) from e

    async def _check_scope(
        self, instance: str | None, environment: Environment, scope: str
    ) -> None:
        scopes = await self.scopes(instance, environment)
        if scope in scopes:
            return
        near = _nearest(scope, scopes)
        raise NotFoundError(
            f"There is no scope {scope}.",
            hint=f"Did you mean {near}?" if near else "%dl ls shows all scopes.",
            details={"near": near} if near else {},
        )

    async def _near(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> str | None:
        """Return the DID whose name is nearest, among those that begin alike."""
        scope, name = ref.did
        names: list[str] = []
        for start in {name[:3], name[:1]}:
            rows = self.dids(instance, environment, scope=scope, pattern=f"{start}*", kind="all")
            try:
                async with aclosing(rows):
                    async for row in rows:
                        names.append(row.name)
                        if len(names) >= 2000:
                            break
            except EscapeError:
                return None  # no suggestion is worth an error about a suggestion
        near = _nearest(name, names)
        return f"{scope}:{near}" if near else None


_COLUMNS = {"scope", "name", "did_type", "type", "account", "bytes", "length", "adler32", "md5"}


def _nearest(text: str, among: Iterable[str]) -> str | None:
    import difflib

    found = difflib.get_close_matches(text, list(among), n=1, cutoff=0.6)
    return found[0] if found else None


def _type(row: Mapping[str, Any]) -> DidType:
    kind = str(row.get("type") or row.get("did_type") or "file").lower()
    return "container" if kind == "container" else "dataset" if kind == "dataset" else "file"


def _time(value: object) -> Any:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(str(value).replace("UTC", "GMT")) if value else None
    except ValueError:
        return None


def _row(row: Mapping[str, Any], scope: str) -> Row:
    scope, name = str(row.get("scope") or scope), str(row["name"])
    return Row(
        ref=str(ResourceRef.rucio(scope, name)),
        scope=scope,
        name=name,
        type=_type(row),
        bytes=row.get("bytes"),
        length=row.get("length"),
        adler32=row.get("adler32"),
        md5=row.get("md5"),
    )


def _wanted(source: FileSource, patterns: Sequence[str]) -> bool:
    if not patterns:
        return True
    scope, _, name = source.ref.removeprefix("rucio:").partition(":")
    return any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(f"{scope}:{name}", pattern)
        for pattern in patterns
    )


async def _datasets(
    rucio: RucioClient, did: tuple[str, str], kind: DidType
) -> AsyncIterator[tuple[tuple[str, str], tuple[str, ...]]]:
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
                pending.append((child, _type(row), above))


async def _replicas(
    rucio: RucioClient,
    did: tuple[str, str],
    *,
    parts: tuple[str, ...],
    collections: tuple[str, ...],
) -> AsyncIterator[FileSource]:
    """Yield the files of a file or dataset; those that no site has now, too."""
    missing = {
        (str(row["scope"]), str(row["name"])): row async for row in rucio.files(did)
    }
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
    pfns = row.get("pfns") or {}
    return FileSource(
        ref=str(ResourceRef.rucio(scope, name)),
        parts=place,
        urls=tuple(sorted(pfns, key=lambda url: _preference(url, pfns[url]))),
        bytes=row.get("bytes"),
        checksums=sums,
        collections=collections,
    )


def _preference(url: str, replica: Mapping[str, Any]) -> tuple[object, ...]:
    """Prefer what is mounted here, disk before tape, then what Rucio puts first."""
    scheme = url.partition(":")[0]
    order = SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)
    return (scheme != "file", replica.get("type") == "TAPE", replica.get("priority", 99), order)


def _sites_of_file(row: Mapping[str, Any]) -> list[Site]:
    states = row.get("states") or {}
    urls = row.get("rses") or {}
    return [
        Site(
            rse=rse,
            state=str(states.get(rse, "AVAILABLE")).lower(),
            available=int(states.get(rse, "AVAILABLE") == "AVAILABLE"),
            length=1,
            bytes=row.get("bytes"),
            urls=urls.get(rse, []),
        )
        for rse in sorted({*states, *urls})
    ]


def _add_site(found: dict[str, Site], row: Mapping[str, Any]) -> None:
    """Add a dataset's replica row to what is known of its site."""
    rse = str(row["rse"])
    before = found.get(rse)
    available = int(row.get("available_length") or 0) + (before.available if before else 0)
    length = int(row.get("length") or 0) + (before.length if before else 0)
    found[rse] = Site(
        rse=rse,
        state="available" if available >= length else "partly" if available else "unavailable",
        available=available,
        length=length,
        bytes=int(row.get("available_bytes") or 0) + (before.bytes or 0 if before else 0),
    )


async def _site_names(
    rucio: RucioClient, files: Sequence[ResourceRef], datasets: Sequence[ResourceRef]
) -> dict[tuple[str, str], dict[str, bool]]:
    """Return for each DID the sites that have it, and whether they have all of it."""
    found: dict[tuple[str, str], dict[str, bool]] = {}

    async def of_files() -> None:
        async for row in rucio.replicas([ref.did for ref in files], all_states=True):
            states = row.get("states") or dict.fromkeys(row.get("rses") or {}, "AVAILABLE")
            found[(str(row["scope"]), str(row["name"]))] = {
                rse: state == "AVAILABLE" for rse, state in states.items()
            }

    async def of_datasets() -> None:
        async for row in rucio.dataset_replicas_of([ref.did for ref in datasets]):
            whole = str(row.get("state", "")).upper().startswith("A")
            sites = found.setdefault((str(row["scope"]), str(row["name"])), {})
            sites[str(row["rse"])] = whole

    async with asyncio.TaskGroup() as group:
        if files:
            group.create_task(of_files())
        if datasets:
            group.create_task(of_datasets())
    return found


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


def _row_state(
    ref: ResourceRef,
    columns: Mapping[str, Any] | None,
    local: RowState,
    sites: Mapping[str, bool],
    job: Job | None,
) -> RowState:
    columns = columns or {}
    length = columns.get("length")
    here = local.local
    if here == "partly" and length is not None and (local.local_files or 0) >= length:
        here = "here"
    problem = None
    if columns and not any(sites.values()) and here == "elsewhere" and _type(columns) == "file":
        problem = "no site has it available"
    fraction = None
    if job is not None and job.bytes_total:
        fraction = min(1.0, job.bytes_done / job.bytes_total)
    return local.model_copy(
        update={
            "bytes": columns.get("bytes"),
            "length": length,
            "local": here,
            "sites": sorted(sites),
            "job": job.id if job else None,
            "job_state": job.state if job else None,
            "fraction": fraction,
            "problem": problem,
        }
    )
