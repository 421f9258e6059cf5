"""A real Jupyter server with our extension, in a process of its own."""

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import is_alive


@dataclass
class Server:
    process: subprocess.Popen
    url: str
    token: str
    root: Path
    log: Path

    def call(self, method, path, body=None, *, token=True, headers=None):
        """Return status, headers and body, whatever the status."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                **({"Authorization": f"token {self.token}"} if token else {}),
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as e:
            return e.code, dict(e.headers), e.read()

    def json(self, method, path, body=None):
        status, _, answer = self.call(method, path, body)
        assert status < 400, answer
        return json.loads(answer)

    def kill(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(timeout=60)


@contextlib.contextmanager
def servers(folder):
    """Start Jupyter servers that share one folder; ends them."""
    started = []

    def start(*options, app="jupyterlab", root=folder / "work"):
        root.mkdir(exist_ok=True)
        log = folder / f"server-{len(started)}.log"
        command = [
            sys.executable,
            "-m",
            app,
            "--no-browser",
            "--allow-root",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={root}",
            "--ServerApp.log_level=DEBUG",
            *options,
        ]
        env = {
            **os.environ,
            "JUPYTER_TOKEN": "s3cret-t0ken",
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        }
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
        record = folder / "runtime" / f"jpserver-{process.pid}.json"

        def url():
            assert process.poll() is None, log.read_text()
            try:
                found = json.loads(record.read_text())
                socket.create_connection(("127.0.0.1", found["port"]), timeout=1).close()
            except (OSError, ValueError):
                return None  # Jupyter writes the record before it listens
            return found["url"]

        server = Server(process, wait_until(url, 120, "the server"), "s3cret-t0ken", root, log)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()
        assert not is_alive(server.process.pid)
    time.sleep(0.05)


@pytest.fixture
def start_server(tmp_path, monkeypatch):
    """Start Jupyter servers that share one home; ends them."""
    # Kernels and clients of the test look there too.
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    with servers(tmp_path) as start:
        yield start


@pytest.fixture
def server(start_server, dl):
    return start_server()


@pytest.fixture(scope="module")
def _start_once(tmp_path_factory):
    with servers(tmp_path_factory.mktemp("servers")) as start:
        yield functools.cache(start)


@pytest.fixture
def shared_server(_start_once, dl):
    """One server for all tests marked ``one_agent``, which change nothing that others see."""
    return _start_once()
