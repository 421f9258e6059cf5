"""How storages let us in: a certificate, a Rucio token that they accept too, or neither."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import ClassVar

from escape_vre.core.http import tls_context
from escape_vre.core.tokens import Token, TokenChain
from escape_vre.services.datalake.models import InstanceSettings
from escape_vre.services.datalake.network import Network

CHECK_S = 0.2
"""How often a worker that waits for a token looks whether its job is to stop, seconds."""


class LakeStorage:
    """Storage access of one instance; called from worker threads.

    The TLS context is made once for each certificate and looked at again after a minute: a proxy
    certificate is renewed in place.
    """

    _contexts: ClassVar[dict[tuple[object, ...], tuple[float, ssl.SSLContext]]] = {}

    def __init__(
        self,
        settings: InstanceSettings,
        *,
        network: Network,
        tokens: TokenChain,
        environment: Mapping[str, str],
    ) -> None:
        self._network = network
        self._shows_token = settings.storage_token == "rucio"  # noqa: S105 — a choice
        self._tokens = tokens
        self._environment = environment
        self._loop: asyncio.AbstractEventLoop | None = None

    async def sign_in(self) -> None:
        """Make sure that there is a token where one is needed, before any worker asks."""
        if self._shows_token:
            self._loop = asyncio.get_running_loop()
            await self._tokens.get(self._environment)

    def headers(
        self, url: str, *, refused: Mapping[str, str], check: Callable[[], None]
    ) -> Mapping[str, str]:
        """Return the bearer token of this moment, where storages take it; only over TLS."""
        if not self._shows_token or not url.startswith(("https:", "davs:")):
            return {}
        before = refused.get("Authorization", "").removeprefix("Bearer ")
        token = self._tokens.kept
        if token is None or token.value == before:
            token = self._ask(before, check)
        return {"Authorization": f"Bearer {token.value}"}

    def _ask(self, refused: str, check: Callable[[], None]) -> Token:
        """Have the agent's loop get a token, and wait for it here."""
        assert self._loop is not None  # noqa: S101 — signed in before any worker came
        asked = asyncio.run_coroutine_threadsafe(
            self._tokens.renew(self._environment, refused), self._loop
        )
        while True:
            done, _ = wait([asked], timeout=CHECK_S)
            if done:
                return asked.result()
            try:
                check()
            except BaseException:
                asked.cancel()
                raise

    def tls(self, url: str) -> ssl.SSLContext | None:
        """Return the context that trusts the instance's authorities and shows our certificate."""
        del url
        way = self._network
        key = (way.ca_file, way.cert_file, way.key_file, way.system)
        made, context = self._contexts.get(key, (0.0, None))
        if context is None or time.monotonic() - made > 60:
            context = tls_context(way.ca_file, way.cert_file, way.key_file, system=way.system)
            self._contexts[key] = (time.monotonic(), context)
        return context

    def proxy(self, url: str) -> str | None:
        """Return the URL of the HTTP proxy that leads to this URL; None where none does."""
        return self._network.proxies.of(url)
