"""The server's connection to the agent."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from escape_vre._version import __version__
from escape_vre.client.start import answers, ensure_agent
from escape_vre.core.caller import CONTENTS_HEADER, ENVIRONMENT_HEADER, pack_environment
from escape_vre.core.errors import AgentUnavailableError
from escape_vre.core.hub import HUB_HEADER, pack_hub
from escape_vre.core.location import Location

if TYPE_CHECKING:
    import httpx


class AgentLink:
    """Sends requests to the agent over its socket, and starts it where none listens.

    Parameters
    ----------
    contents_root : Path
        The folder that this server shows; a browser may write nowhere else.
    origin : str
        Scheme and host that the last signed-in browser called this server by; empty before.
    """

    def __init__(self, location: Location, contents_root: Path) -> None:
        self.location = location
        self.origin = ""
        self._root = contents_root
        self._http: httpx.AsyncClient | None = None
        self._starting = asyncio.Lock()
        self._known = False
        self._asked_for: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether there is a socket; says nothing about who listens."""
        return self.location.socket.exists()

    async def listens(self) -> bool:
        """Tell whether an agent listens; starts none."""
        return await asyncio.to_thread(answers, self.location)

    async def has_unfinished_jobs(self) -> bool:
        """Tell whether there are jobs on disk that have not ended; asks no agent."""
        logs = self.location.state.glob("jobs/*/log.jsonl")
        return await asyncio.to_thread(lambda: any(logs))

    async def knows_no_jobs(self) -> bool:
        """Tell that no agent runs and no job was ever made or is kept; asks no agent."""
        jobs = self.location.state.glob("jobs/*")
        return not self.is_running and not await asyncio.to_thread(lambda: any(jobs))

    async def ensure(self) -> None:
        """Start the agent where none runs; replace an older one that has nothing to do.

        Raises
        ------
        AgentUnavailableError
            It does not come up.
        """
        async with self._starting:
            if await asyncio.to_thread(ensure_agent, self.location):
                self._known = False
            if self._known:
                return
            await self._replace_older()
            self._known = True

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> "AsyncIterator[httpx.Response]":
        """Send a request with the target exactly as given, and give its response as it begins.

        Raises
        ------
        AgentUnavailableError
            The agent cannot be started, or has gone twice in a row.
        """
        import httpx

        await self.ensure()  # it may ask for more of our variables
        sent = {**headers, **self._own_headers()}
        for last in (False, True):
            await self.ensure()
            client = self._client()
            request = client.build_request(
                method,
                "http://agent/",
                headers=sent,
                content=body or None,
                extensions={"target": target.encode("ascii", "replace")},
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.TransportError as e:
                if last:
                    raise AgentUnavailableError(
                        "The escape-vre agent ends while it is asked.",
                        hint=f"Try again; its log is {self.location.log}.",
                    ) from e
                continue
            break
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _own_headers(self) -> dict[str, str]:
        """Say where the request comes from; every one of them tells the way to the Hub."""
        return {
            CONTENTS_HEADER: quote(str(self._root)),
            ENVIRONMENT_HEADER: pack_environment(os.environ, self._asked_for),
            HUB_HEADER: pack_hub(os.environ, origin=self.origin),
        }

    def _client(self) -> "httpx.AsyncClient":
        if self._http is None:
            import httpx  # Lab has imported it already; Notebook need not pay for it at start

            self._http = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(uds=str(self.location.socket)),
                timeout=httpx.Timeout(120.0, connect=5.0),
            )
        return self._http

    async def _replace_older(self) -> None:
        """End an agent of an older version, if it has no jobs; the next request starts ours."""
        client = self._client()
        try:
            found: dict[str, Any] = (
                await client.get("http://agent/agent", headers=self._own_headers())
            ).json()
            self._asked_for = tuple(found.get("variables") or ())
            if _version(str(found["version"])) < _version(__version__):
                answer = await client.post("http://agent/agent/stop")
                if answer.status_code == 200:  # else it has jobs to finish, and serves us too
                    await asyncio.to_thread(_wait_gone, self.location)
                    await asyncio.to_thread(ensure_agent, self.location)
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise AgentUnavailableError(
                "The escape-vre agent answers something else than it should.",
                hint="Run 'escape-vre agent stop --force', then try again.",
            ) from e


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())


def _wait_gone(location: Location) -> None:
    deadline = time.monotonic() + 5
    while location.socket.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
