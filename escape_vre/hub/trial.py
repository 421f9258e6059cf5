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

from escape_vre.core.errors import ConfigurationError, EscapeError, RemoteError
from escape_vre.core.http import tls_context
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
            self._agent()
            for lake in self.settings.lakes:
                self._whoami(lake.name)
                self._ping(lake.name, lake.url)
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

    def _agent(self) -> None:
        told = self._asked("GET", f"/user/{USER}/escape-vre/datalake/instances").json()["instances"]
        wanted = [lake.name for lake in self.settings.lakes]
        found = [entry["name"] for entry in told]
        if wanted and found != wanted:
            raise ConfigurationError(
                f"The test user's server offers the data lakes {found}, but global.escape.lakes"
                f" has {wanted}.",
                hint="An escape_vre_config in the user image may replace the list.",
            )
        self.say(f"The agent answers. Data lakes: {', '.join(found) or 'none'}.")

    def _whoami(self, lake: str) -> None:
        """Ask for the account there; the agent asks the hub for a token without a sign-in."""
        answer = self.hub.get(
            f"/user/{USER}/escape-vre/datalake/whoami", params={"instance": lake}, timeout=60
        )
        if answer.status_code == 200:
            self.say(f"{lake} accepts the test user.")
            return
        error = _error(answer)
        if isinstance(self.settings.login, SharedPassword):
            self.say(f"No sign-in at {lake}, as there is no identity provider: {error['message']}")
        elif answer.status_code == 401 and error.get("details", {}).get("sign_in"):
            self.say(f"The token endpoint answers for {lake}: the test user is not signed in.")
        else:
            raise RemoteError(
                f"The test user's server asked for a token for {lake} and got: {error['message']}",
                hint=str(error.get("hint", "")),
            )

    def _ping(self, lake: str, url: str) -> None:
        tls = tls_context(None)
        if self.settings.authorities:
            tls.load_verify_locations(cadata=self.settings.authorities)
        try:
            with httpx.Client(verify=tls, timeout=30) as client:
                answer = client.get(f"{url.rstrip('/')}/ping")
                version = answer.raise_for_status().json()["version"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as e:
            raise RemoteError(
                f"Rucio of the data lake {lake} does not answer at {url}: {e}",
                hint=f"Correct the url of {lake} in global.escape.lakes.",
            ) from e
        self.say(f"Rucio {version} answers at {url}.")

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

    def _asked(self, method: str, path: str, *, wanted: tuple[int, ...] = (200,)) -> httpx.Response:
        try:
            answer = self.hub.request(method, path)
        except httpx.HTTPError as e:
            raise RemoteError(
                f"The hub does not answer at {self.hub.base_url}: {e}", hint="Is it running?"
            ) from e
        if answer.status_code not in wanted:
            raise RemoteError(
                f"{method} {path}: {answer.status_code} {_error(answer)['message']}",
                hint="See the hub's log: kubectl logs deploy/hub",
            )
        return answer


def _error(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {"message": answer.text[:200]}
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        return {"message": "", **found["error"]}
    return {"message": str(found.get("message", found)) if isinstance(found, dict) else str(found)}


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
