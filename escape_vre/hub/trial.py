"""What ``helm test`` does: start a server, and ask it for all that a user would need.

The service that may do this has a token of its own, which the chart gives to the hub and to the
test pod. It has rights over one user only, whose name no person can have.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from traitlets.config import Config

from escape_vre.core.errors import EscapeError, RemoteError
from escape_vre.core.text import sentence
from escape_vre.hub.settings import HubSettings, SharedPassword, load
from escape_vre.hub.traits import listed

USER = "escape--test"
"""Two dashes: neither a claim nor what is made of one looks like this."""

SERVICE = ROLE = "escape-vre-test"
TOKEN = "ESCAPE_VRE_TEST_TOKEN"  # noqa: S105 (the name of a variable)
"""The chart's variable for the service's token, in the hub and in the test pod."""

SCOPES = tuple(
    f"{scope}!user={USER}" for scope in ("admin:users", "admin:servers", "access:servers")
)
START_S = 300.0


def let_test(c: Config) -> None:
    """Let ``helm test`` in, on a hub whose chart gave it the token."""
    token = os.environ.get(TOKEN)
    if not token:
        return
    service = {"name": SERVICE, "api_token": token}
    c.JupyterHub.services = [*listed(c.JupyterHub.get("services")), service]
    role = {"name": ROLE, "services": [SERVICE], "scopes": list(SCOPES)}
    c.JupyterHub.load_roles = [*listed(c.JupyterHub.get("load_roles")), role]


@dataclass
class Trial:
    """One run.

    Parameters
    ----------
    hub : httpx.Client
        A client of the proxy, as the service, below the hub's base URL.
    """

    hub: httpx.Client
    settings: HubSettings
    say: Callable[[str], None]
    start_s: float = START_S
    pause: Callable[[float], None] = field(default=time.sleep)

    def run(self) -> None:
        """Try everything, and remove what was made, even after a failure.

        Raises
        ------
        EscapeError
            Its message says what does not work.
        """
        self._remove()
        try:
            self._start()
            for name, section in self.settings.services.items():
                section.check(_Server(self, name))
        finally:
            self._remove()
        self.say("The test user and its server have been removed.")

    def _start(self) -> None:
        self._asked("POST", f"/hub/api/users/{USER}", wanted=(201,))
        self._asked("POST", f"/hub/api/users/{USER}/server", wanted=(201, 202))
        deadline = time.monotonic() + self.start_s
        began = time.monotonic()
        while not self._server().get("ready"):
            if time.monotonic() > deadline:
                raise RemoteError(
                    f"The test user's server did not start within {self.start_s:.0f} s.",
                    hint="See the events of its pod: kubectl describe pod -l"
                    " component=singleuser-server",
                )
            self.pause(1)
        self.say(f"The test user's server started in {time.monotonic() - began:.0f} s.")

    def _server(self) -> Mapping[str, Any]:
        found = self._asked("GET", f"/hub/api/users/{USER}").json()
        server = (found.get("servers") or {}).get("")
        if server is None:
            raise RemoteError(
                "The test user's server ended while it was starting.",
                hint="See the hub's log: kubectl logs deploy/hub",
            )
        return dict(server)

    def _remove(self) -> None:
        """Stop the server and remove the user, with the volume."""
        if self.hub.get(f"/hub/api/users/{USER}").status_code == 404:
            return
        self._asked("DELETE", f"/hub/api/users/{USER}/server", wanted=(202, 204, 400, 404))
        deadline = time.monotonic() + self.start_s
        # The hub refuses to remove a user whose server is on its way down.
        while self.hub.delete(f"/hub/api/users/{USER}").status_code not in (204, 404):
            if time.monotonic() > deadline:
                raise RemoteError(
                    f"The user {USER} could not be removed.",
                    hint="See the hub's log, then remove it.",
                )
            self.pause(1)

    def asked(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        """Ask a user's server, by way of the proxy; return the answer, whatever its status."""
        return self._sent("GET", path, params=query)

    def _sent(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self.hub.request(method, path, **options)
        except httpx.HTTPError as e:
            raise RemoteError(
                f"The hub does not answer at {self.hub.base_url}: {e}", hint="Is it running?"
            ) from e

    def _asked(self, method: str, path: str, *, wanted: tuple[int, ...] = (200,)) -> httpx.Response:
        answer = self._sent(method, path)
        if answer.status_code not in wanted:
            raise RemoteError(
                f"{method} {path}: {answer.status_code} {_message(answer)}",
                hint="See the hub's log: kubectl logs deploy/hub",
            )
        return answer


@dataclass(frozen=True)
class _Server:
    """The test user's server, as a service's settings see it."""

    trial: Trial
    service: str

    @property
    def signs_in(self) -> bool:
        return not isinstance(self.trial.settings.login, SharedPassword)

    @property
    def authorities(self) -> str | None:
        return self.trial.settings.authorities

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.trial.asked(f"/user/{USER}/escape-vre/{self.service}/{path}", query)

    def say(self, text: str) -> None:
        self.trial.say(text)


def _message(answer: httpx.Response) -> str:
    try:
        found = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(found.get("message", found)) if isinstance(found, dict) else str(found)


def main() -> None:
    """Try what the environment says: ``ESCAPE_VRE_SETTINGS``, ``ESCAPE_VRE_URL``."""
    try:
        settings = load(json.loads(os.environ["ESCAPE_VRE_SETTINGS"]))
        with httpx.Client(
            base_url=os.environ["ESCAPE_VRE_URL"],
            headers={"Authorization": f"token {os.environ[TOKEN]}"},
            timeout=60,
        ) as hub:
            Trial(hub, settings, _say).run()
    except EscapeError as e:
        sys.exit(f"escape-vre: {e}")


def _say(text: str) -> None:
    sys.stdout.write(f"{sentence(text)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
