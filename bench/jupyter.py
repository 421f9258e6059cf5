"""A real JupyterLab server, its own process, as a user has it."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from bench.fixtures import User
from bench.measure import BenchError
from escape_vre.local.lake.server.process import tie_to_parent

_START_TIMEOUT_S = 60.0
_POLL_S = 0.004


class Jupyter:
    """JupyterLab with or without our server extension; starts on entering.

    ``started_s`` is the time from before the process is made until ``/api`` has answered.
    """

    def __init__(self, user: User, *, extension: bool = True) -> None:
        self._user = user
        self._token = secrets.token_urlsafe(24)
        self._port = free_port()
        self._extension = extension
        self.started_s = 0.0

    def __enter__(self) -> Self:
        """Start it, and return when it answers."""
        chosen = {"ServerApp": {"jpserver_extensions": {"escape_vre.server": self._extension}}}
        (self._user.config / "jupyter_server_config.json").write_text(json.dumps(chosen))
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"),
            *(f"--ServerApp.port={self._port}", "--ServerApp.port_retries=0"),
            f"--ServerApp.root_dir={self._user.work}",
            *(["--allow-root"] if os.geteuid() == 0 else []),
        ]
        with (self._user.home / "jupyter.log").open("wb") as log:
            began = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "JUPYTER_TOKEN": self._token},
                # A session of its own, for Ctrl-C is ours to handle; and it never outlives us.
                preexec_fn=tie_to_parent(signal.SIGTERM),
            )
        try:
            self._wait()
            self.started_s = time.perf_counter() - began
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    def stop(self) -> None:
        """End the server, first with SIGTERM."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def connect(self, *, timeout_s: float = 60.0) -> http.client.HTTPConnection:
        """Return a connection, kept alive until it is closed."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)
        connection.connect()
        assert connection.sock is not None
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        *,
        body: object = None,
        **query: object,
    ) -> http.client.HTTPResponse:
        """Send a GET, or a POST where there is a body; returns the response as it begins.

        Raises
        ------
        BenchError
            The server refuses.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {"Authorization": f"token {self._token}"}
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection.request("GET" if body is None else "POST", target, payload, headers)
        response = connection.getresponse()
        if response.status >= 400:
            raise BenchError(f"{path}: {response.status} {response.read()[:200]!r}")
        return response

    def ask(self, path: str, *, body: object = None, **query: object) -> Any:
        """Return the JSON answer to one request on a connection of its own."""
        with contextlib.closing(self.connect()) as connection:
            return json.loads(self.send(connection, path, body=body, **query).read())

    def check(self) -> None:
        """Check that the extension is loaded if, and only if, it should be.

        Unauthenticated, so that no agent is started. After the measuring: where there is no
        extension, the page that says so is a template whose loading makes the server larger.

        Raises
        ------
        BenchError
            It is loaded and should not be, or the reverse.
        """
        there = self._status("/escape-vre/agent", token=False) != 404
        if there is not self._extension:
            raise BenchError(f"the extension is {'' if there else 'not '}loaded")

    def _status(self, path: str, *, token: bool) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        with contextlib.closing(connection):
            headers = {"Authorization": f"token {self._token}"} if token else {}
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._status("/api", token=True) == 200:
                    return
            time.sleep(_POLL_S)
        log: Path = self._user.home / "jupyter.log"
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise BenchError(f"JupyterLab did not start: {last}")


def free_port() -> int:
    """Return an unused port of loopback."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
