"""The decisions of the data lake: the files of a DID, their destination, the state of a row."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from traitlets.config import Config

from escape_vre.core.checks import Check, CheckQuery
from escape_vre.core.errors import EscapeError, NotFoundError, RemoteError, UsageError
from escape_vre.core.fingerprints import Fingerprints
from escape_vre.core.keyring import Keyring
from escape_vre.core.ndjson import Tally
from escape_vre.core.order import natural
from escape_vre.core.refs import ResourceRef
from escape_vre.core.service import FetchQuery, FileSource, Skipped, StorageAccess
from escape_vre.core.settings import Transfers, configured
from escape_vre.core.text import insertable, nearest, skipped
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import CHECKED_FILES, Get
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.models import Job
from escape_vre.services.datalake.addresses import obstacle_of, schemes_of
from escape_vre.services.datalake.dids import did_in, did_ref, read_ref
from escape_vre.services.datalake.files import below, datasets, files_of, holders, is_wanted
from escape_vre.services.datalake.health import service as health
from escape_vre.services.datalake.instances import Connected, LakeInstances
from escape_vre.services.datalake.intake import count, did_type
from escape_vre.services.datalake.listing import TYPES_OF
from escape_vre.services.datalake.models import (
    Did,
    DidType,
    Identity,
    Instance,
    Row,
    RowState,
    Site,
    Sites,
    TypeFilter,
)
from escape_vre.services.datalake.partly import notes, or_note, unread
from escape_vre.services.datalake.reading.ways import Ways
from escape_vre.services.datalake.rows import did_in_full, did_rows, sites_of_file, with_length
from escape_vre.services.datalake.search.seen import SeenKeys
from escape_vre.services.datalake.sites import sites_of_collection
from escape_vre.services.datalake.states import row_states

Environment = Mapping[str, str]
STATES_LIMIT = 200
SCOPES_KEPT_S = 30.0


def create(config: Config, keyring: Keyring) -> "DataLakeService":
    """Make the service."""
    return DataLakeService(LakeInstances(config, keyring), configured(Transfers, config))


class DataLakeService:
    """The data lake, for the agent's routes and for jobs."""

    name = "datalake"

    def __init__(self, instances: LakeInstances, transfers: Transfers) -> None:
        self.transfers = transfers
        self._instances = instances
        self._scopes: dict[int, tuple[float, list[str]]] = {}
        self.seen_keys = SeenKeys()

    async def close(self) -> None:
        """Close the connections to every instance."""
        await self._instances.close()

    def checks(self, query: CheckQuery) -> AsyncGenerator[Check, None]:
        """Yield what of the data lakes works; see :mod:`.health.service`."""
        return health.checks(self._instances, query)

    def connect(self, instance: str | None, environment: Environment) -> Connected:
        """Return one identity at one instance, for a feature with a room of its own."""
        return self._instances.connect(instance, environment)

    def variables(self, environment: Environment) -> set[str]:
        """Return the names of further variables of the caller that the configuration names."""
        return self._instances.variables(environment)

    def instances(self, environment: Environment) -> list[Instance]:
        """Return the configured instances; asks no remote."""
        return self._instances.all(environment)

    async def whoami(self, instance: str | None, environment: Environment) -> Identity:
        """Return our account at an instance, which must answer."""
        connected = self.connect(instance, environment)
        began = time.perf_counter()
        account, (version, note) = await asyncio.gather(
            connected.rucio.whoami(),
            or_note(connected.rucio.ping(), "unknown", "the version of Rucio"),
        )
        return Identity(
            instance=connected.settings.name,
            account=account,
            url=connected.settings.url,
            version=version,
            latency_ms=round((time.perf_counter() - began) * 1000, 1),
            note=note,
        )

    async def scopes(self, instance: str | None, environment: Environment) -> list[str]:
        """Return every scope, sorted; kept for half a minute, for completion asks often."""
        connected = self.connect(instance, environment)
        await connected.tokens.get(environment)  # who is signed out sees none, kept or not
        kept = self._scopes.get(id(connected))
        if kept is None or time.monotonic() - kept[0] > SCOPES_KEPT_S:
            kept = (time.monotonic(), sorted(await connected.rucio.scopes(), key=natural))
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
        tally: Tally | None = None,
    ) -> AsyncGenerator[Row, None]:
        """Yield the DIDs of a scope that match: containers, then datasets, then files.

        The tally counts rows that make no sense.

        Raises
        ------
        NotFoundError
            The scope does not exist; the hint names the nearest one. Rucio itself answers with
            an empty list.
        """
        connected = self.connect(instance, environment)
        empty = True
        for type_ in TYPES_OF.get(kind, (kind,)):
            found = connected.rucio.dids(scope, pattern, type_)
            async with aclosing(did_rows(found, scope, tally or Tally())) as rows:
                async for row in rows:
                    empty = False
                    yield row
        if empty:
            await self.check_scope(instance, environment, scope)

    async def contents(
        self,
        instance: str | None,
        environment: Environment,
        ref: ResourceRef,
        *,
        tally: Tally | None = None,
    ) -> AsyncGenerator[Row, None]:
        """Yield the direct children of a container or dataset, as :meth:`dids` does."""
        connected = self.connect(instance, environment)
        empty = True
        found = connected.rucio.contents(did_in(ref))
        async with aclosing(did_rows(found, did_in(ref)[0], tally or Tally())) as rows:
            async for row in rows:
                empty = False
                yield row
        if empty:
            await self._status(connected, environment, ref)

    async def did(self, instance: str | None, environment: Environment, ref: ResourceRef) -> Did:
        """Return one DID in full; NotFoundError names the nearest where there is none.

        What cannot be had, such as its metadata, is left out, and the note says so.
        """
        connected = self.connect(instance, environment)
        status, size = await self._counted(connected, environment, ref)
        metadata, note = await or_note(connected.rucio.metadata(did_in(ref)), {}, "its metadata")
        self.seen_keys.add(connected.settings.name, metadata)
        return did_in_full(ref, status, metadata, notes(size, note))

    async def sites(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> Sites:
        """Return which sites have a DID: for a file with URLs, for a collection with counts."""
        connected = self.connect(instance, environment)
        status, note = await self._counted(connected, environment, ref)
        kind = did_type(status)
        if kind in ("container", "dataset"):
            found, missing = await sites_of_collection(connected.rucio, did_in(ref), kind)
            if kind == "container" and (length := count(status.get("length"))):
                # A site without any file of a dataset has no row for it.
                found = [with_length(site, length) for site in found]
            return Sites(sites=found, note=notes(note, missing))
        sites: list[Site] = []
        obstacle = None
        async with aclosing(connected.rucio.replicas([did_in(ref)], all_states=True)) as rows:
            async for row in rows:
                sites += sites_of_file(row)
                obstacle = obstacle_of(row, schemes_of(connected.settings))
        return Sites(sites=sites, obstacle=obstacle, note=note)

    async def states(
        self,
        instance: str | None,
        environment: Environment,
        refs: Sequence[ResourceRef],
        desk: JobDesk,
    ) -> list[RowState]:
        """Return what the visible rows show; see :func:`.states.row_states`.

        Raises
        ------
        UsageError
            More than 200 refs.
        """
        if len(refs) > STATES_LIMIT:
            raise UsageError(
                f"Too many DIDs in one request for states: {len(refs):,}.",
                hint=f"Send at most {STATES_LIMIT} in one request.",
            )
        connected = self.connect(instance, environment)
        name = connected.settings.name
        active = desk.active_for(self.name, name)
        return await row_states(
            connected.rucio,
            desk.kind(Get).manifest,
            name,
            refs,
            active,
            Ways.of(connected.settings),
        )

    async def complete(
        self, instance: str | None, environment: Environment, text: str, *, limit: int = 50
    ) -> list[str]:
        """Return scopes that begin with the text, or DIDs once it holds a colon."""
        scope, colon, start = text.partition(":")
        if not colon:
            scopes = await self.scopes(instance, environment)
            return insertable(f"{found}:" for found in scopes if found.startswith(scope))[:limit]
        matches: list[str] = []
        rows = self.dids(instance, environment, scope=scope, pattern=f"{start}*", kind="all")
        try:
            async with aclosing(rows):
                async for row in rows:
                    matches.append(f"{row.scope}:{row.name}")
                    if len(matches) >= limit:
                        break
        except RemoteError:
            if not matches:
                raise
        return sorted(insertable(matches), key=natural)

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
        copy: bool = False,
    ) -> GetRequest:
        """Make the job request of a get."""
        if not refs:
            raise UsageError("No DID was given.", hint="Give at least one DID.")
        connected = self.connect(instance, environment)
        dids = [ref.body for ref in refs]
        title = dids[0] if len(dids) == 1 else f"{dids[0]} and {len(dids) - 1} more"
        return GetRequest(
            service=self.name,
            instance=connected.settings.name,
            account=connected.account or environment.get("RUCIO_ACCOUNT", ""),
            refs=tuple(str(ref) for ref in refs),
            files=tuple(files),
            destination=str(destination),
            flat=flat,
            copy_mounted=copy,
            title=title,
        )

    async def begin(
        self,
        request: GetRequest,
        environment: Environment,
        desk: JobDesk,
        *,
        client: str | None,
        key: str | None,
    ) -> tuple[Job, bool]:
        """Return the job of a get, and whether it is new: what is here needs none."""
        if key is None or not desk.knows(key):
            before = await self._here_already(request, environment, desk)
            if before is not None:
                return before, False
        return await desk.submit(request, client=client, environment=environment, key=key)

    async def _here_already(
        self, request: GetRequest, environment: Environment, desk: JobDesk
    ) -> Job | None:
        """Return the job that brought all of this, if it is still here and the same today."""
        before = desk.done_before(request)
        if before is None:
            return None
        job = await desk.kind(Get).intact(before, lambda: desk.files(before.id))
        if job is None:
            return None
        refs = [read_ref(ref) for ref in request.refs[: STATES_LIMIT + 1]]
        if len(refs) > STATES_LIMIT:
            return None
        try:
            rows = await self.states(request.instance, environment, refs, desk)
            if any(row.note for row in rows):
                return None
            if request.files:
                count = sum(row.length or 1 for row in rows)
                same = count <= CHECKED_FILES and await self._same_files(
                    job, request, environment, desk
                )
            else:
                same = all(row.local == "here" for row in rows)
        except EscapeError:
            return None  # the job says what is wrong
        return job if same else None

    async def _same_files(
        self, job: Job, request: GetRequest, environment: Environment, desk: JobDesk
    ) -> bool:
        """Tell whether the patterns of a finished job's request choose no other file today."""
        query = FetchQuery(
            request.instance,
            request.refs,
            request.files,
            environment,
            copy=request.copy_mounted,
        )
        left = {file.ref for file in desk.files(job.id)}
        lost = 0
        async with aclosing(self.sources(query)) as sources:
            async for source in sources:
                if isinstance(source, Skipped):
                    lost += source.rows
                elif source.ref not in left:
                    return False
        return job.note == (skipped(lost) or None)

    async def check(
        self, instance: str | None, environment: Environment, refs: Sequence[ResourceRef]
    ) -> None:
        """Raise NotFoundError for a DID that does not exist, so that no job is made for a typo.

        Other errors are left to the job, which can be retried.
        """
        connected = self.connect(instance, environment)
        for ref in refs:
            try:
                await self._status(connected, environment, ref, count=False)
            except (NotFoundError, UsageError):
                raise
            except EscapeError:
                return

    async def sources(self, query: FetchQuery) -> AsyncGenerator[FileSource | Skipped, None]:
        """Yield every file of the refs once, with its replicas, the best first."""
        connected = self.connect(query.instance, query.environment)
        ways = Ways.of(connected.settings, copy=query.copy)
        seen = Fingerprints()
        wanted = [read_ref(text) for text in query.refs]
        named = {did_in(ref)[0] for ref in wanted} if query.flat else set()
        for ref in wanted:
            kind = did_type(await self._status(connected, query.environment, ref, count=False))
            if kind in ("container", "dataset"):
                files = self._collection(connected, ref, kind, ways)
            else:
                above = await holders(connected.rucio, did_in(ref))
                files = files_of(
                    connected.rucio, did_in(ref), parts=(), collections=above, ways=ways
                )
            async with aclosing(files):
                async for source in files:
                    if isinstance(source, Skipped):
                        yield source
                    elif is_wanted(source, query.files) and seen.add(source.parts):
                        yield below(source, named)

    async def storage(self, query: FetchQuery) -> StorageAccess:
        """Return the credentials for the storages of an instance."""
        connected = self.connect(query.instance, query.environment)
        await connected.storage.sign_in()
        return connected.storage

    def refusals(self, query: FetchQuery) -> AsyncGenerator[EscapeError, None]:
        """Yield why there is no token for an instance, until there is one."""
        connected = self.connect(query.instance, query.environment)
        return connected.tokens.refusals(query.environment)

    async def _collection(
        self, connected: Connected, ref: ResourceRef, kind: DidType, ways: Ways
    ) -> AsyncGenerator[FileSource | Skipped, None]:
        async with aclosing(datasets(connected.rucio, did_in(ref), kind)) as below:
            async for found in below:
                if isinstance(found, Skipped):
                    yield found
                    continue
                dataset, containers = found
                above = await holders(connected.rucio, dataset)
                refs = (*containers, *above, str(did_ref(*dataset)))
                collections = tuple(dict.fromkeys(refs))
                files = files_of(
                    connected.rucio, dataset, parts=dataset, collections=collections, ways=ways
                )
                async with aclosing(files):
                    async for source in files:
                        yield source

    async def _counted(
        self, connected: Connected, environment: Environment, ref: ResourceRef
    ) -> tuple[dict[str, Any], str | None]:
        """Return a DID's status with its size, or without where Rucio fails to count."""
        try:
            return await self._status(connected, environment, ref), None
        except RemoteError as e:
            status = await self._status(connected, environment, ref, count=False)
            return status, unread("its size", e)

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
            return await connected.rucio.did(did_in(ref), count=count)
        except NotFoundError as e:
            instance = connected.settings.name
            await self.check_scope(instance, environment, did_in(ref)[0])
            near = await self._near(instance, environment, ref)
            raise NotFoundError(
                f"There is no {ref.body} in {connected.settings.shown}.",
                hint=f"Did you mean {near}?" if near else "Run %dl ls to search for it.",
                details={"near": near} if near else {},
            ) from e

    async def check_scope(self, instance: str | None, environment: Environment, scope: str) -> None:
        """Raise NotFoundError for a scope that does not exist; the hint names the nearest."""
        try:
            scopes = await self.scopes(instance, environment)
        except RemoteError:
            return  # what is there and what is not was said already
        if scope in scopes:
            return
        near = nearest(scope, scopes)
        raise NotFoundError(
            f"There is no scope {scope}.",
            hint=f"Did you mean {near}?" if near else "Run %dl ls to see all scopes.",
            details={"near": near} if near else {},
        )

    async def _near(
        self, instance: str | None, environment: Environment, ref: ResourceRef
    ) -> str | None:
        """Return the DID whose name is nearest, among those that begin alike."""
        scope, name = did_in(ref)
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
        near = nearest(name, names)
        return f"{scope}:{near}" if near else None
