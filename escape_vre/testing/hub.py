"""A real JupyterHub for tests: hub, proxy and users' servers as separate processes.

``TestHub`` writes the configuration, starts, stops and kills the hub, and lets a visitor sign in
by plain HTTP as a browser would. The proxy is not the hub's child, as on Kubernetes: it outlives a
hub that is killed, and so do users' servers.
"""

import contextlib
import html
import json
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from escape_vre.testing.visitor import Answer, Visitor, call
from escape_vre.testing.waiting import wait_until

PROXY = Path(__file__).parents[2] / "node_modules/.bin/configurable-http-proxy"

_CONFIG = """\
import json, sys
c = get_config()
given = json.loads({given!r})
c.JupyterHub.bind_url = given["url"]
c.JupyterHub.hub_bind_url = given["hub"]
c.JupyterHub.db_url = "sqlite:///" + given["home"] + "/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = given["home"] + "/cookie_secret"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.log_level = "DEBUG"
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = given["proxy_api"]
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
c.SimpleLocalProcessSpawner.home_dir_template = given["home"] + "/homes/{{username}}"
c.Spawner.cmd = given["command"]
c.Spawner.environment = given["environment"]
c.Spawner.http_timeout = 60
c.JupyterHub.services = [{{"name": "tester", "api_token": given["token"]}}]
c.JupyterHub.load_roles = [
    {{
        "name": "tester",
        "services": ["tester"],
        "scopes": [
            "admin:users", "admin:servers", "tokens", "shares", "read:metrics", "read:hub",
            "admin:groups", "list:services", "read:services", "read:roles", "proxy",
        ],
    }}
]
{more}
from escape_vre.hub import configure
configure(c, given["settings"])
{last}
"""


class TestHub:
    """A JupyterHub that ``escape_vre.hub.configure`` has configured.

    Parameters
    ----------
    home : Path
        Folder for all its files.
    settings : mapping
        The settings for ``configure``.
    environment : mapping
        More variables of the hub's process, such as the client's secret and keys.
    more, last : str
        Python for the configuration, before and after ``configure``.
    command : sequence of str
        The command of a user's server; default the smallest one that JupyterHub accepts.
    server_environment : mapping
        Variables of users' servers.
    """

    __test__ = False

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, Any],
        *,
        environment: Mapping[str, str],
        more: str = "",
        last: str = "",
        command: Sequence[str] = (sys.executable, "-m", "escape_vre.testing.singleuser"),
        server_environment: Mapping[str, str] | None = None,
        proxy: Path | None = None,
    ) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        ports = _free_ports(3)
        self.url = f"http://127.0.0.1:{ports[0]}/"
        self.hub_url = f"http://127.0.0.1:{ports[1]}/hub/"
        self.callback_url = f"{self.url}hub/oauth_callback"
        self.token = secrets.token_hex(16)
        self.log = home / "hub.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._proxy_process: subprocess.Popen[bytes] | None = None
        self._proxy = proxy or PROXY
        self._ports = ports
        self._proxy_token = secrets.token_hex(16)
        self._environment = dict(environment)
        self._config = home / "jupyterhub_config.py"
        self._given = {
            "url": self.url,
            "hub": f"http://127.0.0.1:{ports[1]}",
            "proxy_api": f"http://127.0.0.1:{ports[2]}",
            "home": str(home),
            "token": self.token,
            "command": list(command),
            "environment": dict(server_environment or {}),
        }
        self.configure(settings, more=more, last=last)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def configure(self, settings: Mapping[str, Any], *, more: str = "", last: str = "") -> None:
        """Write the configuration for the next start."""
        given = json.dumps({**self._given, "settings": settings})
        self._config.write_text(_CONFIG.format(given=given, more=more, last=last))

    def variable(self, name: str, value: str) -> None:
        """Set a variable of the hub's process for the next start."""
        self._environment[name] = value

    def start(self, *, timeout_s: float = 60.0) -> None:
        """Start proxy and hub, if they do not run; return when the hub answers.

        Raises
        ------
        RuntimeError
            The hub ended instead; the message is its last output.
        """
        if self._proxy_process is None:
            self._start_proxy()
        self.run()

        def answers() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"The hub ended: {self.said()[-3000:]}")
            with contextlib.suppress(OSError):
                return call("GET", f"{self.url}hub/api", timeout_s=2).status == 200
            return False

        wait_until(answers, timeout_s, "the start of the hub")

    def run(self) -> subprocess.Popen[bytes]:
        """Start only the hub's process, without waiting."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in {"HOME", "LANG", "PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV"}
        }
        environment |= {"CONFIGPROXY_AUTH_TOKEN": self._proxy_token, **self._environment}
        command = [sys.executable, "-m", "jupyterhub", "-f", str(self._config)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603
                command, cwd=self.home, env=environment, stdout=out, stderr=out
            )
        return self.process

    def said(self) -> str:
        """Return the hub's log of all starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the hub; the proxy and users' servers keep running."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
        self.process = None

    def kill(self) -> None:
        """Kill the hub, as the kernel does when memory runs out."""
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        """End everything."""
        self.stop()
        for pid in self._server_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._proxy_process is not None:
            self._proxy_process.terminate()
            self._proxy_process.wait(timeout=20)
            self._proxy_process = None

    def visitor(self) -> Visitor:
        """Return a browser without a signed-in user."""
        return Visitor(self.url)

    def signed_in(self, user: str, password: str = "") -> Visitor:
        """Return a browser with a signed-in user.

        Raises
        ------
        RuntimeError
            The sign-in did not end at the hub's home page.
        """
        visitor = self.visitor()
        page = visitor.sign_in(user, password)
        if page.status != 200 or not page.url.endswith("/hub/home"):
            raise RuntimeError(f"{user} is not signed in: {page.status} {page.url} {_words(page)}")
        return visitor

    def api(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """Call the hub's API from inside; by default as a service with all rights."""
        headers = {"Authorization": f"token {self.token if token is None else token}"}
        return call(method, f"{self.hub_url}api/{path}", body=body, headers=headers)

    def start_server(self, user: str, name: str = "", *, timeout_s: float = 90.0) -> str:
        """Start a user's server; return its JupyterHub token."""
        path = f"users/{user}/servers/{name}" if name else f"users/{user}/server"
        answer = self.api("POST", path, {})
        if answer.status not in (201, 202):
            raise RuntimeError(f"The server of {user} did not start: {answer.text}")
        wait_until(lambda: self.server(user, name).get("ready"), timeout_s, "the server's start")
        return self.server_environment(user, name)["JUPYTERHUB_API_TOKEN"]

    def stop_server(self, user: str, name: str = "") -> None:
        """Stop a user's server."""
        path = f"users/{user}/servers/{name}" if name else f"users/{user}/server"
        self.api("DELETE", path)
        wait_until(lambda: not self.server(user, name), what="the server's end")

    def server(self, user: str, name: str = "") -> dict[str, Any]:
        """Return the hub's record of a server; empty if it does not run."""
        found = self.api("GET", f"users/{user}").json()
        server: dict[str, Any] = (found.get("servers") or {}).get(name) or {}
        return server

    def server_environment(self, user: str, name: str = "") -> dict[str, str]:
        """Return the environment variables of a running server (Linux)."""
        pid = int(self.server(user, name)["state"]["pid"])
        entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        return dict(entry.split("=", 1) for entry in entries if "=" in entry)

    def ask(
        self,
        token: str | None,
        audience: Any = "rucio",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for a token for a service, as a user's server does."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"token {token}"
        return call(
            "POST", f"{self.hub_url}escape/token", body={"audience": audience}, headers=sent
        )

    def metrics(self) -> str:
        """Return the hub's metrics."""
        headers = {"Authorization": f"token {self.token}"}
        return call("GET", f"{self.hub_url}metrics", headers=headers).text

    def database(self) -> bytes:
        """Return every byte of the hub's database files."""
        return b"".join(path.read_bytes() for path in sorted(self.home.glob("jupyterhub.sqlite*")))

    def _start_proxy(self) -> None:
        command = [
            str(self._proxy),
            *("--ip", "127.0.0.1", "--port", str(self._ports[0])),
            *("--api-ip", "127.0.0.1", "--api-port", str(self._ports[2])),
            *("--default-target", f"http://127.0.0.1:{self._ports[1]}"),
            *("--error-target", f"http://127.0.0.1:{self._ports[1]}/hub/error"),
        ]
        with (self.home / "proxy.log").open("ab") as out:
            self._proxy_process = subprocess.Popen(  # noqa: S603
                command,
                env={"PATH": os.environ["PATH"], "CONFIGPROXY_AUTH_TOKEN": self._proxy_token},
                stdout=out,
                stderr=out,
            )
        wait_until(lambda: _listens(self._ports[2]), what="the start of the proxy")

    def _server_pids(self) -> list[int]:
        database = self.home / "jupyterhub.sqlite"
        if not database.exists():
            return []
        with contextlib.closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("select state from spawners where server_id is not null")
            states = [json.loads(state) for (state,) in rows if state]
        return [int(state["pid"]) for state in states if state and state.get("pid")]


def _words(page: Answer) -> str:
    """Return the text of a page, without its markup."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(text).split())[:500]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
