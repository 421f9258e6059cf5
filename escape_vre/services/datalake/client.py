"""Rucio's REST protocol (Rucio 41, ``/docs/rest_api_doc``), and nothing else.

Listings stream as NDJSON; their HTTP status is fixed before the first row, so that a listing
which breaks later is seen only by how it ends. Every remote error becomes one of ours here.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from escape_vre.core import bodies
from escape_vre.core.caller import in_home
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConflictError,
    EscapeError,
    NotFoundError,
    QuotaError,
    RemoteError,
    RemoteUnavailableError,
    UsageError,
)
from escape_vre.core.http import BusyError, RemoteClient
from escape_vre.core.retry import BUSY, Retries, Transient, retry_after
from escape_vre.core.tokens import Token, TokenChain
from escape_vre.services.datalake.intake import Did, sentence, word

STREAM = "application/x-json-stream"
UNKNOWN_LIFE_S = 120.0
"""How long a token is kept whose end cannot be known, seconds."""
CLOCK_S = 60.0
"""How long the difference of two clocks is remembered, seconds."""
SCHEMES = ("davs", "https", "http", "dav", "file")


class RucioClient:
    """One Rucio server, as one account.

    Parameters
    ----------
    environment : mapping
        The caller's allow-listed variables, for token sources that look there.
    """

    def __init__(
        self,
        url: str,
        *,
        http: RemoteClient,
        tokens: TokenChain,
        title: str,
        environment: Mapping[str, str],
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._tokens = tokens
        self._title = title
        self._environment = environment

    async def ping(self) -> str:
        """Return the server's version (GET /ping)."""
        return word((await self._object("/ping")).get("version")) or "unknown"

    async def whoami(self) -> str:
        """Return the account that our token stands for (GET /accounts/whoami)."""
        account = word((await self._object("/accounts/whoami")).get("account"))
        if account is None:
            raise self._nonsense()
        return account

    async def scopes(self) -> list[str]:
        """Return every scope (GET /scopes/) that is one."""
        body = await self._json("GET", "/scopes/")
        if not isinstance(body, list):
            raise self._nonsense()
        return [scope for scope in body if word(scope)]

    def dids(self, scope: str, pattern: str, kind: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the DIDs of a scope whose name matches (GET /dids/<scope>/dids/search, long)."""
        query = {"name": pattern, "type": kind, "long": "1", "recursive": "0"}
        return self._rows("GET", f"/dids/{_part(scope)}/dids/search", params=query)

    def contents(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the direct children of a collection (GET /dids/<did>/dids)."""
        return self._rows("GET", f"/dids/{_path(did)}/dids")

    def parents(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the collections that hold a DID directly (GET /dids/<did>/parents)."""
        return self._rows("GET", f"/dids/{_path(did)}/parents")

    def files(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield every file of a DID, at any depth (GET /dids/<did>/files)."""
        return self._rows("GET", f"/dids/{_path(did)}/files")

    async def did(self, did: Did, *, count: bool = True) -> dict[str, Any]:
        """Return a DID's status; bytes and length summed over its files where asked."""
        depth = {"dynamic_depth": "FILE"} if count else {}
        return await self._object(f"/dids/{_path(did)}", params=depth)

    async def metadata(self, did: Did) -> dict[str, Any]:
        """Return all of a DID's metadata (GET /dids/<did>/meta, plugin ALL)."""
        return await self._object(f"/dids/{_path(did)}/meta", params={"plugin": "ALL"})

    def metadata_of(self, dids: Iterable[Did]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the columns of many DIDs in one call (POST /dids/bulkmeta)."""
        body = {"dids": _dids(dids), "inherit": False, "plugin": "DID_COLUMN"}
        return self._rows("POST", "/dids/bulkmeta", json=body)

    def dataset_replicas_of(self, dids: Iterable[Did]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the sites of many datasets in one call (POST /replicas/datasets_bulk)."""
        return self._rows("POST", "/replicas/datasets_bulk", json={"dids": _dids(dids)})

    def dataset_replicas(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the sites of a dataset, counted anew (GET /replicas/<did>/datasets, deep)."""
        return self._rows("GET", f"/replicas/{_path(did)}/datasets", params={"deep": "True"})

    def replicas(
        self,
        dids: Iterable[Did],
        *,
        all_states: bool = False,
        schemes: Sequence[str] | None = SCHEMES,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield every file with its replicas, sizes and checksums (POST /replicas/list).

        Parameters
        ----------
        schemes : sequence of str or None
            Those that replicas are wanted by; None for all there are.
        """
        body: dict[str, Any] = {"dids": _dids(dids), "all_states": all_states}
        if schemes is not None and not all_states:
            body["schemes"] = list(schemes)
        return self._rows("POST", "/replicas/list", json=body)

    async def _object(self, path: str, **options: Any) -> dict[str, Any]:
        body = await self._json("GET", path, **options)
        if not isinstance(body, dict):
            raise self._nonsense()
        return body

    async def _json(self, method: str, path: str, **options: Any) -> Any:
        for again in (False, True):
            token, headers = await self._headers()
            response = await self._http.request(
                method, self._url + path, headers=headers, idempotent=True, **options
            )
            if response.status_code == 401 and not again:
                self._tokens.drop(token)
                continue
            if response.status_code == 303:  # /accounts/whoami leads to the account
                where = urljoin(self._url + path, response.headers.get("Location", ""))
                if not where.startswith(self._url + "/"):
                    raise self._nonsense()
                response = await self._http.request("GET", where, headers=headers, idempotent=True)
            if response.status_code >= 400:
                raise rucio_error(response, self._title)
            try:
                return json.loads(response.content) if response.content.strip() else {}
            except (ValueError, RecursionError) as e:
                raise self._nonsense() from e
        raise AssertionError("unreachable")

    async def _rows(
        self, method: str, path: str, **options: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the objects of a list; asked again where it fails before the first.

        A line that holds no object is yielded as an empty one, to be counted with the other rows
        that say nothing.
        """
        retries = Retries()
        while True:
            began = False
            try:
                async with aclosing(self._listed(method, path, options)) as rows:
                    async for row in rows:
                        began = True
                        yield row
                return
            except RemoteError as e:
                if began or not isinstance(e, Transient) or not await retries.again(e.after_s):
                    raise

    async def _listed(
        self, method: str, path: str, options: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        for again in (False, True):
            token, headers = await self._headers()
            headers["Accept"] = STREAM
            async with self._http.stream(
                method, self._url + path, headers=headers, **options
            ) as response:
                if response.status_code == 401 and not again:
                    self._tokens.drop(token)
                    continue
                if response.status_code >= 400:
                    raise rucio_error(await bodies.read_some(response), self._title)
                async with aclosing(self._objects(response)) as rows:
                    async for row in rows:
                        yield row
                return

    async def _objects(self, response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the objects of a body; a body with none at all is no list of Rucio's."""
        found = strange = False
        async with aclosing(bodies.lines(response)) as lines:
            async for line in lines:
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as e:
                    if not line.endswith(b"\n"):
                        raise self._broken_off("the last row is torn") from e
                    row, strange = None, True
                if isinstance(row, dict):
                    found = True
                    if "ExceptionClass" in row:  # how Rucio ends a list that broke on the way
                        raise self._broken_off(sentence(row.get("ExceptionMessage")))
                yield row if isinstance(row, dict) else {}
        if strange and not found:
            raise self._nonsense()

    def _broken_off(self, why: str) -> EscapeError:
        return BadResponseError(
            f"{self._title} broke off the list: {why}.",
            hint="The list is incomplete. Try again.",
        )

    async def _headers(self) -> tuple[Token, dict[str, str]]:
        token = await self._tokens.get(self._environment)
        return token, {"X-Rucio-Auth-Token": token.value}

    def _nonsense(self) -> EscapeError:
        return BadResponseError(
            f"The answer of {self._title} does not follow Rucio's protocol.",
            hint="Check that its URL is a Rucio server of version 35 or newer.",
        )


class UserPassSource:
    """Rucio's own sign-in by user name and password (GET /auth/userpass)."""

    def __init__(
        self,
        auth_url: str,
        *,
        http: RemoteClient,
        title: str,
        account: str,
        username: str,
        password: "PasswordSource",
    ) -> None:
        self._url = auth_url.rstrip("/") + "/auth/userpass"
        self._http = http
        self._title = title
        self._account = account
        self._username = username
        self._password = password

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Sign in; None when there is no password."""
        password = await self._password.password(environment)
        if password is None:
            return None
        headers = {
            "X-Rucio-Account": self._account,
            "X-Rucio-Username": self._username,
            "X-Rucio-Password": password,
        }
        return await sign_in(self._http, self._url, headers, self._title)


class X509Source:
    """Rucio's sign-in by the certificate that the TLS connection shows.

    Parameters
    ----------
    kind : str
        The endpoint: ``x509`` or ``x509_proxy`` (GET /auth/<kind>).
    """

    def __init__(
        self, auth_url: str, kind: str, *, http: RemoteClient, title: str, account: str
    ) -> None:
        self._url = f"{auth_url.rstrip('/')}/auth/{kind}"
        self._http = http
        self._title = title
        self._account = account

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Sign in."""
        del environment
        headers = {"X-Rucio-Account": self._account}
        return await sign_in(
            self._http, self._url, headers, self._title, shown="certificate or account"
        )


class PasswordSource:
    """The source of a password: a file, read each time, or a value of rucio.cfg."""

    def __init__(self, path: str | None = None, *, variable: str = "", value: str = "") -> None:
        self._path = path
        self._variable = variable
        self._value = value

    async def password(self, environment: Mapping[str, str]) -> str | None:
        """Return the password; None where there is none."""
        if self._path:
            try:
                return await asyncio.to_thread(_read_line, self._path)
            except OSError as e:
                raise AuthError(
                    f"Could not read the password file {self._path}: {e.strerror}.",
                    hint="Write it again, readable only to you.",
                ) from e
        return environment.get(self._variable) or self._value or None


def _read_line(path: str) -> str:
    return in_home(path).read_text().strip("\r\n")


async def sign_in(
    http: RemoteClient,
    url: str,
    headers: Mapping[str, str],
    title: str,
    *,
    shown: str = "user name, password or account",
) -> Token:
    """Ask Rucio for a token; raises AuthError, which names what was shown, if it refuses."""
    asked = time.time()
    response = await http.request("GET", url, headers=dict(headers), idempotent=True)
    if response.status_code == 401:
        raise AuthError(
            f"{title} does not accept the {shown}.",
            hint="Check them in the configuration; the account must be one of yours.",
        )
    if response.status_code >= 400:
        raise rucio_error(response, title)
    value = response.headers.get("X-Rucio-Auth-Token")
    if not value:
        raise BadResponseError(
            f"{title} did not give a token.",
            hint="Check the authentication URL in the configuration.",
        )
    return Token(value, asked + _life_s(response.headers, asked))


def _life_s(headers: Mapping[str, str], asked: float) -> float:
    """Return how long a token lives that was just given, seconds.

    Counted by the server's clock, between the answer's ``Date`` and the token's end: ours may be
    hours ahead. Where that makes no sense, it is used all the same, and another asked for soon.
    """
    ends = _moment(headers.get("X-Rucio-Auth-Token-Expires"))
    begins = _moment(headers.get("Date")) or asked
    life_s = ends - begins if ends is not None else 0.0
    return life_s if life_s > 0 else UNKNOWN_LIFE_S


def _moment(text: str | None) -> float | None:
    """Read ``Sat, 21 Nov 2026 03:28:57 UTC``; None where it cannot be read."""
    try:
        return parsedate_to_datetime((text or "").replace("UTC", "GMT")).timestamp()
    except (ValueError, OverflowError):
        return None


class ServerClock:
    """How far our clock is ahead of Rucio's; asked only where a token looks expired."""

    def __init__(self, url: str, *, http: RemoteClient) -> None:
        self._url = url.rstrip("/") + "/ping"
        self._http = http
        self._known: tuple[float, float] | None = None

    async def ahead_s(self) -> float:
        """Return seconds, by the ``Date`` of an answer within the last minute; 0 without one."""
        if self._known is None or time.monotonic() - self._known[0] > CLOCK_S:
            self._known = (time.monotonic(), await self._ask())
        return self._known[1]

    async def _ask(self) -> float:
        try:
            response = await self._http.request("GET", self._url)
        except EscapeError:
            return 0.0
        theirs = _moment(response.headers.get("Date"))
        return 0.0 if theirs is None else time.time() - theirs


def rucio_error(response: httpx.Response, title: str) -> EscapeError:
    """Convert a refusal of Rucio, by status and exception class."""
    status = response.status_code
    kind, said = _reason(response)
    if status == 401:
        return AuthError(f"{title} no longer accepts your sign-in.", hint="Sign in again.")
    if status == 403:
        return AuthError(
            f"{title} does not allow this: {said or 'access denied'}.",
            hint="Ask the owner of the data, or use another account.",
        )
    if status == 404 and kind:
        return NotFoundError(
            f"{title} did not find this: {said or kind}.",
            hint="Check the spelling of scope and name.",
        )
    if status == 409:
        return ConflictError(
            f"{title} refused the request: {said or kind}.", hint="Choose another name."
        )
    if status == 413 or "Quota" in kind:
        return QuotaError(
            f"{title} refused the request because the quota is used up: {said}.",
            hint="Ask the site for more quota.",
        )
    if "Problem validating" in said:  # a 500 in Rucio 41, for names its schema does not allow
        return UsageError(
            f"{title} does not allow this name.",
            hint="A name has letters, digits and . - _ /; a colon separates it from its scope.",
        )
    if status in (400, 406) and kind:
        return UsageError(
            f"{title} does not accept the request: {said or kind}.", hint="Check scope and name."
        )
    if status in BUSY:
        busy = BusyError(
            f"{title} is too busy or down (status {status}).", hint="Try again in a moment."
        )
        busy.after_s = retry_after(response.headers)
        return busy
    if status >= 500:
        return RemoteUnavailableError(
            f"{title} failed ({status}{': ' + said if said else ''}).",
            hint="Try again. If it continues, tell the administrators of the data lake.",
        )
    return BadResponseError(
        f"{title} answered with status {status}, which does not follow Rucio's protocol.",
        hint="Check its URL in the configuration.",
    )


def _reason(response: httpx.Response) -> tuple[str, str]:
    """Return the class and the message of Rucio's exception, from the headers or the body."""
    try:
        body = response.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    names = ("ExceptionClass", "ExceptionMessage")
    kind, said = (sentence(response.headers.get(name) or fields.get(name)) for name in names)
    return kind, said


def _part(text: str) -> str:
    """Return a part of a path; one of dots alone would lead elsewhere."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def _path(did: Did) -> str:
    return f"{_part(did[0])}/{_part(did[1])}"


def _dids(dids: Iterable[Did]) -> list[dict[str, str]]:
    return [{"scope": scope, "name": name} for scope, name in dids]
