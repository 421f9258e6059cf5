"""Client of an OpenID Connect provider: discovery, device sign-in, refresh, revocation.

OpenID Connect Discovery 1.0, RFC 8628 (device authorization grant), RFC 7636 (PKCE), RFC 6749
section 6 (refresh), RFC 7009 (revocation). We are a public client: there is no secret.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from escape_vre.core.answers import (
    AnyAnswer,
    Device,
    Discovery,
    Tokens,
    error_code,
    read,
    seconds,
)
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.http import RemoteClient
from escape_vre.core.network import Network
from escape_vre.core.proxies import Proxies
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import Token, jwt_life_s

RETRY_AFTER_S = 10.0
"""When to ask again a provider that does not answer, seconds."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT_S = 20.0
LIFETIME_S = 300.0
"""Of an access token whose provider does not say how long it lives, seconds."""

LONGEST_S = 10 * 365 * 86400.0
"""Longer than anything that a provider gives can last, seconds."""

DESCRIBED = 300
"""How much of a provider's own words a message repeats, characters."""

_SECRET = ("device_code", "code_verifier", "refresh_token", "token")
"""Fields of requests that no message may repeat."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Our client at a provider, and what we ask for."""

    issuer: str
    client_id: str
    audience: str
    scope: str
    ca_file: str | None = None

    @property
    def id(self) -> str:
        """A name for it that reveals nothing."""
        said = "\n".join((self.issuer, self.client_id, self.audience, self.scope))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Grant:
    """A provider's answer: an access token, and the next refresh token."""

    token: Token
    refresh_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A sign-in that the user finishes elsewhere (RFC 8628 section 3.2)."""

    device_code: str = field(repr=False)
    verifier: str = field(repr=False)
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None
    expires: float
    interval_s: float


class MalformedError(BadResponseError):
    """An answer that does not follow OpenID Connect; asking again would bring the same."""


class Pending(Exception):  # noqa: N818 — no error: the person has not finished
    """The user has not signed in yet; ``slower`` if we ask too often."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__()
        self.slower = slower


class Provider:
    """One provider, for one registration of ours."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
        self._network = Network((), True, Proxies())
        self._clients: dict[tuple[object, ...], RemoteClient] = {}
        self._found: Discovery | None = None

    def reach(self, network: Network) -> None:
        """Go by these proxies, and trust these authorities, from now on.

        If the registration has a ``ca_file``, that is trusted beside the system's instead.
        """
        self._network = network

    async def start(self) -> DeviceCode:
        """Begin a device sign-in.

        Raises
        ------
        EscapeError
            The provider does not answer, does not know us, or has no device sign-in.
        """
        verifier = secrets.token_urlsafe(48)
        form = {
            "client_id": self._registration.client_id,
            "scope": self._registration.scope,
            "audience": self._registration.audience,
        }
        if "S256" in ((await self._metadata()).code_challenge_methods_supported or ()):
            digest = hashlib.sha256(verifier.encode()).digest()
            form["code_challenge"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            form["code_challenge_method"] = "S256"
        else:
            verifier = ""
        asked = time.time()
        response = await self._post("device_authorization_endpoint", form)
        body = _body(response)
        if response.status_code != 200:
            raise self._refusal(body, response, form)
        return _device_code(body, verifier, asked)

    async def finish(self, code: DeviceCode) -> Grant:
        """Ask whether the user has signed in.

        Raises
        ------
        Pending
            Not yet.
        AuthError
            The user has refused, or the code has expired.
        """
        form = {
            "grant_type": DEVICE_GRANT,
            "client_id": self._registration.client_id,
            "device_code": code.device_code,
        }
        if code.verifier:
            form["code_verifier"] = code.verifier
        return await self._granted(form)

    async def refresh(self, refresh_token: str) -> Grant:
        """Get the next token.

        Raises
        ------
        AuthError
            The session has ended: the user has to sign in again.
        """
        form = {
            "grant_type": "refresh_token",
            "client_id": self._registration.client_id,
            "refresh_token": refresh_token,
            "audience": self._registration.audience,
        }
        return await self._granted(form)

    async def revoke(self, refresh_token: str) -> None:
        """End the session at the provider, where it can do so."""
        if (await self._metadata()).revocation_endpoint is None:
            return
        form = {
            "client_id": self._registration.client_id,
            "token": refresh_token,
            "token_type_hint": "refresh_token",
        }
        await self._post("revocation_endpoint", form)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.close()

    async def _granted(self, form: Mapping[str, str]) -> Grant:
        asked = time.time()
        response = await self._post("token_endpoint", form)
        body = _body(response)
        if response.status_code != 200:
            raise self._refusal(body, response, form)
        tokens = _answer(Tokens, body)
        left = seconds(body.get("expires_in"), longest_s=LONGEST_S)
        if left is None:
            # By its own moments, where it says when it was made: our clock may be another's.
            left = jwt_life_s(tokens.access_token) or LIFETIME_S
        return Grant(Token(tokens.access_token, asked + left), tokens.refresh_token)

    async def _metadata(self) -> Discovery:
        """Return the provider's own description, read once."""
        if self._found is None:
            issuer = self._registration.issuer
            url = issuer.rstrip("/") + "/.well-known/openid-configuration"
            response = await self._request("GET", url)
            body = _body(response)
            said = body.get("issuer")
            if response.status_code != 200 or said != issuer:
                raise ConfigurationError(
                    f"{issuer} is not an OpenID Connect issuer.",
                    hint=f"The provider calls itself {said[:200]}; use that."
                    if said and isinstance(said, str)
                    else "Fix issuer in the configuration.",
                )
            found = _answer(Discovery, body)
            if wrong := found.insecure():
                raise _malformed(wrong)
            self._found = found
        return self._found

    async def _post(self, endpoint: str, form: Mapping[str, str]) -> httpx.Response:
        url = getattr(await self._metadata(), endpoint)
        if url is None:
            raise ConfigurationError(
                f"{self._registration.issuer} does not support sign-in with a code.",
                hint="Ask its administrators to enable the device grant, or choose another auth.",
            )
        response = await self._request("POST", url, data=dict(form))
        if response.status_code in (429, 500, 502, 503, 504):
            raise RemoteUnavailableError(
                f"The identity provider is too busy or down (status {response.status_code}).",
                hint="escape-vre asks again automatically.",
                details={"retry_after_s": RETRY_AFTER_S},
            )
        return response

    async def _request(self, method: str, url: str, **options: Any) -> httpx.Response:
        by = self._network
        own = self._registration.ca_file
        trusted, system = (own, True) if own else (by.ca_file, by.system)
        client = self._clients.get((trusted, system, by.proxies))
        if client is None:  # not before it is needed: loading authorities costs 30 ms
            tls = tls_context(trusted, system=system)
            client = RemoteClient(
                "The identity provider", tls=tls, timeout_s=TIMEOUT_S, proxies=by.proxies
            )
            self._clients[trusted, system, by.proxies] = client
        try:
            return await client.request(method, url, **options)
        except RemoteError as e:
            if isinstance(e, RemoteUnavailableError | RemoteTimeoutError):
                e.details.setdefault("retry_after_s", RETRY_AFTER_S)
            raise

    def _refusal(
        self, body: Mapping[str, Any], response: httpx.Response, form: Mapping[str, str]
    ) -> Exception:
        """Convert an error of RFC 6749 section 5.2 or RFC 8628 section 3.5."""
        error, said = error_code(body), body.get("error_description")
        if error in ("authorization_pending", "slow_down"):
            return Pending(slower=error == "slow_down")
        if error == "access_denied":
            return AuthError("The sign-in was refused.", hint="Sign in again to retry.")
        if error == "expired_token":
            return AuthError("The code has expired.", hint="Sign in again for a new code.")
        if error == "invalid_grant":
            return AuthError("Your session at the identity provider has ended.")
        if error is not None:
            kept = [form[name] for name in _SECRET if form.get(name)]
            if not isinstance(said, str) or any(secret in said for secret in kept):
                said = ""  # IAM repeats the token that it does not accept
            reason = said[:DESCRIBED].strip().rstrip(".") or error
            return ConfigurationError(
                f"The identity provider refused the request: {reason}.",
                hint="The administrator of this installation can fix client_id, scope or"
                " audience, or register this client for the device sign-in.",
            )
        return BadResponseError(
            f"The identity provider answered with status {response.status_code} and no reason.",
            hint="Check issuer in the configuration.",
        )


def _device_code(body: Mapping[str, Any], verifier: str, asked: float) -> DeviceCode:
    found = _answer(Device, body)
    lifetime_s = seconds(body.get("expires_in"), longest_s=LONGEST_S)
    if lifetime_s is None:
        raise _malformed("expires_in")
    return DeviceCode(
        device_code=found.device_code,
        verifier=verifier,
        user_code=found.user_code,
        verification_uri=found.verification_uri,
        verification_uri_complete=found.verification_uri_complete,
        expires=asked + lifetime_s,
        interval_s=seconds(body.get("interval"), longest_s=LONGEST_S) or 5.0,
    )


def _answer(model: type[AnyAnswer], body: Mapping[str, Any]) -> AnyAnswer:
    if not body:  # no JSON, such as a page that says that the provider is being repaired
        raise BadResponseError(
            "The answer of the identity provider is not JSON.",
            hint="Try again later. If it continues, check issuer in the configuration.",
        )
    found = read(model, body)
    if isinstance(found, str):
        raise _malformed(found)
    return found


def _malformed(name: str) -> MalformedError:
    return MalformedError(
        f"The answer of the identity provider does not follow OpenID Connect ({name}).",
        hint="Check issuer in the configuration, or tell the provider's administrators.",
    )


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
