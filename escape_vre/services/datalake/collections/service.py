"""The decisions about datasets, containers and metadata."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from escape_vre.core.errors import ConflictError, NotFoundError, UsageError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.text import printable
from escape_vre.services.datalake.accounts.service import check_scope
from escape_vre.services.datalake.collections import remote
from escape_vre.services.datalake.collections.models import CollectionType, Done, MetadataValue
from escape_vre.services.datalake.dids import did_in
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.intake import did_of, did_type, flag
from escape_vre.services.datalake.models import Did, DidType
from escape_vre.services.datalake.service import DataLakeService

Environment = Mapping[str, str]
HOLDS: Mapping[DidType, tuple[DidType, ...]] = {
    "dataset": ("file",),
    "container": ("dataset", "container"),
}
KEY_LENGTH = 255
_OTHERS = {
    "lifetime": "Run %dl erase to have a DID erased after a time.",
    "expired_at": "Run %dl erase to have a DID erased after a time.",
    "is_open": "Run %dl close or %dl reopen.",
    "open": "Run %dl close or %dl reopen.",
}
"""Keys that are set by commands of their own."""
_RESERVED = frozenset(
    {
        *("scope", "name", "account", "did_type", "bytes", "length", "md5", "adler32"),
        *("availability", "complete", "monotonic", "obsolete", "suppressed"),
        *("created_at", "deleted_at", "updated_at"),
        *("rule_evaluation_action", "rule_evaluation_required"),
    }
)


class Collections:
    """Datasets, containers and metadata of one instance, for one caller.

    Every change is checked before anything is written: the scope must be the account's own, and
    the DID must exist; NotFoundError names the nearest.
    """

    def __init__(
        self, lake: DataLakeService, instance: str | None, environment: Environment
    ) -> None:
        self._lake = lake
        self._environment = environment
        self.connected: Connected = lake.connect(instance, environment)

    async def create(
        self,
        ref: ResourceRef,
        kind: CollectionType,
        *,
        metadata: Mapping[str, MetadataValue],
        lifetime_s: int | None,
    ) -> Done:
        """Make a dataset or container; one that is there already is left as it is.

        Raises
        ------
        ConflictError
            There is a DID of another type by this name.
        """
        for key in metadata:
            _check_key(key)
        await check_scope(self.connected, did_in(ref)[0])
        try:
            await remote.create(self.connected.rucio, did_in(ref), kind, metadata, lifetime_s)
        except ConflictError:
            return await self._there(ref, kind)
        message = f"{kind.capitalize()} {ref.body} was made."
        return Done(ref=str(ref), type=kind, open=True, message=message)

    async def attach(self, ref: ResourceRef, contents: Sequence[ResourceRef]) -> Done:
        """Attach DIDs to a dataset or container, all or none; those that are attached stay.

        Raises
        ------
        ConflictError
            It is closed.
        UsageError
            It cannot hold what is to be attached.
        """
        await check_scope(self.connected, did_in(ref)[0])
        kind, is_open = await self._collection(ref)
        if not is_open:
            raise ConflictError(
                f"The {kind} {ref.body} is closed, so nothing can be attached.",
                hint=f"Run %dl reopen {ref.body}, or use another {kind}.",
            )
        await self._check_contents(ref, kind, contents)
        await remote.attach(self.connected.rucio, did_in(ref), map(did_in, contents))
        message = f"{_shown(contents)} {_are(contents)} attached to {ref.body}."
        return Done(ref=str(ref), type=kind, open=True, message=message)

    async def detach(self, ref: ResourceRef, contents: Sequence[ResourceRef]) -> Done:
        """Detach DIDs from a dataset or container, all or none."""
        await check_scope(self.connected, did_in(ref)[0])
        kind, is_open = await self._collection(ref)
        await remote.detach(self.connected.rucio, did_in(ref), map(did_in, contents))
        message = (
            f"{_shown(contents)} {_are(contents)} detached from {ref.body}; what only its rules"
            " kept is kept no longer."
        )
        return Done(ref=str(ref), type=kind, open=is_open, message=message)

    async def set_open(self, ref: ResourceRef, is_open: bool) -> Done:
        """Close a dataset or container, or reopen it; one that is so already is left."""
        await check_scope(self.connected, did_in(ref)[0])
        kind, was_open = await self._collection(ref)
        word = "open" if is_open else "closed"
        if was_open == is_open:
            message = f"{ref.body} is {word} already."
            return Done(ref=str(ref), type=kind, open=is_open, already=True, message=message)
        await remote.set_open(self.connected.rucio, did_in(ref), is_open)
        effect = "can be attached to it" if is_open else "can be attached to it any more"
        message = f"{ref.body} is {word}: {'DIDs' if is_open else 'nothing'} {effect}."
        return Done(ref=str(ref), type=kind, open=is_open, message=message)

    async def describe(
        self,
        ref: ResourceRef,
        *,
        values: Mapping[str, MetadataValue],
        remove: Sequence[str],
        recursive: bool = False,
    ) -> Did:
        """Set and remove metadata of a DID, and return it as it is then.

        Each key is a request of its own: where one is refused, those before it are set.

        Raises
        ------
        UsageError
            A key is Rucio's own, or a command of its own sets it; nothing is written then.
        """
        for key in (*values, *remove):
            _check_key(key)
        if not values and not remove:
            raise UsageError("Nothing is to be changed.", hint="Give KEY=VALUE, or a KEY.")
        await check_scope(self.connected, did_in(ref)[0])
        await self._lake.check(self.connected.settings.name, self._environment, [ref])
        rucio = self.connected.rucio
        for key, value in values.items():
            await remote.set_value(rucio, did_in(ref), key, value, recursive=recursive)
        for key in remove:
            try:
                await remote.unset_value(rucio, did_in(ref), key)
            except NotFoundError as e:
                raise NotFoundError(
                    f"{ref.body} has no metadata {key}.", hint="Run %dl meta show to see all."
                ) from e
        return await self._lake.did(self.connected.settings.name, self._environment, ref)

    async def _there(self, ref: ResourceRef, kind: CollectionType) -> Done:
        """Return the collection that is in the way, if it is what was asked for."""
        found = await self.connected.rucio.did(did_in(ref), count=False)
        there = did_type(found)
        if there != kind:
            raise ConflictError(
                f"{ref.body} exists already, and is a {there}, not a {kind}.",
                hint="Choose another name.",
            )
        message = f"{kind.capitalize()} {ref.body} is there already; it was left as it is."
        is_open = flag(found.get("open"))
        return Done(ref=str(ref), type=kind, open=is_open, already=True, message=message)

    async def _collection(self, ref: ResourceRef) -> tuple[DidType, bool]:
        """Return the type of a dataset or container, and whether it is open."""
        await self._lake.check(self.connected.settings.name, self._environment, [ref])
        found = await self.connected.rucio.did(did_in(ref), count=False)
        kind = did_type(found) or "file"
        if kind == "file":
            raise UsageError(
                f"{ref.body} is a file, not a dataset or container.",
                hint="Name a dataset or container.",
            )
        return kind, found.get("open") is not False

    async def _check_contents(
        self, ref: ResourceRef, kind: DidType, contents: Sequence[ResourceRef]
    ) -> None:
        """Refuse what a collection cannot hold; Rucio is asked once for all of it."""
        if ref in contents:
            raise UsageError(f"{ref.body} cannot hold itself.", hint="Attach it to another one.")
        types: dict[tuple[str, str], DidType] = {}
        async with aclosing(self.connected.rucio.metadata_of(map(did_in, contents))) as rows:
            async for row in rows:
                if (did := did_of(row)) and (found := did_type(row)):
                    types[did] = found
        for one in contents:
            if did_in(one) not in types:
                await self._lake.check(self.connected.settings.name, self._environment, [one])
                continue
            if types[did_in(one)] not in HOLDS[kind]:
                raise UsageError(
                    f"{one.body} is a {types[did_in(one)]}, and a {kind} holds"
                    f" {' and '.join(f'{word}s' for word in HOLDS[kind])} only.",
                    hint="Files go into datasets; datasets and containers go into containers.",
                )


def _check_key(key: str) -> None:
    """Refuse keys that Rucio does not let anyone set, and those that mean something else."""
    if hint := _OTHERS.get(key):
        raise UsageError(f"{key} is not set as metadata.", hint=hint)
    if key in _RESERVED:
        raise UsageError(f"{key} is Rucio's own and cannot be set.", hint="Choose another key.")
    if (
        not key.strip()
        or len(key) > KEY_LENGTH
        or any(c in key for c in "./\\")
        or key != (printable(key))
    ):
        raise UsageError(
            f"{printable(key[:80]) or 'An empty text'} cannot be a key of metadata.",
            hint="A key has letters, digits, - and _; dots and slashes are not possible.",
        )


def _shown(refs: Sequence[ResourceRef]) -> str:
    return refs[0].body if len(refs) == 1 else f"{len(refs):,} DIDs"


def _are(refs: Sequence[Any]) -> str:
    return "is" if len(refs) == 1 else "are"
