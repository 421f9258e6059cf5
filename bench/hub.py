"""A JupyterHub with many users who have signed in and whose servers run: ours, or a stock one."""

import json
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlsplit

from bench.load import Request
from bench.measure import BenchError
from escape_vre.testing.hub import TestHub

Kind = Literal["ours", "stock"]
KINDS: tuple[Kind, ...] = ("ours", "stock")

CHECKED_EVERY_S = 60
"""JupyterHub's ``auth_refresh_age`` of both: how old a look at the session may be, seconds."""

_PEOPLE_AT_ONCE = 4

_CONFIG = """\
import json, sys
c = get_config()
given = json.loads({given!r})
sys.path.insert(0, given["root"])
c.JupyterHub.bind_url = given["url"]
c.JupyterHub.hub_bind_url = given["hub"]
c.JupyterHub.db_url = "sqlite:///" + given["home"] + "/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = given["home"] + "/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.concurrent_spawn_limit = 0
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = given["proxy_api"]
c.JupyterHub.spawner_class = "bench.hub_spawner.StubSpawner"
c.StubSpawner.address = given["address"]
c.StubSpawner.tokens = given["home"] + "/tokens"
c.JupyterHub.services = [{{"name": "tester", "api_token": given["token"]}}]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"], "scopes": ["admin:users", "admin:servers"]}}
]
oidc = given["oidc"]
"""

_OURS = """\
from escape_vre.hub import configure
configure(c, {
    "login": {
        "provider": "keycloak",
        "issuer": oidc["issuer"],
        "client_id": oidc["client_id"],
        "allow_all": True,
    },
    "tokens": {
        "audiences": [
            {"name": name, "scopes": ["openid", name]} for name in given["audiences"]
        ]
    },
})
"""

_STOCK = """\
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = oidc["client_id"]
c.GenericOAuthenticator.authorize_url = oidc["authorize_url"]
c.GenericOAuthenticator.token_url = oidc["token_url"]
c.GenericOAuthenticator.userdata_url = oidc["userdata_url"]
c.GenericOAuthenticator.oauth_callback_url = given["url"] + "hub/oauth_callback"
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.scope = [
    "openid", "profile", "email", "offline_access", *given["audiences"]
]
c.GenericOAuthenticator.manage_groups = True
c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
c.GenericOAuthenticator.allow_all = True
c.GenericOAuthenticator.enable_auth_state = True
c.GenericOAuthenticator.auth_refresh_age = given["checked_every_s"]
# A user's server reads its user's auth state: the only way there is to the access token.
c.JupyterHub.load_roles += [
    {"name": "user", "scopes": ["self", "admin:auth_state!user"]},
    {
        "name": "server",
        "scopes": [
            "users:activity!user", "access:servers!server", "read:users!user",
            "admin:auth_state!user",
        ],
    },
]
"""


class Provider(Protocol):
    """What a hub must know of an identity provider; an ``Idp`` is one."""

    @property
    def issuer(self) -> str:
        """The issuer's URL."""

    def client_secret(self) -> str:
        """Return the secret of the client ``hub``."""

    def endpoint(self, name: str) -> str:
        """Return the URL of ``auth``, ``token`` or ``userinfo``."""

    def password(self, user: str) -> str:
        """Return a user's password."""


class CrowdedHub(TestHub):
    """A hub whose users' servers all run at one address that answers for them.

    Parameters
    ----------
    kind : str
        ``ours`` is configured by ``escape_vre.hub``; ``stock`` with oauthenticator's
        GenericOAuthenticator, as its documentation says, and with the right for users' servers
        to read their users' auth state.
    address : str
        URL of what answers in place of every server.
    """

    def __init__(
        self, home: Path, kind: Kind, provider: Provider, *, address: str, audiences: Sequence[str]
    ) -> None:
        self.kind = kind
        self.audiences = tuple(audiences)
        self._provider = provider
        self._more_given = {
            "address": address,
            "audiences": list(audiences),
            "checked_every_s": CHECKED_EVERY_S,
            "root": str(Path(__file__).parents[1]),
            "oidc": {
                "issuer": provider.issuer,
                "client_id": "hub",
                "authorize_url": provider.endpoint("auth"),
                "token_url": provider.endpoint("token"),
                "userdata_url": provider.endpoint("userinfo"),
            },
        }
        variables = {
            "ours": {
                "ESCAPE_VRE_CLIENT_SECRET": provider.client_secret(),
                "ESCAPE_VRE_HUB_KEYS": secrets.token_hex(32),
            },
            "stock": {
                "OAUTH_CLIENT_SECRET": provider.client_secret(),
                "JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32),
            },
        }
        super().__init__(home, {}, environment=variables[kind])

    def configure(self, *_: object, **__: object) -> None:
        """Write the configuration."""
        given = json.dumps({**self._given, **self._more_given})
        own = _OURS if self.kind == "ours" else _STOCK
        self._config.write_text(_CONFIG.format(given=given) + own)

    @property
    def port(self) -> int:
        """Where the hub itself listens, past the proxy."""
        return int(urlsplit(self.hub_url).port or 0)

    @property
    def pid(self) -> int:
        """Process id of the hub."""
        if self.process is None or self.process.poll() is not None:
            raise BenchError(f"the hub has ended: {self.said()[-500:]}")
        return self.process.pid

    def start(self, *, timeout_s: float = 180.0) -> None:
        """Start it, and the proxy, and return when it answers.

        Raises
        ------
        BenchError
            It ended instead.
        """
        try:
            super().start(timeout_s=timeout_s)
        except RuntimeError as e:
            raise BenchError(str(e)[-500:]) from e

    def fill(self, people: Sequence[str]) -> None:
        """Sign every user in through the provider's form, and start their server.

        Raises
        ------
        BenchError
            A user could not sign in.
        """

        def arrive(name: str) -> None:
            self.signed_in(name, self._provider.password(name))
            answer = self.api("POST", f"users/{name}/server", {})
            if answer.status != 201:
                raise BenchError(f"the server of {name} did not start: {answer.text[:200]}")

        with ThreadPoolExecutor(_PEOPLE_AT_ONCE) as pool:
            try:
                list(pool.map(arrive, people))
            except RuntimeError as e:
                raise BenchError(str(e)[:300]) from e

    @property
    def server_tokens(self) -> dict[str, str]:
        """The JupyterHub token of each user's server."""
        lines = (self.home / "tokens").read_text().splitlines()
        return dict(line.split(" ") for line in lines)

    def rounds(self, people: Sequence[str]) -> list[list[Request]]:
        """Return one request a user for each audience.

        The stock hub knows no audiences: what it has is asked for as often.
        """
        tokens = self.server_tokens
        if self.kind == "ours":
            return [
                [
                    Request("POST", "/hub/escape/token", tokens[name], {"audience": audience})
                    for name in people
                ]
                for audience in self.audiences
            ]
        return [
            [Request("GET", f"/hub/api/users/{name}", tokens[name]) for name in people]
            for _ in self.audiences
        ]

    def renew(self, people: Sequence[str]) -> None:
        """Sign these users in again; their servers keep running."""
        for name in people:
            self.signed_in(name, self._provider.password(name))

    def keep(self) -> None:
        """Stop the hub, and save its state."""
        self.stop()
        shutil.copy(self._database, self._database.with_suffix(".kept"))

    def restore(self) -> None:
        """Start the hub again with the saved state, and nothing in memory."""
        self.stop()
        shutil.copy(self._database.with_suffix(".kept"), self._database)
        self.start()

    @property
    def _database(self) -> Path:
        return self.home / "jupyterhub.sqlite"


def filled(hubs: Iterable[CrowdedHub], people: Sequence[str]) -> float:
    """Fill hubs at the same time; returns how long that took, seconds."""
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda hub: hub.fill(people), hubs))
    return time.monotonic() - began


class Servers:
    """One address that answers as every user's server; a context manager."""

    def __enter__(self) -> Self:
        """Listen."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", version("jupyterhub"))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
