"""The identity provider: discovery, sign-in, refresh, exchange; its errors converted once.

Nothing that a provider sends is repeated in a message, save the short code of an error: IAM puts
the refresh token itself into its ``error_description``.
"""

import asyncio
import base64
import os
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
)
from escape_vre.core.http import tls_context
from escape_vre.core.proxies import Proxies
from escape_vre.core.tokens import jwt_claims
from escape_vre.hub import mounted
from escape_vre.hub.claims import OF_THE_TOKEN, claim, lifetime_s
from escape_vre.hub.mounted import CLIENT_SECRET
from escape_vre.hub.settings import PATH, Audience, Calls, Login
from escape_vre.hub.wire import Wire, unavailable

METADATA_AGE_S = 3600.0

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

    def __init__(self, login: Login, calls: Calls, *, authorities: str | None = None) -> None:
        self._login = login
        try:
            tls = tls_context(login.ca_file)
        except ConfigurationError as e:
            raise ConfigurationError(e.message, hint=f"Correct {_LOGIN}.ca_file.") from e
        if authorities:
            tls.load_verify_locations(cadata=authorities)
        proxies = Proxies.of_settings(login.proxy, login.no_proxy, os.environ)
        self._wire = Wire(tls=tls, calls=calls, bell=self._document, proxies=proxies)
        self._discovering = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._discovered = 0.0

    @property
    def _document(self) -> str:
        return f"{self._login.issuer.rstrip('/')}/.well-known/openid-configuration"

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

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
                        raise unavailable(e.message) from e
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
        issuer, url = self._login.issuer, self._document
        status, found = await self._wire.call("discovery", "GET", url)
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
        if endpoint and not (
            told and wanted and all(claim(told, path) is not None for path in wanted)
        ):
            headers = {"Authorization": f"Bearer {answer.access_token}"}
            status, found = await self._wire.call("userinfo", "GET", endpoint, headers=headers)
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
        return {name: value for name, value in told.items() if name not in OF_THE_TOKEN}

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
        status, found = await self._wire.call(
            kind, "POST", metadata.token_endpoint, once=kind in ("refresh", "narrow"), **options
        )
        if found is None:
            raise unavailable(f"The identity provider answered {status}, and not in JSON.")
        if status == httpx.codes.OK and found.get("access_token"):
            # A token ends at a whole second: up to one before the lifetime that was told.
            return TokenAnswer(found, time.time() + lifetime_s(found) - 1)
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
            return unavailable("The identity provider answered without a token.")
        return RefusedError(
            f"The identity provider refuses ({code}).",
            hint="Ask who runs this hub.",
            details={"reason": code},
        )


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
            secret = os.environ.get(login.client_secret_env, "") or mounted.read(CLIENT_SECRET)
            secret = secret.strip()
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


def _strings(value: Any) -> tuple[str, ...] | None:
    return tuple(str(entry) for entry in value) if isinstance(value, list) else None
