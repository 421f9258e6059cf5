"""One authorised client for all services: base address, token, renewal, deadline, errors.

A service's ``client.py`` says how its requests look and what its answers mean; everything that
can go wrong on the way is handled here, once.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin

import httpx

from escape_vre.core import bodies
from escape_vre.core.errors import AuthError, DeniedError, EscapeError, RemoteError
from escape_vre.core.http import RemoteClient
from escape_vre.core.retry import Retries, Transient
from escape_vre.core.tokens import Token, TokenChain

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that only read (RFC 9110 section 9.2.1)."""

MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
Row = TypeVar("Row")


class Dialect(Protocol):
    """What differs from one kind of service to the next."""

    def credentials(self, token: Token) -> Mapping[str, str]:
        """Return the headers that carry a token."""
        ...

    def params(self, token: Token) -> Mapping[str, str]:
        """Return the parameters of the query that carry a token, where a service wants it there.

        A query is written to logs of servers and proxies on the way, so headers are better.
        """
        del token
        return {}

    def refusal(self, response: httpx.Response) -> EscapeError:
        """Convert an answer with a status of 400 or more, once."""
        ...

    def nonsense(self) -> EscapeError:
        """Return the error for an answer that does not follow the service's protocol."""
        ...


class AuthorisedClient:
    """One service, as one identity.

    Parameters
    ----------
    url : str
        The service's base address; requests and redirects stay below it.
    tokens : TokenChain or None
        None for a service that needs no sign-in.
    environment : mapping
        The caller's allow-listed variables, for token sources that look there.
    """

    def __init__(
        self,
        url: str,
        *,
        http: RemoteClient,
        tokens: TokenChain | None,
        dialect: Dialect,
        environment: Mapping[str, str],
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._tokens = tokens
        self._dialect = dialect
        self._environment = environment

    async def request(
        self, method: str, path: str, *, reads: bool | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request; return the answer, read to its end, whose status is below 300.

        A token that the service refuses (401) is renewed once. That is safe for a request that
        writes, too: one that was refused has written nothing.

        Parameters
        ----------
        path : str
            Below the base address, or a whole URL there, such as a link that the service gave.
        reads : bool, optional
            Whether the request only reads, so that it may be sent again when the service is busy
            or the connection breaks; default True for GET, HEAD and OPTIONS.
        options
            ``params``, ``json``, ``content``, ``headers`` and others of httpx.

        Raises
        ------
        EscapeError
            There is no token, the service cannot be reached or is too slow, or it refused.
        """
        reads = method in SAFE if reads is None else reads
        async with self._http.deadline():
            at, again = self._at(path), False
            for _ in range(MAX_REDIRECTS + 1):
                response, again = await self._authorised(method, at, reads, again, options)
                if response.status_code not in _REDIRECTS:
                    break
                if method not in SAFE:
                    raise self._dialect.nonsense()
                at = self._at(urljoin(at, response.headers.get("Location", "")))
                options = {name: value for name, value in options.items() if name != "params"}
        if response.status_code >= 400:
            raise self._refusal(response)
        if response.status_code >= 300:
            raise self._dialect.nonsense()
        return response

    async def json(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON of the answer to :meth:`request`; an empty object for an empty body."""
        response = await self.request(method, path, **options)
        try:
            return json.loads(response.content) if response.content.strip() else {}
        except (ValueError, RecursionError) as e:
            raise self._dialect.nonsense() from e

    async def object(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the JSON object of the answer to :meth:`request`."""
        body = await self.json(method, path, **options)
        if not isinstance(body, dict):
            raise self._dialect.nonsense()
        return body

    async def rows(
        self,
        method: str,
        path: str,
        read: Callable[[httpx.Response], AsyncGenerator[Row, None]],
        **options: Any,
    ) -> AsyncGenerator[Row, None]:
        """Yield what ``read`` finds in an answer as it comes; for requests that only read.

        Where that fails before the first row, it is asked again as :meth:`request` does. The
        deadline is that of the first headers; a list itself may be long.
        """
        retries = Retries()
        while True:
            began = False
            try:
                async with (
                    self._stream(method, path, options) as response,
                    aclosing(read(response)) as rows,
                ):
                    async for row in rows:
                        began = True
                        yield row
                return
            except RemoteError as e:
                if began or not isinstance(e, Transient) or not await retries.again(e.after_s):
                    raise

    async def _authorised(
        self, method: str, at: str, reads: bool, again: bool, options: Mapping[str, Any]
    ) -> tuple[httpx.Response, bool]:
        """Return the answer, and whether a token was renewed for it."""
        token, asked = await self._with_token(at, options)
        response = await self._http.request(method, idempotent=reads, **asked)
        refused = response.status_code == 401 and not self._denies(response)
        if not refused or again or token is None or self._tokens is None:
            return response, again
        self._tokens.drop(token)
        _, asked = await self._with_token(at, options)
        return await self._http.request(method, idempotent=reads, **asked), True

    @asynccontextmanager
    async def _stream(
        self, method: str, path: str, options: Mapping[str, Any]
    ) -> AsyncIterator[httpx.Response]:
        at = self._at(path)
        for again in (False, True):
            async with AsyncExitStack() as stack:
                async with self._http.deadline():
                    token, asked = await self._with_token(at, options)
                    stream = self._http.stream(method, **asked)
                    response = await stack.enter_async_context(stream)
                    if response.status_code >= 400:
                        said = await bodies.read_some(response)
                        refused = said.status_code == 401 and not self._denies(said)
                        if refused and token and self._tokens and not again:
                            self._tokens.drop(token)
                            continue
                        raise self._refusal(said)
                yield response
                return

    async def _with_token(
        self, at: str, options: Mapping[str, Any]
    ) -> tuple[Token | None, dict[str, Any]]:
        """Return the token of this moment, and address and options of a request that carries it."""
        if self._tokens is None:
            return None, {**options, "url": at}
        token = await self._tokens.get(self._environment)
        headers = {**options.get("headers", {}), **self._dialect.credentials(token)}
        found = {**options, "url": at, "headers": headers}
        if secret := self._dialect.params(token):
            # `params` of httpx would replace the query of a link that the service gave.
            url = httpx.URL(at).copy_merge_params(found.pop("params", None) or {})
            found["url"] = str(url.copy_merge_params(secret))
        return token, found

    def _denies(self, response: httpx.Response) -> bool:
        """Tell whether a 401 is about what was asked, so that no other token helps."""
        return _is_about_request(self._dialect.refusal(response))

    def _refusal(self, response: httpx.Response) -> EscapeError:
        """Convert a refusal; that of a token that a person gave says where to give another."""
        error = self._dialect.refusal(response)
        refused = response.status_code == 401 and not _is_about_request(error)
        if refused and self._tokens and self._tokens.identity:
            error.details.setdefault("device", self._tokens.identity)
        return error

    def _at(self, path: str) -> str:
        """Return the address of a path; one outside the base address gets no request."""
        at = self._url + path if path.startswith("/") else path
        if at != self._url and not at.startswith((self._url + "/", self._url + "?")):
            raise self._dialect.nonsense()
        return at


def _is_about_request(error: EscapeError) -> bool:
    """Tell whether an error that came with a 401 is not about the token."""
    return isinstance(error, DeniedError) or not isinstance(error, AuthError)
