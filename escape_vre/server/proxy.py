"""The streaming proxy between browser and agent."""

import asyncio
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from escape_vre.core.browser import BrowserRoutes
from escape_vre.core.caller import KEY_HEADER
from escape_vre.core.errors import AgentUnavailableError, EscapeError, NotFoundError
from escape_vre.core.registry import installed
from escape_vre.server.link import AgentLink

RESOURCE = "escape_vre"
_FORWARDED = ("Accept", "Content-Type", KEY_HEADER)
_RETURNED = ("Content-Type",)
_ASCII = "".join(map(chr, range(33, 127)))


class AgentProxyHandler(APIHandler):
    """Forwards what a browser may ask the agent: the raw path, none of Jupyter's credentials."""

    _task: asyncio.Task[None] | None = None

    def initialize(self) -> None:
        """Count requests that change something as use; looking must not keep a server alive."""
        self._track_activity = self.request.method != "GET"

    @web.authenticated
    @authorized(action="read", resource=RESOURCE)  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Read."""
        await self._forward()

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Change."""
        await self._forward()

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)  # type: ignore[untyped-decorator]
    async def delete(self) -> None:
        """Remove."""
        await self._forward()

    def on_connection_close(self) -> None:
        """Stop asking when the browser has gone, so that the remote stops too."""
        if self._task is not None:
            self._task.cancel()
        super().on_connection_close()

    async def _forward(self) -> None:
        link: AgentLink | None = self.settings.get("escape_vre_link")
        if link is None:
            self._refuse(
                AgentUnavailableError(
                    "The escape-vre agent cannot run on this server.",
                    hint="See the server's log.",
                )
            )
            return
        try:
            target = self._target()
        except EscapeError as e:
            self._refuse(e)
            return
        if self._asks_for_jobs() and await link.knows_no_jobs():
            await self.finish({"jobs": []})  # every Lab asks; most people's need no agent for it
            return
        link.origin = f"{self.request.protocol}://{self.request.host}"
        self._task = asyncio.ensure_future(self._relay(link, target))
        try:
            await self._task
        except asyncio.CancelledError:
            return
        except EscapeError as e:
            self._refuse(e)

    def _asks_for_jobs(self) -> bool:
        return self.request.method == "GET" and self.request.path.endswith("/escape-vre/jobs")

    def _target(self) -> str:
        """Return path and query for the agent.

        Raises
        ------
        NotFoundError
            No browser may ask for it.
        """
        prefix = self.base_url.rstrip("/") + "/escape-vre"
        # Tornado reads an address as Latin-1; what is not ASCII is sent as the bytes that came.
        uri = quote(self.request.uri or "", safe=_ASCII, encoding="latin-1")
        target = uri.removeprefix(prefix)
        if not _browser_routes().allow(self.request.method or "", target):
            raise NotFoundError(
                f"escape-vre has no {self.request.method} {target.partition('?')[0]} for browsers.",
                hint="Update escape-vre, then restart Jupyter and reload the page.",
            )
        return target

    async def _relay(self, link: AgentLink, target: str) -> None:
        headers = {
            name: self.request.headers[name] for name in _FORWARDED if name in self.request.headers
        }
        method = self.request.method or "GET"
        async with link.stream(method, target, headers=headers, body=self.request.body) as answer:
            self.set_status(answer.status, _reason(answer.status))
            for name in _RETURNED:
                if name in answer.headers:
                    self.set_header(name, answer.headers[name])
            try:
                async for chunk in answer.chunks():
                    self.write(chunk)
                    await self.flush()
            except StreamClosedError:
                return
            except ConnectionError as e:
                raise AgentUnavailableError(
                    "The escape-vre agent ended while it answered.", hint="Try again."
                ) from e
            await self.finish()

    def _refuse(self, error: EscapeError) -> None:
        if self._headers_written:
            self.finish()  # the list ends without its last line, which clients notice
            return
        self.set_status(error.status, _reason(error.status))
        self.finish({"error": error.as_dict()})

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """Finish without APIHandler's content type: ours is the agent's."""
        return super(APIHandler, self).finish(*args, **kwargs)


@cache
def _browser_routes() -> BrowserRoutes:
    return BrowserRoutes(installed())


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
