"""The user's token sources, for all services."""

import ssl
from pathlib import Path

from escape_vre.core.device import DeviceTokens, SignIn
from escape_vre.core.errors import ConfigurationError, NotFoundError
from escape_vre.core.form import Check, Form, FormKind
from escape_vre.core.http import RemoteClient
from escape_vre.core.hub import HubAccess, Hubs
from escape_vre.core.hub_tokens import HubTokens
from escape_vre.core.network import authorities
from escape_vre.core.oidc import Provider, Registration
from escape_vre.core.refresh_file import RefreshFile
from escape_vre.core.secret_store import SecretStore
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import Token, TokenChain, TokenSource

HUB_TIMEOUT_S = 30.0
"""The Hub itself may wait for its provider."""


class Keyring:
    """The user's sign-ins; one keyring per agent.

    Parameters
    ----------
    state : Path
        The agent's state folder, where sign-ins without a Hub are stored.
    """

    def __init__(self, state: Path) -> None:
        self.hubs = Hubs()
        self.state = state
        self._clients: dict[tuple[object, ...], RemoteClient] = {}
        self._devices: dict[str, DeviceTokens] = {}
        self._secrets = SecretStore(state)
        self._forms: dict[str, Form] = {}
        self._offers: dict[str, list[TokenSource]] = {}

    def hub(self, audience: str, *, optional: bool = False) -> HubTokens:
        """Return the Hub as a source of tokens for an audience."""
        return HubTokens(audience, hubs=self.hubs, http=self._client, optional=optional)

    def device(self, registration: Registration, *, title: str, login: str = "") -> DeviceTokens:
        """Return the identity for a sign-in by code; equal settings share one.

        Parameters
        ----------
        login : str
            The command that signs in, such as ``%sky login``, for hints; empty for none.
        """
        found = self._devices.get(registration.id)
        if found is None:
            found = DeviceTokens(
                Provider(registration),
                RefreshFile(self.state / "sign-in" / f"{registration.id}.json"),
                id=registration.id,
                title=title,
                login=login,
            )
            self._devices[registration.id] = found
            self._offers.setdefault(registration.audience, []).append(found.chain)
        return found

    def form(
        self,
        *about: str,
        title: str,
        kind: FormKind,
        username: str,
        check: Check,
        login: str = "",
    ) -> Form:
        """Return the identity for a sign-in by a form, which equal ones share; see :class:`Form`.

        What is typed next is tried with this check: settings may have changed.
        """
        form = Form(
            *about,
            title=title,
            kind=kind,
            username=username,
            store=self._secrets,
            check=check,
            login=login,
        )
        found = self._forms.setdefault(form.id, form)
        found.check = check
        return found

    def identity(self, name: str) -> DeviceTokens | Form:
        """Return an identity by its id; raises NotFoundError."""
        try:
            return self._devices.get(name) or self._forms[name]
        except KeyError:
            raise NotFoundError(
                "This sign-in is not in the configuration.",
                hint="Reload the page, then sign in again.",
            ) from None

    def sign_in(self, name: str) -> tuple[DeviceTokens, SignIn]:
        """Return a sign-in that was started; raises NotFoundError."""
        for identity in self._devices.values():
            if identity.sign_in is not None and identity.sign_in.id == name:
                return identity, identity.sign_in
        raise NotFoundError("This sign-in is no longer in progress.", hint="Sign in again.")

    async def token(self, audience: str) -> Token:
        """Return a token for an audience, for a command that the person runs.

        Raises
        ------
        EscapeError
            There is none; see :class:`HubTokens` and :class:`DeviceTokens`.
        """
        offers = self._offers.get(audience, [])
        if not offers and not list(self.hubs):
            raise ConfigurationError(
                f"No token source is configured for {audience}.",
                hint="Start a server on a JupyterHub with escape-vre, or configure an instance with"
                " auth oidc and this audience.",
            )
        sources = [self.hub(audience, optional=bool(offers)), *offers]
        return await TokenChain(sources, service=audience, hint="Sign in again.").get({})

    async def close(self) -> None:
        """Close the connections."""
        for identity in self._devices.values():
            await identity.close()
        for client in self._clients.values():
            await client.close()

    def _client(self, access: HubAccess) -> RemoteClient:
        # A Hub is most often asked without TLS inside its cluster: authorities cost 30 ms.
        secure = access.url.startswith("https:")
        trusted = authorities(None, dict(access.trust)) if secure else None
        key = (trusted,)
        if key not in self._clients:
            tls = (
                tls_context(trusted[0], system=trusted[1])
                if trusted
                else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            )
            self._clients[key] = RemoteClient("The JupyterHub", tls=tls, timeout_s=HUB_TIMEOUT_S)
        return self._clients[key]
