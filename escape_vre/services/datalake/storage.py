"""Credentials for storages: a certificate, a Rucio token that they also accept, or neither."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import wait
from datetime import UTC, datetime
from typing import Any, TypeVar

from escape_vre.core.caller import in_home
from escape_vre.core.certificates import expiry
from escape_vre.core.hosts import is_listed
from escape_vre.core.service import StorageAccess
from escape_vre.core.tls import contexts
from escape_vre.core.tokens import TokenChain
from escape_vre.jobs.transfer.address import Address
from escape_vre.services.datalake.addresses import urls_of
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.dids import did_in, read_ref
from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.network import LakeNetwork

CHECK_S = 0.2
"""How often a worker that waits for the agent's loop looks whether its job is to stop, seconds."""
T = TypeVar("T")


class LakeStorage(StorageAccess):
    """Storage access of one instance; called from worker threads.

    Parameters
    ----------
    network : Network
        The certificates and proxies that lead to the storages.
    """

    def __init__(
        self,
        settings: LakeSettings,
        *,
        network: LakeNetwork,
        tokens: TokenChain,
        rucio: RucioClient,
        environment: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._network = network
        self._shows_token = settings.storage_token == "rucio"  # noqa: S105 — a choice
        self._tokens = tokens
        self._rucio = rucio
        self._environment = environment
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def network(self) -> LakeNetwork:
        """The certificates and proxies that lead to the storages."""
        return self._network

    async def sign_in(self) -> None:
        """Get a token, if one is needed, before any worker asks."""
        self._loop = asyncio.get_running_loop()
        if self._shows_token:
            await self._tokens.get(self._environment)

    def headers(
        self, url: str, *, refused: Mapping[str, str], check: Callable[[], None]
    ) -> Mapping[str, str]:
        """Return the bearer token of this moment, where it may go.

        Only over TLS, to the hosts of the instance and those that it lists; not with an address
        that carries its own signature, for two ways to sign in are refused, and shown to others.
        """
        address = Address.read(url)
        secure = address.origin is not None and address.origin.secure
        if not secure or address.signed or not self._settings.may_have_token(url):
            return {}
        before = refused.get("Authorization", "").removeprefix("Bearer ")
        token = self._tokens.kept
        if token is None or token.value == before:
            token = self._ask(self._tokens.renew(self._environment, before), check)
        return {"Authorization": f"Bearer {token.value}"}

    def follows(self, url: str) -> bool:
        """Tell whether the site lists a host for the token, so that a redirect may lead there."""
        return is_listed(url, self._settings.storage_hosts)

    def tls(self) -> ssl.SSLContext:
        """Return the context of this instance: its authorities, the system's, our certificate."""
        network = self._network
        return contexts.get(network.ca_file, network.cert_file, network.key_file)

    def proxy(self, url: str) -> str | None:
        """Return the URL of the HTTP proxy that leads to this URL; None where none does."""
        return self._network.proxies.of(url)

    def may_be_plain(self, url: str) -> bool:
        """Tell whether the site lists a host that sends files without TLS."""
        return self._settings.may_be_plain(url)

    def problem(self) -> str:
        """Say that our certificate is missing or has expired."""
        file = self._network.cert_file
        end = expiry(in_home(file)) if file else None
        if end is not None and end < datetime.now(UTC):
            return f"The certificate in {file} expired on {end:%Y-%m-%d at %H:%M} UTC."
        return self._network.missing

    def roots(self) -> Sequence[str]:
        """Return the folders below which replicas are mounted here."""
        return [*self._settings.file_roots, *(mount.path for mount in self._settings.mounts)]

    def urls(self, ref: str, check: Callable[[], None]) -> Sequence[str]:
        """Return a file's replicas as Rucio gives them now."""
        return self._ask(self._urls(did_in(read_ref(ref))), check)

    async def _urls(self, did: tuple[str, str]) -> Sequence[str]:
        return [url async for row in self._rucio.replicas([did]) for url in urls_of(row)]

    def _ask(self, asked: Coroutine[Any, Any, T], check: Callable[[], None]) -> T:
        """Have the agent's loop do something, and wait for it here."""
        assert self._loop is not None  # noqa: S101 — signed in before any worker came
        future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        while True:
            done, _ = wait([future], timeout=CHECK_S)
            if done:
                return future.result()
            try:
                check()
            except BaseException:
                future.cancel()
                raise
