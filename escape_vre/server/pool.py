"""Kept connections to the agent's socket, without the server's event loop ever waiting for one.

Every new connection is checked before a byte is sent: its folder, and who listens.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpcore

from escape_vre.core.owner import check_peer, check_private

_LIMITS_S = {"connect": 5.0, "read": 120.0, "write": 120.0, "pool": 120.0}
_GONE = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class Answer:
    """One answer of the agent, as it begins."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response
        self.status = response.status
        self.headers = {
            name.decode("latin-1").title(): value.decode("latin-1")
            for name, value in response.headers
        }

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives; raises ConnectionError when it breaks off."""
        try:
            async for chunk in self._response.aiter_stream():
                yield chunk
        except _GONE as e:
            raise ConnectionError("the agent's answer broke off") from e

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the body's lines as they arrive; raises ConnectionError when it breaks off."""
        rest = b""
        async for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line

    async def json(self) -> Any:
        """Return the whole body, decoded; raises ValueError where it is no JSON."""
        return json.loads(b"".join([chunk async for chunk in self.chunks()]))


class AgentPool:
    """Sends requests to the agent that listens on a socket.

    Parameters
    ----------
    socket : Path
        Where it listens.
    """

    def __init__(self, socket: Path) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            uds=str(socket),
            network_backend=_OwnAgentOnly(),
            max_connections=100,
            keepalive_expiry=5.0,
        )

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncIterator[Answer]:
        """Send a request with the target exactly as given, and give its answer as it begins.

        Raises
        ------
        ConnectionRefusedError
            Nothing listens, so nothing was sent.
        ConnectionError
            The agent went before it answered.
        ConfigurationError
            Another user listens, or could.
        """
        request = self._pool.stream(
            method,
            "http://agent/",
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            content=body or None,
            extensions={"target": target.encode(), "timeout": _LIMITS_S},
        )
        try:
            response = await request.__aenter__()
        except httpcore.ConnectError as e:
            raise ConnectionRefusedError("no agent listens") from e
        except _GONE as e:
            raise ConnectionError("the agent has gone") from e
        try:
            yield Answer(response)
        finally:
            await request.__aexit__(None, None, None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _OwnAgentOnly(httpcore.AnyIOBackend):
    """Connects to nothing but a socket of ours on which a process of ours listens."""

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore's interface
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            check_private(Path(path).parent)
        except OSError as e:
            raise httpcore.ConnectError(str(e)) from e
        stream = await super().connect_unix_socket(path, timeout, socket_options)
        try:
            check_peer(stream.get_extra_info("socket"), Path(path))
        except BaseException:
            await stream.aclose()
            raise
        return stream
