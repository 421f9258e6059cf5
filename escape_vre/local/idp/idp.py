"""A real OpenID Connect provider on this machine."""

import json
import os
import secrets
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypedDict

from escape_vre.local.backend import Backend
from escape_vre.local.cache import Say
from escape_vre.local.lake.layout import write
from escape_vre.local.lake.trust import unverified
from escape_vre.local.usage import bytes_below, resident_bytes

from . import installation, realm
from .admin import Admin
from .errors import IdpError
from .java import find_java
from .layout import REALM, Layout, base_url

_TIMEOUT_S = 30.0


class Status(TypedDict):
    """The status of a provider.

    ``state`` is ``absent``, ``stopped``, ``starting``, ``ready`` or ``broken``; ``bytes`` is
    the size of its data on disk, ``memory_bytes`` the resident size of its processes (None
    if the system does not report it).
    """

    state: str
    problem: str | None
    home: str
    issuer: str | None
    pids: dict[str, int]
    bytes: int
    memory_bytes: int | None


class Idp(Backend):
    """One Keycloak with the realm ``escape``, kept in one folder.

    Its users are ``alice`` and ``bob``; its clients ``hub`` (with a secret; authorization code
    with PKCE, token exchange) and ``device`` (public; device flow). Both get tokens for the
    audiences ``rucio`` and ``reana`` by asking for the scope of that name. Refresh tokens
    rotate, and one that is used twice ends its session.

    Parameters
    ----------
    home : Path
        Everything of the provider is in this folder; those with different homes share nothing
        but the installed programs.
    say : callable, optional
        Called with one sentence about each long step.
    """

    noun = "identity provider"
    article = "an"
    command = "idp"
    error: ClassVar = IdpError
    timeout_s = 180
    users = tuple(realm.USERS)
    audiences = realm.AUDIENCES

    def __init__(self, home: Path, *, say: Say | None = None) -> None:
        self.layout = Layout(home.expanduser().absolute())
        super().__init__(self.layout, say=say)
        self._words: tuple[str, ...] = ()
        self._java: Path | None = None

    def install(self) -> None:
        """Install Keycloak, once for all providers.

        Raises
        ------
        IdpError
            It could not be installed, or there is no Java.
        """
        self._java = find_java()
        installation.install(self._say, self._java)

    def start(
        self,
        *,
        timeout_s: float | None = None,
        tied: bool = False,
        access_token_lifespan_s: int | None = None,
        redirect_uris: Sequence[str] = (),
        steady: bool = False,
    ) -> None:
        """Return when Keycloak answers and its realm is there; at once if it already does.

        Parameters
        ----------
        timeout_s : float, optional
            For the start; installation is not counted.
        tied : bool
            End it when this process ends, however that ends. One that already runs stays as
            it is.
        access_token_lifespan_s : int, optional
            Lifetime of access tokens; 300 in a new realm, otherwise unchanged.
        redirect_uris : sequence of str
            More URIs that the client ``hub`` may redirect browsers to.
        steady : bool
            For a load of thousands of calls: the start takes twice as long, calls half.

        Raises
        ------
        IdpError
            It did not get ready.
        """
        self._words = ("steady",) if steady else ()
        super().start(timeout_s=timeout_s, tied=tied)
        if access_token_lifespan_s is not None:
            self.set_lifetimes(access_token_s=access_token_lifespan_s)
        if redirect_uris:
            self.add_redirect(realm.HUB, *redirect_uris)

    def status(self) -> Status:
        """Return the provider's status; starts nothing."""
        state, problem = self._state(was_started=self.layout.realm_file.exists())
        said = self.layout.state()
        pids = said.get("pids", {}) if self._alive() else {}
        port = self.layout.port()
        return Status(
            state=state,
            problem=problem,
            home=str(self.home),
            issuer=_issuer(port) if port else None,
            pids=pids,
            bytes=bytes_below(self.layout.database),
            memory_bytes=resident_bytes(set(pids.values())),
        )

    @property
    def issuer(self) -> str:
        """The realm's issuer URL; raises IdpError before the first start."""
        return _issuer(self._port())

    def endpoint(self, name: str) -> str:
        """Return the URL of an endpoint: ``token``, ``auth``, ``auth/device``, ``userinfo``."""
        return f"{self.issuer}/protocol/openid-connect/{name}"

    def client_secret(self, client: str = realm.HUB) -> str:
        """Return the secret of a client.

        Raises
        ------
        IdpError
            It has none.
        """
        return self._read(self.layout.secret(client), f"client {client} has no secret")

    def password(self, user: str) -> str:
        """Return a user's password.

        Raises
        ------
        IdpError
            There is no such user.
        """
        return self._read(self.layout.password(user), f"there is no user {user}")

    def subject(self, user: str) -> str:
        """Return a user's ``sub`` in tokens, which lakes map to an account.

        Raises
        ------
        IdpError
            There is no such user, or Keycloak does not answer.
        """
        _header, claims = unverified(self.tokens(user)["access_token"])
        return str(claims["sub"])

    def add_users(self, names: Iterable[str], *, groups: Sequence[str] = ()) -> None:
        """Add users quickly, each with a password of their own, to groups that exist.

        Raises
        ------
        IdpError
            One of them exists already, or a group does not.
        """
        passwords = {name: secrets.token_urlsafe(24) for name in names}
        with self.admin() as admin:
            admin.add_users(passwords, dict.fromkeys(passwords, groups))
        for name, password in passwords.items():
            write(self.layout.password(name), password + "\n")

    def add_redirect(self, client: str, *uris: str) -> None:
        """Add URIs that a client may redirect browsers to; each may end in ``*``."""
        with self.admin() as admin:
            admin.add_redirects(client, uris)

    def set_lifetimes(
        self,
        *,
        access_token_s: int | None = None,
        session_idle_s: int | None = None,
        session_max_s: int | None = None,
        offline_idle_s: int | None = None,
    ) -> None:
        """Change the lifetimes of new tokens and sessions, seconds."""
        fields = realm.lifetimes(
            access_token_s=access_token_s,
            session_idle_s=session_idle_s,
            session_max_s=session_max_s,
            offline_idle_s=offline_idle_s,
        )
        with self.admin() as admin:
            admin.change_realm(fields)

    def set_exchange(self, enabled: bool) -> None:
        """Allow the client ``hub`` token exchange, or forbid it."""
        with self.admin() as admin:
            admin.set_exchange(enabled=enabled)

    def sign_out(self, user: str) -> None:
        """End a user's sessions, offline ones too: their refresh tokens are ``invalid_grant``."""
        with self.admin() as admin:
            admin.sign_out(user)

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; tokens signed with the old one become invalid."""
        with self.admin() as admin:
            admin.rotate_keys()

    def pause(self) -> None:
        """Pause the provider: it accepts connections and does not answer."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume the paused provider."""
        self._signal(signal.SIGCONT)

    def tokens(
        self,
        user: str,
        *,
        client: str = realm.HUB,
        scope: str = "openid profile",
        audience: str | None = None,
    ) -> dict[str, Any]:
        """Get tokens for a user with the password grant, as from a sign-in with a browser.

        Parameters
        ----------
        user : str
        client : str
            Whose tokens they are: ``hub`` or ``device``.
        scope : str
            Words with spaces between; ``offline_access`` among them gives an offline token.
        audience : str, optional
            One more scope, whose tokens are for that service.

        Returns
        -------
        dict
            The token endpoint's answer (RFC 6749, section 5.1).

        Raises
        ------
        IdpError
            Keycloak refused.
        """
        words = f"{scope} {audience}" if audience else scope
        form = {
            "grant_type": "password",
            "username": user,
            "password": self.password(user),
            "scope": words,
        }
        return self.token(client, form)

    def token(self, client: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Ask the token endpoint as one of the clients; gives its answer.

        Raises
        ------
        IdpError
            It refused: ``details`` has its answer, such as ``{"error": "invalid_grant", …}``.
        """
        fields = {**form, "client_id": client}
        if self.layout.secret(client).exists():
            fields["client_secret"] = self.client_secret(client)
        request = urllib.request.Request(  # noqa: S310 - always http to ourselves
            self.endpoint("token"), urllib.parse.urlencode(fields).encode()
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            with error:
                said = json.loads(error.read() or b"{}")
            refused = IdpError(
                f"The token endpoint refused: {said.get('error')}: "
                f"{said.get('error_description', 'no reason given')}",
                "See Keycloak's log.",
            )
            refused.details = said
            raise refused from error

    def admin(self, *, timeout_s: float = 60) -> Admin:
        """Return a connection to the admin API, to be entered with ``with``."""
        secret = self._read(self.layout.secret("admin"), "it was never started")
        return Admin(self._port(), secret, timeout_s=timeout_s)

    def _answers(self) -> bool:
        if self.layout.state().get("state") != "ready":
            return False
        try:
            with urllib.request.urlopen(  # noqa: S310 - always http to ourselves
                f"{base_url(self._port())}/realms/master", timeout=5
            ) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _supervisor(self) -> tuple[Sequence[str], Mapping[str, str]]:
        for folder in (self.layout.passwords, self.layout.secrets):
            folder.mkdir(mode=0o700, exist_ok=True)
        for client in ("admin", realm.HUB):
            if not self.layout.secret(client).exists():
                write(self.layout.secret(client), secrets.token_urlsafe(24) + "\n")
        module = f"{__package__}.supervisor"
        command = [sys.executable, "-P", "-m", module, str(self.home), str(self._java)]
        command += self._words
        return command, dict(os.environ)

    def _complete(self) -> None:
        """Make the realm unless it is complete."""
        if self.layout.realm_file.exists():
            return
        passwords = {name: secrets.token_urlsafe(24) for name in realm.USERS}
        with self.admin() as admin:
            admin.make_realm(passwords, self.client_secret())
        for name, password in passwords.items():
            write(self.layout.password(name), password + "\n")
        write(self.layout.realm_file, REALM + "\n")

    def _port(self) -> int:
        port = self.layout.port()
        if port is None:
            raise IdpError(
                f"There is no identity provider in {self.home}.",
                "Start one: `escape-vre idp start`.",
            )
        return port

    def _read(self, path: Path, problem: str) -> str:
        try:
            return path.read_text().strip()
        except FileNotFoundError as error:
            raise IdpError(
                f"In the identity provider of {self.home} {problem}.",
                "Check it with `escape-vre idp status`.",
            ) from error

    def _signal(self, number: signal.Signals) -> None:
        pid = self.layout.state().get("pids", {}).get("keycloak")
        if pid is None or not self._alive():
            raise IdpError(f"No identity provider runs in {self.home}.", "Start it first.")
        os.killpg(pid, number)


def _issuer(port: int) -> str:
    return f"{base_url(port)}/realms/{REALM}"
