"""The shelf's HTTP, and nothing else; what it refuses becomes an error of ours here, once."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from escape_vre.core.bodies import lines
from escape_vre.core.client import AuthorisedClient, Dialect
from escape_vre.core.errors import BadResponseError, ConflictError, EscapeError, NotFoundError
from escape_vre.core.http import RemoteClient
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import Token


class ShelfDialect(Dialect):
    """How the shelf says no."""

    def credentials(self, token: Token) -> Mapping[str, str]:
        """Return no headers: the shelf is open to all."""
        return {}

    def refusal(self, response: httpx.Response) -> EscapeError:
        """Convert an answer with a status of 400 or more."""
        name = response.request.url.path.rpartition("/")[2]
        if response.status_code == 404:
            return NotFoundError(
                f"There is no {name} on the shelf.", hint="Run %shelf search to see what there is."
            )
        if response.status_code == 409:
            return ConflictError(
                f"Another {name} is on the shelf.", hint="Choose another name for yours."
            )
        return self.nonsense()

    def nonsense(self) -> EscapeError:
        """Return the error for an answer that makes no sense."""
        return BadResponseError("The shelf gave an answer that makes no sense.", hint="Try again.")


class ShelfClient:
    """The shelf at one address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = RemoteClient("The shelf", tls=tls_context(None), timeout_s=30)
        dialect = ShelfDialect()
        self._remote = AuthorisedClient(
            url, http=self._http, tokens=None, dialect=dialect, environment={}
        )

    def items(self, text: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield ``{name, size, adler32}`` of every item whose name holds a text."""

        async def read(response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
            async for line in lines(response):
                yield json.loads(line)

        return self._remote.rows("GET", "/items", read, params={"q": text})

    async def item(self, name: str) -> dict[str, Any]:
        """Return ``{name, size, adler32}`` of one item."""
        return await self._remote.object("GET", f"/items/{quote(name, safe='')}")

    async def put(self, name: str, file: Path) -> None:
        """Put a file onto the shelf; the same file again changes nothing."""
        body = await asyncio.to_thread(file.read_bytes)
        await self._remote.request("PUT", f"/files/{quote(name, safe='')}", content=body)

    async def binding(self, name: str) -> dict[str, Any] | None:
        """Return ``{done, of}`` of a binding that goes on; None where there is none."""
        try:
            return await self._remote.object("GET", f"/bindings/{quote(name, safe='')}")
        except NotFoundError:
            return None

    async def begin_binding(self, name: str) -> None:
        """Have a binding made: that takes the shelf a while."""
        await self._remote.request("POST", "/bindings", json={"name": name})

    async def end_binding(self, name: str) -> None:
        """Have the shelf give a binding up."""
        await self._remote.request("DELETE", f"/bindings/{quote(name, safe='')}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
