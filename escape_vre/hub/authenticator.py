"""Signing in at the identity provider, and staying signed in."""

from typing import Any

from jupyterhub.apihandlers.users import ActivityAPIHandler
from jupyterhub.crypto import CryptKeeper
from jupyterhub.handlers import BaseHandler
from jupyterhub.roles import assign_default_roles
from jupyterhub.spawner import Spawner
from jupyterhub.user import User
from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthCallbackHandler, OAuthLoginHandler
from tornado import web
from traitlets import Instance, default

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    EscapeError,
    RemoteUnavailableError,
)
from escape_vre.core.text import sentence
from escape_vre.hub import shares, trial
from escape_vre.hub.answers import TokenAnswer
from escape_vre.hub.claims import claim
from escape_vre.hub.ending import drain_first
from escape_vre.hub.endpoint import TokenHandler
from escape_vre.hub.names import user_name
from escape_vre.hub.provider import Provider
from escape_vre.hub.sealing import Sealer, derived, read_keys
from escape_vre.hub.sessions import Sessions
from escape_vre.hub.settings import PATH, HubSettings
from escape_vre.hub.store import CLAIMS, Session, Store


class EscapeLoginHandler(OAuthLoginHandler):
    """Sends the browser to the provider, once it is known where that is."""

    async def get(self) -> None:
        """Redirect to the provider, with PKCE (RFC 7636)."""
        try:
            metadata = await self.authenticator.provider.metadata()
        except EscapeError as e:
            raise _no_sign_in(e) from e
        self.authenticator.authorize_url = metadata.authorization_endpoint
        super().get()


class EscapeCallbackHandler(OAuthCallbackHandler):
    """Takes the code with which the provider sends a browser back."""

    async def get(self) -> None:
        """Sign a user in; a hub that is stopped in the meantime finishes this first."""
        self.authenticator.sessions.in_flight.signing_in()
        await super().get()


class EscapeAuthenticator(GenericOAuthenticator):
    """OpenID Connect by issuer, with sessions that are renewed by one caller at a time."""

    login_handler = EscapeLoginHandler
    callback_handler = EscapeCallbackHandler
    user_auth_state_key = CLAIMS

    settings = Instance(HubSettings, help="Set by escape_vre.hub.configure.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        keys = read_keys(self.settings.keys)
        keeper = CryptKeeper.instance()
        if not keeper.keys:
            # One secret is enough for a site: JupyterHub's own encryption takes a key of ours.
            keeper.keys = [derived(key, b"auth state") for key in keys]
        self.provider = Provider(
            self.settings.oidc, self.settings.calls, authorities=self.settings.authorities
        )
        self.store = Store(Sealer(keys), self.log)
        self.sessions = Sessions(
            settings=self.settings,
            provider=self.provider,
            store=self.store,
            welcome=self._welcome,
            log=self.log,
        )

    @default("login_service")
    def _login_service(self) -> str:
        return self.settings.oidc.shown_title

    @default("client_id")
    def _client_id(self) -> str:
        return self.settings.oidc.client_id

    @default("client_secret")
    def _client_secret(self) -> str:
        return ""  # read where it is sent, and kept nowhere

    @default("scope")
    def _scope(self) -> list[str]:
        return list(self.settings.oidc.asked_scopes)

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """Add the endpoint that gives tokens to users' servers."""
        shares.watch(app.session_factory)
        drain_first(app, self.sessions, self.settings.calls.drain_s)
        return [*super().get_handlers(app), (r"/escape/token", TokenHandler)]

    def normalize_username(self, username: str) -> str:
        """Return the name unchanged: another case is another user, also in ``admin_users``."""
        mapped: str = self.username_map.get(username, username)
        return mapped

    # Signing in: oauthenticator's steps, on our own wire.

    async def authenticate(
        self, handler: BaseHandler, data: dict[str, Any] | None = None, **_: Any
    ) -> dict[str, Any] | None:
        """Return who signed in; refuse a person whose user name belongs to someone else.

        Raises
        ------
        HTTPError
            The message says in one sentence what is wrong.
        """
        try:
            model: dict[str, Any] = await super().authenticate(handler, data)
            await self._refuse_another(handler, model)
        except EscapeError as e:
            self.log.warning("A sign-in failed: %s", e)
            raise _no_sign_in(e) from e
        login = self.settings.oidc
        if login.admin_groups:
            model["admin"] = self._is_admin(model["name"], set(model["groups"]))
        return model

    async def get_token_info(self, handler: BaseHandler, params: dict[str, Any]) -> dict[str, Any]:
        """Redeem the code of a sign-in."""
        answer = await self.provider.code(
            params["code"], redirect_uri=params["redirect_uri"], verifier=params["code_verifier"]
        )
        if not answer.refresh_token:
            raise AuthError(
                "The identity provider gave no refresh token, which the hub needs to keep you"
                " signed in.",
                hint="The administrators of this hub should allow its client refresh tokens, and"
                f" request them in {PATH}.login.scopes.",
            )
        return {"answer": answer}

    async def token_to_user(self, token_info: dict[str, Any]) -> dict[str, Any]:
        """Return the provider's claims about the user."""
        return await self.provider.claims(token_info["answer"])

    def user_info_to_username(self, user_info: dict[str, Any]) -> str:
        """Make the user name of its claim.

        Raises
        ------
        AuthError
            The provider did not send the claim.
        """
        name = self.settings.oidc.name_claim
        value = claim(user_info, name)
        if not value or not isinstance(value, str):
            raise AuthError(
                f"The identity provider did not send your name ({name}).",
                hint=f"The administrators of this hub should correct {PATH}.login.username_claim,"
                f" or add the scope that provides it to {PATH}.login.scopes.",
            )
        return user_name(value)

    def build_auth_state_dict(
        self, token_info: dict[str, Any], user_info: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the claims, and the session as ciphertext."""
        answer: TokenAnswer = token_info["answer"]
        name = self.normalize_username(self.user_info_to_username(user_info))
        session = Session.begin(
            answer,
            issuer=self.settings.oidc.issuer,
            subject=user_info["sub"],
            after=self.sessions.newest(name),
        )
        return self.store.auth_state(name, session, user_info)

    async def get_user_groups(self, auth_state: dict[str, Any]) -> set[str]:
        """Return the groups that the claim lists; none where it is missing.

        Raises
        ------
        BadResponseError
            The claim is not a list of names.
        """
        login = self.settings.oidc
        found = claim(auth_state[CLAIMS], login.group_claim)
        if found is None:
            # A provider may leave the claim out for users without groups.
            self.log.warning(
                "The identity provider sent no %s: %s.login.groups_claim may be wrong.",
                login.group_claim,
                PATH,
            )
            return set()
        if isinstance(found, str):
            found = [found]
        if not isinstance(found, list) or not all(isinstance(group, str) for group in found):
            raise BadResponseError(
                f"The identity provider sent a {login.group_claim} that is not a list of names.",
                hint=f"The administrators of this hub should correct {PATH}.login.groups_claim.",
            )
        return {group for group in found if 0 < len(group) <= 255}

    async def check_allowed(self, username: str, auth_model: dict[str, Any] | None) -> bool:
        """Return whether this user may use the hub.

        Raises
        ------
        HTTPError
            They may not, and the claim that lists groups is missing.
        """
        if await super().check_allowed(username, auth_model):
            return True
        login = self.settings.oidc
        if auth_model and claim(auth_model["auth_state"][CLAIMS], login.group_claim) is None:
            raise web.HTTPError(
                403,
                f"The identity provider did not say which groups you are in ({login.group_claim})."
                " If you are in a group that may use this hub, its administrators should check"
                f" {PATH}.login.groups_claim.",
            )
        return False

    async def _refuse_another(self, handler: BaseHandler, model: dict[str, Any]) -> None:
        user = handler.find_user(model["name"])
        owner = await self.store.owner(user) if user else None
        told = model["auth_state"]["escape"]
        if owner and owner != (told["issuer"], told["subject"]):
            raise web.HTTPError(
                403,
                f"The user {model['name']} belongs to another person at the identity provider."
                " Ask the administrators of this hub to assign it.",
            )

    # Staying signed in.

    async def refresh_user(self, user: User, handler: BaseHandler | None = None, **_: Any) -> bool:
        """Return whether the session is alive; a provider that does not answer ends none.

        A renewed session is saved here, under the user's lock, and not by JupyterHub afterwards.
        """
        if user.name == trial.USER:
            return True  # not a person: has no session and gets no tokens
        alive = await self.sessions.check(user)
        # The server of a user who must sign in again still works: its activity counts, or a
        # culler would stop it.
        return alive or isinstance(handler, ActivityAPIHandler)

    def pre_spawn_start(self, user: User, spawner: Spawner) -> None:
        """Take the right to tokens from a server that is already shared."""
        shares.guard(spawner.orm_spawner)
        user.db.commit()

    async def _welcome(self, user: User, claims: dict[str, Any]) -> bool:
        auth_state = {CLAIMS: claims}
        groups = await self.get_user_groups(auth_state)
        admin = self._is_admin(user.name, groups)
        model = {
            "name": user.name,
            "admin": admin,
            "auth_state": auth_state,
            "groups": sorted(groups),
        }
        user.sync_groups(model["groups"])
        if self.settings.oidc.admin_groups and user.admin != admin:
            user.admin = admin
            assign_default_roles(user.db, entity=user.orm_user)
            user.db.commit()
        try:
            return self.allow_all or await self.check_allowed(user.name, model)
        except web.HTTPError:
            return False

    def _is_admin(self, name: str, groups: set[str]) -> bool:
        login = self.settings.oidc
        by_group = login.admin_access and not groups.isdisjoint(login.admin_groups)
        return name in self.admin_users or by_group


def _no_sign_in(error: EscapeError) -> web.HTTPError:
    """Return the page that says why a sign-in failed."""
    if isinstance(error, RemoteUnavailableError):
        # Its hint is for sessions, which the hub renews by itself.
        return web.HTTPError(error.status, f"{sentence(error.message)} Try again in a moment.")
    return web.HTTPError(error.status, str(error))
