"""What every request passes before a route sees it: ASGI middleware, and who may connect at all."""

import asyncio
import json
import os
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from escape_vre.core.browser import BrowserRoutes
from escape_vre.core.caller import CONTENTS_HEADER
from escape_vre.core.errors import EscapeError, NotFoundError, UsageError
from escape_vre.core.hub import HUB_HEADER, Hubs
from escape_vre.core.owner import peer_uid

_UNFIT = re.compile("[\0\ud800-\udfff]")


class OwnUserOnly(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """Closes connections of other users' processes unread, should the socket's mode not."""

    _ours = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve a connection, or close it."""
        self._ours = peer_uid(transport.get_extra_info("socket")) == os.getuid()
        if self._ours:
            super().connection_made(transport)
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read, unless it is another user's."""
        if self._ours:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tidy up what was served."""
        if self._ours:
            super().connection_lost(exc)

    def eof_received(self) -> None:
        """Tidy up what was served."""
        if self._ours:
            super().eof_received()


class HubDoor:
    """Keeps the way to the Hub which comes with a request.

    The header goes no further: nothing behind this needs it, or could tell of it.
    """

    def __init__(self, app: ASGIApp, *, hubs: Hubs) -> None:
        self._app = app
        self._hubs = hubs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the header off, and pass the request on."""
        if scope["type"] == "http":
            try:
                self._hubs.learn(Headers(scope=scope).get(HUB_HEADER))
            except UsageError as e:
                await refuse(e, scope, receive, send)
                return
            name = HUB_HEADER.lower().encode()
            scope = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != name]}
        await self._app(scope, receive, send)


class BrowserDoor:
    """Lets browsers call the routes that are listed for them, and no others."""

    def __init__(self, app: ASGIApp, *, routes: BrowserRoutes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it comes from a browser and is not listed."""
        if scope["type"] == "http" and CONTENTS_HEADER in Headers(scope=scope):
            method, path = scope["method"], scope["raw_path"].decode("ascii", "replace")
            if not self._routes.allow(method, path):
                error = NotFoundError(
                    f"The agent has no {method} {path} for browsers.",
                    hint="Use a terminal or a notebook.",
                )
                await refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)


class TextDoor:
    """Refuses what no name can have, in path, query or body: NUL, and what is not Unicode."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and pass the request on if all of it is text."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ahead = [await _read(receive)]
        address = scope["raw_path"] + b"?" + scope["query_string"]
        if not (_is_text(address) and _is_text_json(ahead[0].get("body", b""))):
            error = UsageError(
                "The request has characters that no name can have: NUL, or what is not Unicode.",
                hint="Correct the name, then try again.",
            )
            await refuse(error, scope, receive, send)
            return

        async def replay() -> Message:
            return ahead.pop() if ahead else await receive()

        await self._app(scope, replay, send)


async def _read(receive: Receive) -> Message:
    """Return a request's body as one message, or the disconnection that came before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return {"type": "http.request", "body": b"".join(parts), "more_body": False}


def _is_text(address: bytes) -> bool:
    try:
        return "\0" not in unquote_to_bytes(address).decode()
    except UnicodeDecodeError:
        return False


def _is_text_json(body: bytes) -> bool:
    """Tell whether all strings of a body are text; what is no JSON at all is for its route."""
    if not any(sign in body for sign in (b"\\u", b"\0", b"\xed")):
        return True  # no escape, no other encoding, no surrogate
    try:
        ahead: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return True
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            ahead.extend(value.keys())
            ahead.extend(value.values())
        elif isinstance(value, list):
            ahead.extend(value)
        elif isinstance(value, str) and _UNFIT.search(value):
            return False
    return True


async def refuse(error: EscapeError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with an error."""
    answer = JSONResponse({"error": error.as_dict()}, status_code=error.status)
    await answer(scope, receive, send)
