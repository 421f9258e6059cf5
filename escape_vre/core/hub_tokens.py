"""The Hub as a token source: a short token for one audience (``docs/adr/0003-tokens.md``)."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from escape_vre.core.answers import Tokens, read, seconds
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    EscapeError,
    NotFoundError,
    RemoteError,
    RemoteUnavailableError,
)
from escape_vre.core.http import RemoteClient
from escape_vre.core.hub import HubAccess, Hubs
from escape_vre.core.retry import BUSY, retry_after
from escape_vre.core.tokens import Token, jwt_expiry

RETRY_AFTER_S = 5.0
"""Pause before asking again a Hub that does not answer or is not known yet, seconds."""

NOTHING_FOR_S = 300.0
"""Pause before asking again a Hub that has no token, if it does not need one, seconds."""

NO_ENDPOINT = (404, 405, 410, 501)
"""With these, or a redirect to a page, a Hub says that it has no such address."""

_CODES = ("auth", "not_found", "configuration", "remote_unavailable")


class HubTokens:
    """Tokens for one audience, from the Hub of the user's servers.

    Parameters
    ----------
    audience : str
        The Hub's name for the service.
    http : callable
        Gives the HTTP client for a Hub.
    optional : bool
        A Hub that hands out no such token is no error: the next source is asked.
    """

    def __init__(
        self,
        audience: str,
        *,
        hubs: Hubs,
        http: Callable[[HubAccess], RemoteClient],
        optional: bool = False,
    ) -> None:
        self._audience = audience
        self._hubs = hubs
        self._http = http
        self._optional = optional
        self._nothing: dict[str, float] = {}

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Ask for one server after another until the Hub accepts one as running.

        Raises
        ------
        AuthError
            ``details.sign_in`` says where, when a person has to sign in again.
        RemoteUnavailableError
            The Hub or its provider does not answer; ``details.retry_after_s``.
        ConfigurationError, NotFoundError
            This Hub hands out no tokens, or none for this audience.
        """
        del environment
        try:
            return await self._token()
        except (ConfigurationError, NotFoundError):
            if self._optional:
                return None
            raise

    async def _token(self) -> Token | None:
        refused: EscapeError | None = None
        silent: set[str] = set()
        for access in self._hubs:
            if access.url in silent:
                continue
            if self._optional and self._nothing.get(access.url, -math.inf) > time.monotonic():
                return None
            try:
                return await self._ask(access)
            except RemoteError as e:
                refused = e
                silent.add(access.url)
            except AuthError as e:
                if "sign_in" in e.details:
                    raise
                refused = e
                self._hubs.postpone(access)
            except (ConfigurationError, NotFoundError):
                self._nothing[access.url] = time.monotonic() + NOTHING_FOR_S
                raise
        if refused is None and self._optional:
            return None
        raise refused or self._no_hub()

    def _no_hub(self) -> EscapeError:
        if not self._hubs.heard:  # a job that goes on before anybody has called this agent
            return RemoteUnavailableError(
                "The address of the JupyterHub is not known yet.",
                hint="The job continues when you next use escape-vre on your server.",
                details={"retry_after_s": RETRY_AFTER_S},
            )
        return ConfigurationError(
            "The configuration uses the JupyterHub's sign-in, but this is not a server of one.",
            hint="Choose another auth in the configuration, for example oidc.",
        )

    async def _ask(self, access: HubAccess) -> Token:
        asked = time.time()
        try:
            response = await self._http(access).request(
                "POST",
                f"{access.url}/escape/token",
                json={"audience": self._audience},
                headers={"Authorization": f"token {access.token}"},
            )
        except RemoteError as e:
            e.details.setdefault("retry_after_s", RETRY_AFTER_S)
            raise
        if response.status_code != 200:
            raise _refusal(response, access)
        return _granted(response, asked)


def _granted(response: httpx.Response, asked: float) -> Token:
    """Read a token; it ends ``expires_in`` after we asked, by our clock."""
    body = _json(response)
    tokens, left = read(Tokens, body), body.get("expires_in")
    lifetime_s = seconds(left)
    if isinstance(tokens, str) or (left is not None and lifetime_s is None):
        raise BadResponseError(
            "The JupyterHub sent an answer that is not a token.",
            hint="Tell its administrator: its escape-vre may have a different version.",
        )
    value = tokens.access_token
    return Token(value, jwt_expiry(value) if lifetime_s is None else asked + lifetime_s)


def _refusal(response: httpx.Response, access: HubAccess) -> EscapeError:
    """Convert the Hub's refusal: its own error if it sent one, otherwise by status."""
    fields = _json(response).get("error")
    if isinstance(fields, dict) and fields.get("code") in _CODES:
        error = EscapeError.from_dict(fields)
        if response.status_code == 401:
            error.details["sign_in"] = access.public(str(error.details.get("sign_in") or ""))
        if isinstance(error, RemoteError):
            error.details.setdefault("retry_after_s", _pause_s(response))
        return error
    if response.status_code in (401, 403):
        return AuthError(
            "The JupyterHub does not accept this server's token.",
            hint="Restart the server from the Hub's control panel.",
        )
    if response.status_code in (500, *BUSY):
        return RemoteUnavailableError(
            f"The JupyterHub is too busy or down (status {response.status_code}).",
            hint="escape-vre asks again automatically.",
            details={"retry_after_s": _pause_s(response)},
        )
    if not (300 <= response.status_code < 400 or response.status_code in NO_ENDPOINT):
        # A proxy before the Hub, or a Hub in trouble, says nothing about what the Hub provides.
        return BadResponseError(
            f"The request for a token was answered with status {response.status_code}, which is"
            " not an answer of this JupyterHub's escape-vre.",
            hint="escape-vre asks again automatically. If it continues, tell the administrator of"
            " the JupyterHub.",
            details={"retry_after_s": _pause_s(response)},
        )
    return ConfigurationError(
        f"This JupyterHub does not provide tokens (status {response.status_code}).",
        hint="Ask its administrator to add escape-vre, or choose another auth for this service.",
    )


def _pause_s(response: httpx.Response) -> float:
    asked = retry_after(response.headers)
    return RETRY_AFTER_S if asked is None else asked


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
