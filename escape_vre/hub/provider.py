"""The identity provider's wire: discovery, sign-in, refresh, exchange; errors converted once.

At most ``at_once`` calls are under way; each has a deadline. A provider that does not answer is
left alone for some seconds, so that its return is no stampede and nobody queues for a time limit.

Nothing that a provider sends is repeated in a message, save the short code of an error: IAM puts
the refresh token itself into its ``error_description``.
"""

import asyncio
import base64
import binascii
import json
import math
import os
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    EscapeError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.http import RemoteClient, tls_context
from escape_vre.hub.metrics import PROVIDER_SECONDS
from escape_vre.hub.settings import PATH, Audience, Calls, Login

RETRY_AFTER_S = 5.0
"""So long a provider that does not answer is left alone, seconds."""

FAILURES = 3
"""So many calls in a row must fail before it is."""

METADATA_AGE_S = 3600.0
DEFAULT_LIFETIME_S = 300.0
"""How long a token is taken to live whose provider does not say."""

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a type, no secret)

_LOGIN = f"{PATH}.login"


class SessionEndedError(AuthError):
    """The provider says that the session is over: only a new sign-in helps."""


class RefusedError(ConfigurationError):
    """The provider refuses what was asked, whoever asks: the site's set-up is wrong."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    basic: bool
    """Whether the client's secret goes into a header (RFC 6749 section 2.3.1)."""
    pkce: tuple[str, ...] | None
    grants: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    response: dict[str, Any] = field(repr=False)
    expires_at: float
    """When the access token ends by our own clock, seconds since 1970: clocks may differ."""

    @property
    def access_token(self) -> str:
        """The access token."""
        return str(self.response["access_token"])

    @property
    def refresh_token(self) -> str:
        """The refresh token; empty where none came."""
        return str(self.response.get("refresh_token") or "")

    @property
    def id_claims(self) -> dict[str, Any]:
        """The claims of the ID token; empty where none came."""
        return jwt_claims(str(self.response.get("id_token") or ""))


class Provider:
    """One identity provider, as one client."""

    def __init__(self, login: Login, calls: Calls) -> None:
        self._login = login
        self._timeout_s = calls.timeout_s
        try:
            tls = tls_context(login.ca_file)
        except ConfigurationError as e:
            raise ConfigurationError(e.message, hint=f"Correct {_LOGIN}.ca_file.") from e
        self._http = RemoteClient("The identity provider", tls=tls, timeout_s=calls.timeout_s)
        self._slots = asyncio.Semaphore(calls.at_once)
        self._discovering = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._discovered = 0.0
        self._failures = 0
        self._down_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def metadata(self) -> Metadata:
        """Return what the provider says about itself, asked at first use and then hourly.

        Raises
        ------
        RemoteUnavailableError
            It does not say, and never has.
        """
        async with self._discovering:
            age = time.monotonic() - self._discovered
            if self._metadata is None or age > METADATA_AGE_S:
                try:
                    self._metadata = await self.discover()
                    self._discovered = time.monotonic()
                except (RemoteError, ConfigurationError) as e:
                    if self._metadata is None:
                        # Wrong at the start is a wrong setting, and refused there; wrong later is
                        # a provider in trouble, such as a page that announces maintenance.
                        raise _unavailable(e.message) from e
                    self._discovered = time.monotonic() - METADATA_AGE_S + 60
            return self._metadata

    async def discover(self) -> Metadata:
        """Ask the provider about itself.

        Raises
        ------
        ConfigurationError
            What answers is not the issuer of the settings; one sentence names the setting.
        RemoteUnavailableError
            Nothing answers.
        """
        issuer = self._login.issuer
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        status, found = await self._call("discovery", "GET", url)
        hint = f"Correct {_LOGIN}.issuer."
        if status != httpx.codes.OK:
            raise ConfigurationError(
                f"{issuer} is no OpenID Connect issuer: {url} answers {status}.", hint=hint
            )
        if found is None:
            raise ConfigurationError(
                f"{issuer} is no OpenID Connect issuer: {url} is not JSON.", hint=hint
            )
        said = found.get("issuer")
        if said != issuer:
            raise ConfigurationError(
                f"The issuer at {issuer} calls itself {said}.",
                hint=f"Write {_LOGIN}.issuer exactly so.",
            )
        for name in ("authorization_endpoint", "token_endpoint"):
            if not isinstance(found.get(name), str):
                raise ConfigurationError(f"The issuer at {issuer} has no {name}.", hint=hint)
        methods = _strings(found.get("token_endpoint_auth_methods_supported"))
        return Metadata(
            authorization_endpoint=found["authorization_endpoint"],
            token_endpoint=found["token_endpoint"],
            userinfo_endpoint=str(found.get("userinfo_endpoint") or ""),
            basic=methods is None
            or "client_secret_basic" in methods
            or "client_secret_post" not in methods,
            pkce=_strings(found.get("code_challenge_methods_supported")),
            grants=_strings(found.get("grant_types_supported")),
        )

    async def check_client(self) -> None:
        """Ask for something impossible, to learn whether the provider knows this client.

        Raises
        ------
        ConfigurationError
            It does not, or the secret is wrong.
        """
        try:
            await self.refresh("not-a-refresh-token")
        except (SessionEndedError, RefusedError):
            return

    async def code(self, code: str, *, redirect_uri: str, verifier: str) -> TokenAnswer:
        """Turn the code of a sign-in into tokens (RFC 6749 section 4.1.3, RFC 7636).

        Raises
        ------
        SessionEndedError
            The code is too old, or was used before.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return await self._token("code", form)

    async def refresh(self, refresh_token: str) -> TokenAnswer:
        """Renew a session (RFC 6749 section 6). The old refresh token may be dead afterwards.

        Raises
        ------
        SessionEndedError
            The session is over.
        RemoteUnavailableError
            The provider does not answer, or nothing that can be understood.
        """
        return await self._token(
            "refresh", {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )

    async def narrow(self, refresh_token: str, audience: Audience) -> TokenAnswer:
        """Renew a session with a token for one service; the refresh token may rotate here too."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "audience": audience.aud,
        }
        if audience.scopes:
            form["scope"] = " ".join(audience.scopes)
        return _for_audience(await self._token("narrow", form), audience)

    async def exchange(self, access_token: str, audience: Audience) -> TokenAnswer:
        """Exchange a session's access token for one for one service (RFC 8693 section 2.1).

        Raises
        ------
        RefusedError
            The provider refuses: because of its set-up, or because the given token is dead.
        """
        form = {
            "grant_type": EXCHANGE,
            "subject_token": access_token,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "audience": audience.aud,
        }
        if audience.scopes:
            form["scope"] = " ".join(audience.scopes)
        return _for_audience(await self._token("exchange", form), audience)

    async def claims(
        self, answer: TokenAnswer, *, subject: str = "", wanted: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return what the provider says about the person.

        Signatures are not checked, and so no key of the provider matters: the ID token came from
        the provider itself, over TLS (OpenID Connect Core 1.0, section 3.1.3.7, point 6).

        Parameters
        ----------
        subject : str
            Whose claims they must be; at sign-in nobody's yet.
        wanted : tuple of str
            With these in the ID token, userinfo is not asked; without any it always is.

        Raises
        ------
        BadResponseError
            The claims are not this client's, or name no subject.
        SessionEndedError
            They are another person's.
        """
        told = answer.id_claims
        if told:
            self._check_id_token(told)
        elif not subject:
            raise BadResponseError("The identity provider sent no ID token.", hint="Sign in again.")
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint and not (told and wanted and all(claim(told, path) for path in wanted)):
            headers = {"Authorization": f"Bearer {answer.access_token}"}
            status, found = await self._call("userinfo", "GET", endpoint, headers=headers)
            if status != httpx.codes.OK or found is None:
                raise BadResponseError(
                    f"The identity provider does not say who signed in (userinfo: {status}).",
                    hint="Sign in again.",
                )
            if told and found.get("sub") != told.get("sub"):  # OpenID Connect Core, section 5.3.2
                raise BadResponseError(
                    "The identity provider names two different people.", hint="Sign in again."
                )
            told = {**told, **found}
        if not told.get("sub") or not isinstance(told["sub"], str):
            raise BadResponseError("The identity provider names nobody.", hint="Sign in again.")
        if subject and told["sub"] != subject:
            raise SessionEndedError("This session is another person's.", hint="Sign in again.")
        return {name: value for name, value in told.items() if name not in _OF_THE_TOKEN}

    def _check_id_token(self, told: Mapping[str, Any]) -> None:
        audience = told.get("aud")
        ours = self._login.client_id in (audience if isinstance(audience, list) else [audience])
        if told.get("iss") != self._login.issuer or not ours:
            raise BadResponseError(
                "The identity provider sent an ID token that is not for this hub.",
                hint=f"Check {_LOGIN}.issuer and {_LOGIN}.client_id.",
            )

    async def _token(self, kind: str, form: dict[str, str]) -> TokenAnswer:
        metadata = await self.metadata()
        secret = client_secret(self._login)
        options: dict[str, Any] = {"data": form, "headers": {"Accept": "application/json"}}
        if metadata.basic:
            pair = f"{quote_plus(self._login.client_id)}:{quote_plus(secret)}"
            options["headers"]["Authorization"] = (
                f"Basic {base64.b64encode(pair.encode()).decode()}"
            )
        else:
            options["data"] = form | {"client_id": self._login.client_id, "client_secret": secret}
        status, found = await self._call(kind, "POST", metadata.token_endpoint, **options)
        if found is None:
            raise _unavailable(f"The identity provider answered {status}, and not in JSON.")
        if status == httpx.codes.OK and found.get("access_token"):
            return TokenAnswer(found, time.time() + _lifetime_s(found))
        raise self._refused(kind, status, found)

    def _refused(self, kind: str, status: int, found: Mapping[str, Any]) -> EscapeError:
        code = str(found.get("error") or "")
        code = code if re.fullmatch(r"[a-z_]{1,40}", code) else f"status {status}"
        if kind == "code" and code == "invalid_grant":
            return SessionEndedError("This sign-in has timed out.", hint="Sign in again.")
        if kind in ("refresh", "narrow") and code in self._login.preset.ended:
            return SessionEndedError(
                "Your session at the identity provider has ended.", hint="Sign in again."
            )
        # At an exchange, Keycloak says the same, with 400, of an audience that it does not know.
        if code in ("invalid_client", "unauthorized_client") and (
            kind != "exchange" or status == httpx.codes.UNAUTHORIZED
        ):
            return ConfigurationError(
                f"The identity provider does not accept this hub as its client ({code}).",
                hint=f"Correct {_LOGIN}.client_id, or the secret in {self._login.secret_place}.",
            )
        if status == httpx.codes.OK:
            return _unavailable("The identity provider answered without a token.")
        return RefusedError(
            f"The identity provider refuses ({code}).",
            hint="Ask who runs this hub.",
            details={"reason": code},
        )

    async def _call(
        self, kind: str, method: str, url: str, **options: Any
    ) -> tuple[int, dict[str, Any] | None]:
        """Send a request; return its status, and the object in its JSON body, if there is one.

        Raises
        ------
        RemoteUnavailableError
            The provider cannot be reached, is too slow or too busy, or has failed.
        RemoteError
            Its certificate is not to be trusted.
        """
        self._leave_alone()
        try:
            await asyncio.wait_for(self._slots.acquire(), 2 * self._timeout_s)
        except TimeoutError as e:
            raise _unavailable("Too many wait for the identity provider.") from e
        began, result = time.monotonic(), "failed"
        try:
            self._leave_alone()
            response = await self._send(method, url, options)
            result = "ok" if response.is_success else "refused"
        finally:
            self._slots.release()
            PROVIDER_SECONDS.labels(kind, result).observe(time.monotonic() - began)
        try:
            found = response.json()
        except ValueError:
            found = None
        return response.status_code, found if isinstance(found, dict) else None

    async def _send(self, method: str, url: str, options: dict[str, Any]) -> httpx.Response:
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._http.request(method, url, **options)
        except TimeoutError as e:
            self._failed(down=True)
            raise _unavailable("The identity provider does not answer in time.") from e
        except (RemoteTimeoutError, RemoteUnavailableError, BadResponseError) as e:
            self._failed(down=True)
            raise _unavailable(e.message) from e
        if response.status_code >= 500 or response.status_code == 429:
            # What stands before a provider that is down answers 502 to 504; one that fails at a
            # request answers 500, and the next may go well.
            self._failed(down=response.status_code != 500)
            raise _unavailable(f"The identity provider answers {response.status_code}.")
        self._failures = 0
        return response

    def _failed(self, *, down: bool) -> None:
        self._failures += down
        if self._failures >= FAILURES:
            self._down_until = time.monotonic() + RETRY_AFTER_S

    def _leave_alone(self) -> None:
        if time.monotonic() < self._down_until:
            raise _unavailable("The identity provider does not answer.")


_OF_THE_TOKEN = frozenset(
    {"acr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf"}
    | {"nonce", "session_state", "sid", "typ"}
)
"""Claims that tell about the ID token, not about the person."""


def client_secret(login: Login) -> str:
    """Return the client's secret, read now: files are replaced.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    try:
        if login.client_secret_file:
            secret = Path(login.client_secret_file).read_text(encoding="utf-8").strip()
        else:
            secret = os.environ.get(login.client_secret_env, "").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(
            f"The client's secret cannot be read from {login.secret_place}.",
            hint="Correct the setting, or the file's permissions.",
        ) from e
    if not secret:
        raise ConfigurationError(
            f"There is no client's secret in {login.secret_place}.",
            hint="Put there what the identity provider gave when the client was registered.",
        )
    return secret


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim: one of exactly this name (``wlcg.groups``), else what the path leads to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def jwt_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT (RFC 7519), unverified; empty where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _lifetime_s(response: Mapping[str, Any]) -> float:
    try:
        lifetime = float(response["expires_in"])
    except (KeyError, TypeError, ValueError):
        told = jwt_claims(str(response["access_token"]))
        try:
            lifetime = float(told["exp"]) - float(told["iat"])
        except (KeyError, TypeError, ValueError):
            return DEFAULT_LIFETIME_S
    return max(0.0, lifetime) if math.isfinite(lifetime) else DEFAULT_LIFETIME_S


def _for_audience(answer: TokenAnswer, audience: Audience) -> TokenAnswer:
    """Refuse a token that says that it is for somebody else; one that says nothing may pass."""
    aud = jwt_claims(answer.access_token).get("aud")
    if aud and audience.aud not in (aud if isinstance(aud, list) else [aud]):
        raise RefusedError(
            "The identity provider gave a token for another service.",
            hint="Ask who runs this hub.",
            details={"reason": "wrong audience"},
        )
    return answer


def _unavailable(message: str) -> RemoteUnavailableError:
    """Say when to come back: not all at the same moment."""
    wait = math.ceil(RETRY_AFTER_S * random.uniform(1, 2))  # noqa: S311  (no secret)
    return RemoteUnavailableError(
        message,
        hint=f"It is asked again in {wait} s; you stay signed in.",
        details={"retry_after_s": wait},
    )


def _strings(value: Any) -> tuple[str, ...] | None:
    return tuple(str(entry) for entry in value) if isinstance(value, list) else None
