"""The server's connection to the agent."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from escape_vre._version import __version__
from escape_vre.client.start import answers, ensure_agent
from escape_vre.core.caller import CONTENTS_HEADER, ENVIRONMENT_HEADER, KEY_HEADER, pack_environment
from escape_vre.core.errors import AgentUnavailableError
from escape_vre.core.hub import HUB_HEADER, pack_hub
from escape_vre.core.location import Location

if TYPE_CHECKING:
    from escape_vre.server.pool import AgentPool, Answer


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
        self._http: AgentPool | None = None
        self._starting = asyncio.Lock()
        self._known = False
        self._asked_for: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether there is a socket; says nothing about who listens."""
        return self.location.has_socket

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
    ) -> "AsyncIterator[Answer]":
        """Send a request with the target exactly as given, and give its answer as it begins.

        Where the agent has gone, a read or a request with an idempotency key goes to another one;
        what else it may have begun is not sent twice.

        Raises
        ------
        AgentUnavailableError
            The agent cannot be started, or has gone before it answered.
        ConfigurationError
            Another user could read what is sent.
        """
        async with AsyncExitStack() as stack:
            repeatable = method == "GET" or KEY_HEADER in headers
            for last in (False, True):
                await self.ensure()
                sent = {**headers, **self._own_headers()}  # it may ask for more of our variables
                request = self._pool().stream(method, target, headers=sent, body=body)
                try:
                    answer = await stack.enter_async_context(request)
                except ConnectionError as e:
                    begun = not isinstance(e, ConnectionRefusedError)
                    if last or (begun and not repeatable):
                        raise AgentUnavailableError(
                            "The escape-vre agent ended before it answered.",
                            hint=f"Check what it has done. See its log: {self.location.log}.",
                        ) from e
                    continue
                break
            yield answer

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _own_headers(self) -> dict[str, str]:
        """Say where the request comes from; every one of them tells the way to the Hub."""
        return {
            CONTENTS_HEADER: quote(os.fsencode(self._root)),
            ENVIRONMENT_HEADER: pack_environment(os.environ, self._asked_for),
            HUB_HEADER: pack_hub(os.environ, origin=self.origin),
        }

    def _pool(self) -> "AgentPool":
        if self._http is None:
            from escape_vre.server.pool import AgentPool  # Jupyter need not pay for it at start

            self._http = AgentPool(self.location.socket)
        return self._http

    async def _replace_older(self) -> None:
        """End an agent of an older version, if it has no jobs; the next request starts ours."""
        pool = self._pool()
        try:
            async with pool.stream("GET", "/agent", headers=self._own_headers()) as answer:
                found = await answer.json()
            self._asked_for = tuple(found.get("variables") or ())
            if _version(str(found["version"])) < _version(__version__):
                async with pool.stream("POST", "/agent/stop", headers={}) as answer:
                    stopped = answer.status == 200
                if stopped:  # else it has jobs to finish, and serves us too
                    await asyncio.to_thread(_wait_gone, self.location)
                    await asyncio.to_thread(ensure_agent, self.location)
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise AgentUnavailableError(
                "The escape-vre agent gave an answer that this version does not understand.",
                hint="Run 'escape-vre agent stop --force', then try again.",
            ) from e


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdigit())


def _wait_gone(location: Location) -> None:
    deadline = time.monotonic() + 5
    while location.has_socket and time.monotonic() < deadline:
        time.sleep(0.02)
