"""Sends the requests of httpx by proxies."""

import ssl

import httpx

from escape_vre.core.errors import RemoteError, RemoteUnavailableError
from escape_vre.core.proxies import HINT, Proxies, shown


class ProxyTransport(httpx.AsyncBaseTransport):
    """Sends each request by the proxy that leads to its URL, or directly."""

    def __init__(self, proxies: Proxies, *, tls: ssl.SSLContext) -> None:
        self._proxies = proxies
        self._tls = tls
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises
        ------
        RemoteError
            The proxy cannot be reached, or refuses to lead to that host.
        """
        proxy = self._proxies.of(str(request.url))
        try:
            return await self._transport(proxy).handle_async_request(request)
        except httpx.ProxyError as e:
            host = request.url.host
            raise RemoteError(
                f"The proxy {shown(proxy or '')} does not connect us to {host}: {e}.",
                hint=HINT,
            ) from e
        except httpx.ConnectError as e:
            if proxy is None or _is_about_tls(e):
                raise
            raise RemoteUnavailableError(
                f"The proxy {shown(proxy)} cannot be reached.", hint=HINT
            ) from e

    async def aclose(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            await transport.aclose()

    def _transport(self, proxy: str | None) -> httpx.AsyncHTTPTransport:
        if proxy not in self._transports:
            self._transports[proxy] = httpx.AsyncHTTPTransport(
                verify=self._tls,
                limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
                trust_env=False,
                proxy=proxy,
            )
        return self._transports[proxy]


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
