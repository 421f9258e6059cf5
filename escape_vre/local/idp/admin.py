"""Keycloak's admin REST API, for the realm's administrator."""

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from escape_vre.local.lake.layout import HOST

from . import realm
from .errors import IdpError
from .layout import REALM

# Keycloak's own work for one import grows with the square of it.
_CHUNK = 50


class Admin:
    """One kept-alive connection as administrator; a context manager.

    Parameters
    ----------
    port : int
        Keycloak's, on this machine.
    secret : str
        Of the client ``admin``.
    timeout_s : float
        For every single answer.
    """

    def __init__(self, port: int, secret: str, *, timeout_s: float = 60) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=timeout_s)
        self._secret = secret
        self._token = ""
        self._token_ends = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def make_realm(self, passwords: Mapping[str, str], hub_secret: str) -> None:
        """Create the realm with all its content; an existing realm is removed first."""
        self.call("DELETE", "", missing_ok=True)
        self._send("POST", "/admin/realms", realm.realm())
        for scope in realm.client_scopes():
            self.call("POST", "/client-scopes", scope)
        for client in realm.clients(hub_secret):
            self.call("POST", "/clients", client)
        for path in realm.GROUPS:
            self._make_group(path)
        self.add_users(passwords, {name: realm.USERS.get(name, ()) for name in passwords})

    def add_users(self, passwords: Mapping[str, str], groups: Mapping[str, Sequence[str]]) -> None:
        """Import users, many in one request.

        Raises
        ------
        IdpError
            One of them exists already, or a group does not.
        """
        names = list(passwords)
        began = int(self.call("GET", "/users/count"))
        for first in range(0, len(names), _CHUNK):
            users = [
                realm.user(name, passwords[name], groups.get(name, ()), began + first + number)
                for number, name in enumerate(names[first : first + _CHUNK])
            ]
            self.call("POST", "/partialImport", {"ifResourceExists": "FAIL", "users": users})

    def sign_out(self, name: str) -> None:
        """End every session of a user, offline ones too: no refresh token of theirs works."""
        user = self._user(name)
        self.call("POST", f"/users/{user}/logout")
        for client in realm.CLIENTS:
            where = f"/users/{user}/offline-sessions/{self._client(client)['id']}"
            for session in self.call("GET", where):
                self.call("DELETE", f"/sessions/{session['id']}?isOffline=true", missing_ok=True)

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; signatures by old ones become invalid."""
        kind = "org.keycloak.keys.KeyProvider"
        found = self.call("GET", "/components?" + urlencode({"type": kind}))
        old = [one for one in found if one["providerId"] == "rsa-generated"]
        highest = max(int(one["config"].get("priority", ["0"])[0]) for one in old)
        new = {
            "name": f"rsa-{len(old) + 1}",
            "providerId": "rsa-generated",
            "providerType": kind,
            "config": {
                "priority": [str(highest + 1)],
                "enabled": ["true"],
                "active": ["true"],
                "algorithm": ["RS256"],
                "keySize": ["2048"],
            },
        }
        self.call("POST", "/components", new)
        for one in old:
            config = {**one["config"], "enabled": ["false"], "active": ["false"]}
            self.call("PUT", f"/components/{one['id']}", {**one, "config": config})

    def change_realm(self, fields: realm.Fields) -> None:
        """Change some fields of the realm."""
        if fields:
            self.call("PUT", "", fields)

    def set_exchange(self, *, enabled: bool) -> None:
        """Allow the client ``hub`` token exchange, or forbid it."""
        client = self._client(realm.HUB)
        client["attributes"][realm.EXCHANGE] = str(enabled).lower()
        self.call("PUT", f"/clients/{client['id']}", client)

    def add_redirects(self, name: str, uris: Sequence[str]) -> None:
        """Add URIs that a client may redirect browsers to; each may end in ``*``."""
        client = self._client(name)
        missing = [uri for uri in uris if uri not in client["redirectUris"]]
        if missing:
            client["redirectUris"] += missing
            self.call("PUT", f"/clients/{client['id']}", client)

    def call(
        self, method: str, where: str, body: object = None, *, missing_ok: bool = False
    ) -> Any:
        """Send one request about the realm; gives the JSON of the answer, or None.

        Parameters
        ----------
        where : str
            Path below ``/admin/realms/escape``.
        missing_ok : bool
            Give None where there is no such thing.

        Raises
        ------
        IdpError
            Keycloak refused, or could not be reached.
        """
        return self._send(method, f"/admin/realms/{REALM}{where}", body, missing_ok=missing_ok)

    def _make_group(self, path: str) -> None:
        parent, _, name = path.rpartition("/")
        if parent:
            found = self.call("GET", f"/group-by-path{quote(parent)}")
            self.call("POST", f"/groups/{found['id']}/children", {"name": name})
        else:
            self.call("POST", "/groups", {"name": name})

    def _user(self, name: str) -> str:
        found = self.call("GET", "/users?" + urlencode({"username": name, "exact": "true"}))
        if not found:
            raise IdpError(f"There is no user {name} in the realm.", "Add one with add_users().")
        return str(found[0]["id"])

    def _client(self, name: str) -> Any:
        found = self.call("GET", "/clients?" + urlencode({"clientId": name}))
        if not found:
            known = ", ".join(realm.CLIENTS)
            raise IdpError(f"There is no client {name} in the realm.", f"There are {known}.")
        return found[0]

    def _send(
        self, method: str, path: str, body: object = None, *, missing_ok: bool = False
    ) -> Any:
        if time.monotonic() > self._token_ends:
            self._sign_in()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        status, text = self._exchange(method, path, content, headers)
        if status == 404 and missing_ok:
            return None
        if status >= 300:
            raise IdpError(
                f"Keycloak refused {method} {path}: {status} {text[:300]}",
                "See its log/keycloak.log.",
            )
        return json.loads(text) if text else None

    def _sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": "admin",
            "client_secret": self._secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        path = "/realms/master/protocol/openid-connect/token"
        began = time.monotonic()
        status, text = self._exchange("POST", path, urlencode(form), headers)
        if status != 200:
            raise IdpError(
                f"Keycloak does not accept its administrator: {status} {text[:200]}",
                "Start from scratch with `escape-vre idp reset`.",
            )
        answer = json.loads(text)
        self._token = answer["access_token"]
        self._token_ends = began + answer["expires_in"] / 2

    def _exchange(
        self, method: str, path: str, content: str | None, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        try:
            self._connection.request(
                method, path, body=content.encode() if content else None, headers=dict(headers)
            )
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise IdpError(
                f"Keycloak did not answer: {str(error) or type(error).__name__}",
                "Check it with `escape-vre idp status`; start it with `escape-vre idp start`.",
            ) from error
