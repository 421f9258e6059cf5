"""Calls to the identity provider: limited in number and time, with failures converted once.

After several failures in a row the provider is not asked for some seconds: then no request waits
for a deadline that others have already met, and they do not all return at the same moment.

A refresh token that rotates can be sent only once. So it is not sent to a provider that may be
hanging, and the hub waits for the answer long after the caller was told to retry: once the provider
has done what it was asked, its answer must be used.
"""

import asyncio
import math
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from escape_vre.core.errors import (
    BadResponseError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.http import RemoteClient
from escape_vre.core.proxies import Proxies
from escape_vre.hub.metrics import PROVIDER_SECONDS
from escape_vre.hub.settings import Calls

RETRY_AFTER_S = 5.0
"""How long a provider that does not answer is not asked, seconds."""

FAILURES = 3
"""How many calls in a row must fail before it is not asked."""

AWAKE_S = 2.0
"""After an answer, a provider counts as available for this long, seconds."""

PATIENCE_S = 600.0
"""How long the answer to what can be sent once only is waited for, seconds."""

LATE = 16
"""How many overdue answers are waited for at most: each holds one of the client's connections."""


def unavailable(message: str) -> RemoteUnavailableError:
    """Return the error that says when to come back: not all at the same moment."""
    wait = math.ceil(RETRY_AFTER_S * random.uniform(1, 2))  # noqa: S311 (no secret)
    return RemoteUnavailableError(
        message,
        hint=f"The hub asks again in {wait} s; you stay signed in.",
        details={"retry_after_s": wait},
    )


class Wire:
    """The connection to one provider.

    Parameters
    ----------
    probe_url : str
        URL that an available provider answers at once; the answer does not matter.
    """

    def __init__(
        self, *, tls: ssl.SSLContext, calls: Calls, probe_url: str, proxies: Proxies | None = None
    ) -> None:
        self._probe_url = probe_url
        self._timeout_s = calls.timeout_s
        self._http = RemoteClient(
            "The identity provider", tls=tls, timeout_s=calls.timeout_s, proxies=proxies
        )
        self._slots = asyncio.Semaphore(calls.at_once)
        self._late = 0
        self._retired = False
        self._probing: asyncio.Task[httpx.Response] | None = None
        self._answered = -AWAKE_S
        self._failures = 0
        self._down_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def retire(self) -> None:
        """From now on, send nothing that can be sent only once: its answer might not be saved."""
        self._retired = True

    async def call(
        self,
        kind: str,
        method: str,
        url: str,
        *,
        once: bool = False,
        gate: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> tuple[int, dict[str, Any] | None]:
        """Send a request; return its status, and the object in its JSON body, if there is one.

        Parameters
        ----------
        once : bool
            The request can be sent only once, or its answer is worth waiting for: see above.
        gate : callable
            Called before the request is sent; raises where it must not be sent.

        Raises
        ------
        RemoteUnavailableError
            The provider cannot be reached, is too slow or too busy, or has failed.
        RemoteError
            Its certificate cannot be trusted.
        """
        gate()
        async with self._slot():
            gate()  # what others learnt while this call waited
            if once:
                await self._ready()
            sending = asyncio.create_task(self._send(kind, method, url, options, once=once))
            try:
                await asyncio.wait({sending}, timeout=None if not once else self._timeout_s)
            except asyncio.CancelledError:
                sending.cancel()
                raise
            if not sending.done():
                self._failed(down=True)
        # Without a slot from here: an overdue answer must not keep others from asking.
        self._late += 1
        try:
            response = await sending
        finally:
            self._late -= 1
        try:
            found = response.json()
        except (ValueError, RecursionError):
            found = None
        return response.status_code, found if isinstance(found, dict) else None

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self._leave_alone()
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                await self._slots.acquire()
        except TimeoutError as e:
            raise unavailable("Too many requests wait for the identity provider.") from e
        try:
            self._leave_alone()
            yield
        finally:
            self._slots.release()

    async def _ready(self) -> None:
        """Return if what can be sent only once may be sent now."""
        if self._late >= LATE:
            raise unavailable("The identity provider leaves too many requests without an answer.")
        if not self._retired:
            await self._awake()
        if self._retired:
            raise unavailable("The hub is restarting.")

    async def _awake(self) -> None:
        """Return if the provider answered just now, or answers the probe."""
        if time.monotonic() - self._answered < AWAKE_S:
            return
        if self._probing is None:
            self._probing = asyncio.create_task(self._send("awake", "GET", self._probe_url, {}))
            self._probing.add_done_callback(self._probed)
        await asyncio.shield(self._probing)

    def _probed(self, probing: asyncio.Task[httpx.Response]) -> None:
        self._probing = None
        if not probing.cancelled():
            probing.exception()  # the caller may have gone

    async def _send(
        self, kind: str, method: str, url: str, options: dict[str, Any], *, once: bool = False
    ) -> httpx.Response:
        limit = PATIENCE_S if once else self._timeout_s
        began, result = time.monotonic(), "failed"
        try:
            async with asyncio.timeout(limit):
                timeout = httpx.Timeout(limit, connect=self._timeout_s)
                response = await self._http.request(method, url, timeout=timeout, **options)
            if response.status_code >= 500 or response.status_code == 429:
                # The proxy of a provider that is down answers 502 to 504; a provider that fails at
                # one request answers 500, and the next may succeed.
                self._failed(down=response.status_code != 500)
                raise unavailable(
                    f"The identity provider answered with status {response.status_code}."
                )
            self._failures, self._answered = 0, time.monotonic()
            result = "ok" if response.is_success else "refused"
            return response
        except TimeoutError as e:
            self._failed(down=True)
            raise unavailable("The identity provider does not answer in time.") from e
        except (RemoteTimeoutError, BadResponseError) as e:
            self._failed(down=True)
            raise unavailable(e.message) from e
        except RemoteUnavailableError as e:
            if "retry_after_s" in e.details:
                raise
            self._failed(down=True)
            raise unavailable(e.message) from e
        finally:
            PROVIDER_SECONDS.labels(kind, result).observe(time.monotonic() - began)

    def _failed(self, *, down: bool) -> None:
        self._failures += down
        if self._failures >= FAILURES:
            self._down_until = time.monotonic() + RETRY_AFTER_S

    def _leave_alone(self) -> None:
        if time.monotonic() < self._down_until:
            raise unavailable("The identity provider does not answer.")
