"""The HTTP client for metadata: deadlines, and every failure of the network as one of our errors.

Bytes of files do not pass here; see :mod:`escape_vre.jobs.transfer`.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

from escape_vre._version import __version__
from escape_vre.core import bodies
from escape_vre.core.errors import (
    BadResponseError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.pace import Pace
from escape_vre.core.proxies import Proxies
from escape_vre.core.proxy_transport import ProxyTransport
from escape_vre.core.retry import BUSY, WHOLE_S, Retries, Transient, retry_after

# It logs the address of each request, in whose query a token may be.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_TIMEOUT_S = 10.0
_PRINTABLE = re.compile("[ -~\xa0-\xff]*")


class BusyError(Transient, RemoteUnavailableError):
    """A remote service says that it is busy or down."""


class ResetError(Transient, RemoteUnavailableError):
    """The connection broke."""


class CutOffError(Transient, BadResponseError):
    """The answer ended before its end."""


def header_value(text: str) -> bytes:
    """Return a text as a header carries it: as Latin-1 (RFC 9110 section 5.5), as all clients do.

    Raises
    ------
    ValueError
        It has other characters, or control characters.
    """
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("not a header value")
    return text.encode("latin-1")


class RemoteClient:
    """A keep-alive client of one remote service.

    Parameters
    ----------
    name : str
        What to call the service in messages.
    timeout_s : float
        Longest silence of the service, seconds.
    proxies : Proxies, optional
        What leads to the service; default none. The process's own variables are not looked at.
    headers : mapping, optional
        Sent with every request.
    deadline_s : float
        Longest time for a whole call, seconds: its pauses, all attempts, and the whole body.
    pace : Pace, optional
        How often the service may be asked; default any number of times.
    """

    def __init__(
        self,
        name: str,
        *,
        tls: ssl.SSLContext,
        timeout_s: float,
        proxies: Proxies | None = None,
        headers: Mapping[str, str] | None = None,
        deadline_s: float = WHOLE_S,
        pace: Pace | None = None,
    ) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._pace = pace
        self._http = httpx.AsyncClient(
            verify=tls,
            mounts={"all://": ProxyTransport(proxies, tls=tls)} if proxies else None,
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            headers={
                "User-Agent": f"escape-vre/{__version__}",
                "Accept-Encoding": bodies.ENCODINGS,
            },
            trust_env=False,
        )
        self._http.headers.update(headers or {})

    async def request(
        self, method: str, url: str, *, idempotent: bool = False, **options: Any
    ) -> httpx.Response:
        """Send a request and return the response, read to its end, whatever its status.

        Parameters
        ----------
        idempotent : bool
            What is asked may be asked twice: while the service is busy, or the connection
            breaks, it is asked again a few times.

        Raises
        ------
        RemoteTimeoutError
            The service is silent, or the whole takes longer than the deadline.
        RemoteUnavailableError
            It cannot be reached, or we have asked it as often as it allows.
        BadResponseError
            The body is longer than 8 MiB, or compressed beyond reason.
        """
        async with self.deadline():
            retries = Retries() if idempotent else None
            return await self._asked(method, url, retries, options)

    @asynccontextmanager
    async def deadline(self) -> AsyncIterator[None]:
        """Give up, with RemoteTimeoutError, what takes longer than a whole call may."""
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as e:
            raise RemoteTimeoutError(
                f"{self._name} has not answered in full for {self._deadline_s:.0f} s.",
                hint="It may be busy. Try again in a moment.",
            ) from e

    async def _asked(
        self, method: str, url: str, retries: Retries | None, options: dict[str, Any]
    ) -> httpx.Response:
        while True:
            try:
                response = await self._once(method, url, options)
            except RemoteError as e:
                if retries and isinstance(e, Transient) and await retries.again(None):
                    continue
                raise
            if retries is None or response.status_code not in BUSY:
                return response
            if not await retries.again(retry_after(response.headers)):
                return response

    async def _once(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        async with self.stream(method, url, **options) as response:
            if response.status_code >= 400:
                return await bodies.read_some(response)
            return await bodies.read(response)

    @asynccontextmanager
    async def stream(self, method: str, url: str, **options: Any) -> AsyncIterator[httpx.Response]:
        """Send a request and give the response as soon as its headers are there.

        It is read by :mod:`escape_vre.core.bodies`, within limits.
        """
        if self._pace and not await self._pace.turn():
            raise RemoteUnavailableError(
                f"{self._name} allows {self._pace.per_minute} requests a minute, and too many"
                " are waiting.",
                hint="Try again in a minute.",
            )
        with self._converted():
            async with self._http.stream(method, url, **options) as response:
                yield response

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @contextmanager
    def _converted(self) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as e:
            raise RemoteTimeoutError(
                f"{self._name} did not answer within {self._timeout_s:.0f} s.",
                hint="It may be busy. Try again in a moment.",
            ) from e
        except bodies.BodyError as e:
            raise BadResponseError(
                f"{self._name} {e}.", hint="Check its URL, or tell its administrators."
            ) from e
        except httpx.ConnectError as e:
            raise self._unreachable(e) from e
        except (httpx.RemoteProtocolError, httpx.DecodingError) as e:
            # httpx has one class for a server that hangs up and for one that speaks no HTTP.
            cut = "disconnected" in str(e) or "closed connection" in str(e)
            kind = CutOffError if cut else BadResponseError
            raise kind(
                f"{self._name} closed the connection before the end of its answer.",
                hint="Try again.",
            ) from e
        except (httpx.NetworkError, httpx.ProxyError) as e:
            raise ResetError(f"The connection to {self._name} was lost.", hint="Try again.") from e
        except (httpx.TransportError, httpx.InvalidURL) as e:
            raise RemoteUnavailableError(
                f"The connection to {self._name} was lost.", hint="Try again."
            ) from e

    def _unreachable(self, error: httpx.ConnectError) -> RemoteError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return RemoteError(
                    f"The certificate of {self._name} cannot be trusted: {cause.verify_message}.",
                    hint="Add the authority that signed it to ca_file, or tell the site.",
                )
            if isinstance(cause, ssl.SSLError):
                return RemoteError(
                    f"{self._name} refused the encrypted connection.",
                    hint="Check its URL in the configuration, and your certificate.",
                )
            if isinstance(cause, ConnectionResetError):
                return ResetError(f"The connection to {self._name} was lost.", hint="Try again.")
            cause = cause.__cause__ or cause.__context__
        return RemoteUnavailableError(
            f"{self._name} cannot be reached.",
            hint="Check your network, then try again.",
        )
