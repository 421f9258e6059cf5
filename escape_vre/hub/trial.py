"""What ``helm test`` does: start a server and try everything that a user needs.

Hub and test pod derive the token of the service that may do this from what z2jh gives both, so
there is no other secret. The service may change one user only, whose name no person can have.
"""

import hashlib
import hmac
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
from escape_vre.hub.settings import HubSettings, SharedPassword, load
from escape_vre.hub.traits import listed

USER = "escape--test"
"""Two dashes: neither a claim nor what is made of one looks like this."""

SERVICE = ROLE = "escape-vre-test"
SECRET = "CONFIGPROXY_AUTH_TOKEN"  # noqa: S105 (the name of a variable)
RELEASE = "HELM_RELEASE_NAME"
"""Variables of z2jh's hub."""

SCOPES = tuple(
    f"{scope}!user={USER}" for scope in ("admin:users", "admin:servers", "access:servers")
)
START_S = 300.0


def service_token(secret: str) -> str:
    """Return the token of the test's service."""
    return hmac.new(secret.encode(), SERVICE.encode(), hashlib.sha256).hexdigest()


def let_test(c: Config) -> None:
    """Permit ``helm test`` on a hub that Helm installed."""
    secret = os.environ.get(SECRET)
    if not secret or not os.environ.get(RELEASE):
        return
    service = {"name": SERVICE, "api_token": service_token(secret)}
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
        """Try everything; always remove what was created.

        Raises
        ------
        EscapeError
            The message says what does not work.
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
        self.say("The test user and its server were removed.")

    def _start(self) -> None:
        self._asked("POST", f"/hub/api/users/{USER}", wanted=(201,))
        self._asked("POST", f"/hub/api/users/{USER}/server", wanted=(201, 202))
        deadline = time.monotonic() + self.start_s
        began = time.monotonic()
        while not self._server().get("ready"):
            if time.monotonic() > deadline:
                raise RemoteError(
                    f"A user's server does not start within {self.start_s:.0f} s.",
                    hint="See what Kubernetes says about its pod: kubectl describe pod -l"
                    " component=singleuser-server",
                )
            self.pause(1)
        self.say(f"A user's server started in {time.monotonic() - began:.0f} s.")

    def _server(self) -> Mapping[str, Any]:
        found = self._asked("GET", f"/hub/api/users/{USER}").json()
        server = (found.get("servers") or {}).get("")
        if server is None:
            raise RemoteError(
                "A user's server ended while it started.",
                hint="See the hub's log: kubectl logs deploy/hub",
            )
        return dict(server)

    def _agent(self) -> None:
        told = self._asked("GET", f"/user/{USER}/escape-vre/datalake/instances").json()["instances"]
        wanted = [lake.name for lake in self.settings.lakes]
        found = [entry["name"] for entry in told]
        if wanted and found != wanted:
            raise ConfigurationError(
                f"A user's server offers the data lakes {found}, and global.escape.lakes has"
                f" {wanted}.",
                hint="An escape_vre_config in the user image, or in a home folder, may replace it.",
            )
        self.say(f"The agent answers; data lakes: {', '.join(found) or 'none'}.")

    def _whoami(self, lake: str) -> None:
        """Ask for the account there; the agent asks the hub for a token without a sign-in."""
        answer = self.hub.get(
            f"/user/{USER}/escape-vre/datalake/whoami", params={"instance": lake}, timeout=60
        )
        if answer.status_code == 200:
            self.say(f"{lake} lets the test user in.")
            return
        error = _error(answer)
        if isinstance(self.settings.login, SharedPassword):
            self.say(
                f"{lake} was not tried, because there is no identity provider: {error['message']}"
            )
        elif answer.status_code == 401 and error.get("details", {}).get("sign_in"):
            self.say(f"The token endpoint answers for {lake}: not signed in, as expected.")
        else:
            raise RemoteError(
                f"A user's server asked for a token for {lake}, and got: {error['message']}",
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
                    f"The user {USER} cannot be removed.", hint="See the hub's log, and remove it."
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
        token = service_token(os.environ[SECRET])
        with httpx.Client(
            base_url=os.environ["ESCAPE_VRE_URL"],
            headers={"Authorization": f"token {token}"},
            timeout=60,
        ) as hub:
            Trial(hub, settings, _say).run()
    except EscapeError as e:
        sys.exit(f"escape-vre: {e}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
