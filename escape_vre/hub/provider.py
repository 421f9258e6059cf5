"""The identity provider: discovery, sign-in, refresh, exchange; its errors converted once.

No message repeats what a provider sends, except its own name and the short code of an error: IAM
puts the refresh token itself into its ``error_description``.
"""

import asyncio
import base64
import hashlib
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx

from escape_vre.core.answers import BrowserDiscovery, Person, Tokens, error_code, read
from escape_vre.core.errors import (
    BadResponseError,
    ConfigurationError,
    EscapeError,
    RemoteError,
)
from escape_vre.core.proxies import Proxies
from escape_vre.core.tls import tls_context
from escape_vre.hub.answers import (
    ASK,
    ClientRefusedError,
    Metadata,
    RefusedError,
    SessionEndedError,
    TokenAnswer,
    check_audience,
)
from escape_vre.hub.claims import OF_THE_TOKEN, claim, lifetime_s
from escape_vre.hub.client_secret import client_secret
from escape_vre.hub.settings import PATH, Audience, Calls, Login
from escape_vre.hub.wire import Wire, unavailable

METADATA_AGE_S = 3600.0

SIGN_IN_S = 60.0
"""How long a browser waits for the answer to a sign-in's code, which works only once, seconds."""

CLIENT_REFUSED_S = 10.0
"""How long a provider that refused this client is not asked again, seconds."""

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a type, no secret)

_LOGIN = f"{PATH}.login"


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
        self._wire = Wire(tls=tls, calls=calls, probe_url=self._document, proxies=proxies)
        self._discovering = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._discovered = 0.0
        self._client_refused: tuple[bytes, float, ClientRefusedError] | None = None

    @property
    def _document(self) -> str:
        return f"{self._login.issuer.rstrip('/')}/.well-known/openid-configuration"

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def retire(self) -> None:
        """From now on, send nothing that can be sent only once."""
        self._wire.retire()

    async def metadata(self) -> Metadata:
        """Return the provider's description of itself, read at first use and then hourly.

        Raises
        ------
        RemoteUnavailableError
            It does not answer, and never has.
        """
        async with self._discovering:
            age = time.monotonic() - self._discovered
            if self._metadata is None or age > METADATA_AGE_S:
                try:
                    self._metadata = await self.discover()
                    self._discovered = time.monotonic()
                except (RemoteError, ConfigurationError) as e:
                    if self._metadata is None:
                        # At the start a wrong answer means a wrong setting; later it means a
                        # provider with a problem, such as a maintenance page.
                        raise unavailable(e.message) from e
                    self._discovered = time.monotonic() - METADATA_AGE_S + 60
            return self._metadata

    async def discover(self) -> Metadata:
        """Ask the provider about itself.

        Raises
        ------
        ConfigurationError
            The answer is not from the issuer in the settings; the message names the setting.
        RemoteUnavailableError
            Nothing answers.
        """
        issuer, url = self._login.issuer, self._document
        status, found = await self._wire.call("discovery", "GET", url)
        hint = f"Correct {_LOGIN}.issuer."
        if status != httpx.codes.OK:
            raise ConfigurationError(
                f"{issuer} is not an OpenID Connect issuer: {url} answers {status}.", hint=hint
            )
        if found is None:
            raise ConfigurationError(
                f"{issuer} is not an OpenID Connect issuer: {url} is not JSON.", hint=hint
            )
        said = found.get("issuer")
        if not isinstance(said, str):
            raise ConfigurationError(f"The issuer at {issuer} has no name.", hint=hint)
        if said != issuer:
            raise ConfigurationError(
                f"The issuer at {issuer} calls itself {said[:200]}.",
                hint=f"Write {_LOGIN}.issuer exactly so.",
            )
        document = read(BrowserDiscovery, found)
        if isinstance(document, str):
            problem = "no" if found.get(document) is None else "a malformed"
            raise ConfigurationError(f"The issuer at {issuer} has {problem} {document}.", hint=hint)
        self._refuse_insecure(document)
        methods = document.token_endpoint_auth_methods_supported
        return Metadata(
            authorization_endpoint=document.authorization_endpoint,
            token_endpoint=document.token_endpoint,
            userinfo_endpoint=document.userinfo_endpoint or "",
            basic=methods is None
            or "client_secret_basic" in methods
            or "client_secret_post" not in methods,
            pkce=document.code_challenge_methods_supported,
            grants=document.grant_types_supported,
        )

    def _refuse_insecure(self, document: BrowserDiscovery) -> None:
        name = document.insecure()
        if name is None or (self._login.allow_http and not self._login.issuer.startswith("https:")):
            return
        raise ConfigurationError(
            f"The {name} of the issuer at {self._login.issuer} does not begin with https://.",
            hint="Tell the administrators of the identity provider.",
        )

    async def check_client(self) -> None:
        """Send an invalid request, to learn whether the provider accepts this client.

        Raises
        ------
        ConfigurationError
            It does not: the client id or the secret is wrong.
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
        try:
            async with asyncio.timeout(SIGN_IN_S):
                return await self._token("code", form)
        except TimeoutError as e:
            raise unavailable("The identity provider does not answer in time.") from e

    async def refresh(self, refresh_token: str) -> TokenAnswer:
        """Renew a session (RFC 6749 section 6). It may invalidate the old refresh token.

        Raises
        ------
        SessionEndedError
            The session is over.
        RemoteUnavailableError
            The provider does not answer, or its answer is malformed.
        """
        return await self._token(
            "refresh", {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )

    async def narrow(self, refresh_token: str, audience: Audience) -> TokenAnswer:
        """Renew a session with a token for one service; the refresh token may rotate here too.

        Whether the token is for that service is not checked here (:func:`check_audience`): the
        new refresh token must be saved in any case.
        """
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "audience": audience.aud,
        }
        if audience.scopes:
            form["scope"] = " ".join(audience.scopes)
        return await self._token("narrow", form)

    async def exchange(self, access_token: str, audience: Audience) -> TokenAnswer:
        """Exchange a session's access token for one for one service (RFC 8693 section 2.1).

        Raises
        ------
        RefusedError
            The provider refuses: because of its configuration, or because the session's token
            is no longer valid.
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
        answer = await self._token("exchange", form)
        check_audience(answer, audience)
        return answer

    async def claims(
        self, answer: TokenAnswer, *, subject: str = "", wanted: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the provider's claims about the user.

        Signatures are not checked, and so no key of the provider matters: the ID token came from
        the provider itself, over TLS (OpenID Connect Core 1.0, section 3.1.3.7, point 6).

        Parameters
        ----------
        subject : str
            The subject that the claims must have; empty at sign-in.
        wanted : tuple of str
            If the ID token has these claims, userinfo is not asked; if empty, it always is.

        Raises
        ------
        BadResponseError
            The claims are not for this client, or have no subject.
        SessionEndedError
            They belong to another user.
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
                    f"The identity provider does not say who you are (userinfo: {status}).",
                    hint="Sign in again.",
                )
            if told and found.get("sub") != told.get("sub"):  # OpenID Connect Core, section 5.3.2
                raise BadResponseError(
                    "The identity provider sent the claims of two different users.",
                    hint="Sign in again.",
                )
            told = {**told, **found}
        person = read(Person, told)
        if isinstance(person, str):
            raise BadResponseError(
                "The identity provider does not say who you are (sub).", hint="Sign in again."
            )
        if subject and person.sub != subject:
            raise SessionEndedError(
                "This session now belongs to another user.", hint="Sign in again."
            )
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
        digest = hashlib.sha256(secret.encode()).digest()
        options: dict[str, Any] = {"data": form, "headers": {"Accept": "application/json"}}
        if metadata.basic:
            pair = f"{quote_plus(self._login.client_id)}:{quote_plus(secret)}"
            options["headers"]["Authorization"] = (
                f"Basic {base64.b64encode(pair.encode()).decode()}"
            )
        else:
            options["data"] = form | {"client_id": self._login.client_id, "client_secret": secret}
        status, found = await self._wire.call(
            kind,
            "POST",
            metadata.token_endpoint,
            once=True,
            gate=lambda: self._refuse_again(digest),
            **options,
        )
        if found is None:
            raise unavailable(f"The identity provider answered with status {status}, not in JSON.")
        if status == httpx.codes.OK and found.get("access_token") is not None:
            wrong = read(Tokens, found)
            if isinstance(wrong, str):
                raise unavailable(f"The identity provider sent a malformed {wrong}.")
            # A token ends at a whole second: up to one before the lifetime that was told.
            return TokenAnswer(found, time.time() + lifetime_s(found) - 1)
        error = self._refused(kind, status, found)
        if isinstance(error, ClientRefusedError):
            self._client_refused = digest, time.monotonic() + CLIENT_REFUSED_S, error
        raise error

    def _refuse_again(self, digest: bytes) -> None:
        """Raise a recent refusal again, for any user, unless the secret has changed since."""
        if self._client_refused is not None:
            refused, until, error = self._client_refused
            if refused == digest and time.monotonic() < until:
                raise error

    def _refused(self, kind: str, status: int, found: Mapping[str, Any]) -> EscapeError:
        if status == httpx.codes.OK:
            return unavailable("The identity provider answered without a token.")
        code = error_code(found) or f"status {status}"
        # RFC 6749 section 5.2: what is said with another status does not end a session.
        meant = status in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED)
        if kind == "code" and code == "invalid_grant":
            return SessionEndedError("This sign-in has timed out.", hint="Sign in again.")
        if meant and kind in ("refresh", "narrow") and code in self._login.preset.ended:
            return SessionEndedError(
                "Your session at the identity provider has ended.", hint="Sign in again."
            )
        # At an exchange, Keycloak says the same, with 400, of an audience that it does not know.
        if code in ("invalid_client", "unauthorized_client") and (
            kind != "exchange" or status == httpx.codes.UNAUTHORIZED
        ):
            return ClientRefusedError(
                f"The identity provider does not accept this hub as its client ({code}).",
                hint=f"Correct {_LOGIN}.client_id, or the secret in {self._login.secret_place}.",
            )
        return RefusedError(
            f"The identity provider refuses ({code}).",
            hint=ASK,
            details={"reason": code},
        )
