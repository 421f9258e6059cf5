"""Rucio's own sign-ins (GET ``/auth/userpass``, ``/auth/x509``, ``/auth/x509_proxy``)."""

import asyncio
import time
from collections.abc import Mapping

from escape_vre.core.caller import in_home
from escape_vre.core.dates import http_date
from escape_vre.core.errors import AuthError, BadResponseError
from escape_vre.core.form import Form, Typed
from escape_vre.core.http import RemoteClient, header_value
from escape_vre.core.tokens import Token
from escape_vre.services.datalake.dialect import RucioDialect

UNKNOWN_LIFE_S = 120.0
"""How long a token is kept whose end cannot be known, seconds."""


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
        form: Form | None = None,
    ) -> None:
        self._url = auth_url.rstrip("/") + "/auth/userpass"
        self._http = http
        self._title = title
        self._account = account
        self._username = username
        self._password = password
        self._form = form

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Sign in; None when there is no password, and no form to type one into."""
        password = await self._password.password(environment)
        if password is not None:
            return await self.sign_in(Typed(self._username, password))
        if self._form is None:
            return None
        typed = await self._form.needed()
        try:
            return await self.sign_in(typed)
        except AuthError as e:
            raise await self._form.refused(typed, e) from e

    async def sign_in(self, typed: Typed) -> Token:
        """Sign in with a user name and password; raises AuthError where they are refused."""
        try:
            headers = {
                "X-Rucio-Account": header_value(self._account or typed.username),
                "X-Rucio-Username": header_value(typed.username),
                "X-Rucio-Password": header_value(typed.secret),
            }
        except ValueError:
            raise AuthError(
                f"{self._title} cannot be sent this user name or password: HTTP does not allow"
                " some of their characters.",
                hint="Choose another password for your account.",
            ) from None  # its text would show the password
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
        headers = {"X-Rucio-Account": header_value(self._account)}
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
    headers: Mapping[str, str | bytes],
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
            hint="Check them; the account must be one of yours.",
        )
    if response.status_code >= 400:
        raise RucioDialect(title).refusal(response)
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
    ends = http_date(headers.get("X-Rucio-Auth-Token-Expires"))
    begins = http_date(headers.get("Date")) or asked
    life_s = ends - begins if ends is not None else 0.0
    return life_s if life_s > 0 else UNKNOWN_LIFE_S
