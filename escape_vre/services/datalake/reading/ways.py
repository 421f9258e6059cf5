"""In which order the replicas of a file are used: what is mounted here, a cache, the storages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from escape_vre.core.errors import EscapeError
from escape_vre.core.service import InPlace
from escape_vre.jobs.transfer.address import Address
from escape_vre.services.datalake.addresses import available_pfns, schemes_of, urls_of
from escape_vre.services.datalake.client import SCHEMES
from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.reading.settings import Mount, Way

_ENCODED = ("http", "https", "dav", "davs")


@dataclass(frozen=True, slots=True)
class Ways:
    """What one instance, or one call, allows.

    Parameters
    ----------
    copy : bool
        Whether a copy is wanted, also of what is mounted.
    """

    settings: LakeSettings
    access: tuple[Way, ...]
    copy: bool = False

    @classmethod
    def of(
        cls, settings: LakeSettings, access: Sequence[Way] | None = None, *, copy: bool = False
    ) -> "Ways":
        """Return the ways of an instance, or those that a call has chosen."""
        return cls(settings, tuple(access or settings.access), copy)

    @property
    def schemes(self) -> Sequence[str] | None:
        """The schemes to ask Rucio for; None for all, as those of mounts may be any."""
        return None if self._mounts else schemes_of(self.settings)

    @property
    def downloads_first(self) -> bool:
        """Whether a file is downloaded before any other way over the network is tried."""
        ways = [way for way in self.access if way != "mounted"]
        return ways[:1] == ["downloaded"]

    def in_place(self, row: Mapping[str, Any]) -> tuple[InPlace, ...]:
        """Return where the folders of this machine should have a file; none for a copy."""
        return () if self.copy else self._mounted(row)

    def urls(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the addresses of a row of ``/replicas/list``, the best first."""
        schemes = schemes_of(self.settings) if self.schemes is None else SCHEMES
        origin = tuple(url for url in urls_of(row) if url.partition(":")[0] in schemes)
        cached = self._cached(origin)
        both = [*origin, *cached] if self._is_before("streamed", "cached") else [*cached, *origin]
        mounted = self._mounted(row) if self.copy else ()
        return (*(str(Address(None, place.path)) for place in mounted), *both)

    def streamed(self, urls: Sequence[str]) -> tuple[str, ...]:
        """Return those addresses that may be read in parts."""
        cache = self.settings.cache
        return tuple(
            url
            for url in urls
            if ("cached" if cache and url.startswith(cache) else "streamed") in self.access
        )

    def folders_of(self, sites: Collection[str]) -> list[str]:
        """Return the folders of this machine that some storages (RSEs) are mounted at."""
        return [mount.path for mount in self._mounts if mount.rse in sites]

    @property
    def _mounts(self) -> tuple[Mount, ...]:
        return self.settings.mounts if "mounted" in self.access else ()

    def _mounted(self, row: Mapping[str, Any]) -> tuple[InPlace, ...]:
        return tuple(
            InPlace(path, mount.path)
            for mount in self._mounts
            for url, rse in available_pfns(row).items()
            if (path := path_of(url, rse, mount))
        )

    def _cached(self, urls: Sequence[str]) -> list[str]:
        """Return the addresses at the cache; what is signed is for the storage's eyes only."""
        cache = self.settings.cache
        if cache is None or "cached" not in self.access:
            return []
        found = []
        for url in urls:
            try:
                address = Address.read(url)
            except EscapeError:
                continue
            if not address.is_local and not address.signed:
                found.append(f"{cache}{address}")
        return found

    def _is_before(self, first: Way, second: Way) -> bool:
        order = [way for way in self.access if way in (first, second)]
        return order[:1] == [first]


def path_of(url: str, rse: str, mount: Mount) -> str | None:
    """Return the path of a replica below a mount; None where it is none of that mount.

    It is a text only: whether there is such a file, and inside the mount, is seen when it is used.
    """
    if mount.rse not in (None, rse):
        return None
    if mount.prefix:
        if not url.startswith(mount.prefix):
            return None
        rest = url.removeprefix(mount.prefix)
        if rest and not mount.prefix.endswith("/") and not rest.startswith("/"):
            return None
    else:
        rest = urlsplit(url).path
    rest = rest.partition("?")[0]
    if url.partition(":")[0] in _ENCODED:
        rest = unquote(rest)
    parts = [part for part in rest.split("/") if part][mount.begins_at :]
    if not parts or "\0" in rest or {".", ".."} & set(parts):
        return None
    return "/".join([mount.path.rstrip("/"), *parts])
