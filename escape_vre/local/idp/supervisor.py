"""The parent of Keycloak's process.

Run as ``python -m escape_vre.local.idp.supervisor HOME JAVA``. It holds the provider's lock for
as long as it lives, and ends Keycloak when it is told to (SIGTERM), when the folder is gone, or,
if tied, when standard input closes.
"""

import fcntl
import http.client
import json
import logging
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from escape_vre.local.lake.layout import write
from escape_vre.local.lake.server.process import end, spawn

from . import installation
from .layout import HOST, Layout, State, base_url

_LOG = logging.getLogger(__name__)
_READY_S = 170.0
_TRIES = 3
_PORT_TAKEN = "already in use"

_JAVA_OPTIONS = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
)


class EndedError(Exception):
    """Keycloak is not, or is not to be."""


class Supervisor:
    """Starts, watches and ends one Keycloak."""

    def __init__(self, home: Path, java: Path, *, tied: bool) -> None:
        self.layout = Layout(home)
        self.java = java
        self.tied = tied
        self.asked_to_end = False
        self.keycloak: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Return when it is to end.

        Raises
        ------
        EndedError
            Keycloak did not start, or ended by itself.
        """
        self._say("starting")
        for number, port in enumerate(_ports(self.layout.port()), 1):
            try:
                self._start(port)
                break
            except EndedError as error:
                # Between our look and its own, somebody else may have taken the port.
                if number == _TRIES or _PORT_TAKEN not in str(error):
                    raise
        self._say("ready")
        while not self._is_over(0.25):
            self._check()

    def stop(self) -> None:
        """End Keycloak, also one that is paused."""
        if self.keycloak is not None:
            if self.keycloak.poll() is None:
                self.keycloak.send_signal(signal.SIGCONT)
            end(self.keycloak, timeout_s=10)

    def say_failed(self, problem: str) -> None:
        """Tell whoever started us why there is no Keycloak."""
        if self.layout.supervisor_lock.exists():
            self._say("failed", problem)

    def _start(self, port: int) -> None:
        write(self.layout.port_file, f"{port}\n")
        self.layout.database.mkdir(mode=0o700, exist_ok=True)
        options = [
            *("start", "--optimized", "--http-enabled=true"),
            *(f"--http-host={HOST}", f"--http-port={port}", f"--hostname={base_url(port)}"),
            "--cache=local",
            "--log-level=warn",
            # Relative, as an absolute path may hold what means something in such a URL; the
            # words after it are those of Keycloak's own default.
            "--db-url=jdbc:h2:file:./keycloak;NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE",
        ]
        self.keycloak = spawn(
            installation.command(self.java, *_JAVA_OPTIONS) + options,
            log=self.layout.log("keycloak"),
            # A paused process would not heed SIGTERM, and live on without us.
            at_our_end=signal.SIGKILL,
            cwd=self.layout.database,
            env=self._environment(),
        )
        self._say("starting")
        deadline = time.monotonic() + _READY_S
        while not _answers(port):
            self._check()
            if time.monotonic() > deadline:
                raise EndedError(f"Keycloak was not ready within {_READY_S:.0f} s")
            if self._is_over(0.05):
                raise EndedError("it was told to end before it was ready")

    def _environment(self) -> dict[str, str]:
        """Give Keycloak's variables: with these it makes its first administrator, once."""
        return {
            **installation.environment(),
            "KC_BOOTSTRAP_ADMIN_CLIENT_ID": "admin",
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": self.layout.secret("admin").read_text().strip(),
        }

    def _check(self) -> None:
        if self.keycloak is not None and self.keycloak.poll() is not None:
            said = _problem(self.layout.log("keycloak"))
            raise EndedError(f"Keycloak ended (code {self.keycloak.returncode}): {said}")

    def _is_over(self, wait_s: float) -> bool:
        """Say whether all is to end, having waited a little for such news."""
        news = select.select([sys.stdin] if self.tied else [], [], [], wait_s)[0]
        if news and not os.read(sys.stdin.fileno(), 1):
            self.asked_to_end = True
        return self.asked_to_end or not self.layout.supervisor_lock.exists()

    def _say(self, state: str, problem: str = "") -> None:
        said: State = {"state": state, "pids": {"supervisor": os.getpid()}}
        if self.keycloak is not None and self.keycloak.poll() is None:
            said["pids"]["keycloak"] = self.keycloak.pid
        if problem:
            said["problem"] = problem
        write(self.layout.state_file, json.dumps(said))


def _ports(before: int | None) -> Iterator[int]:
    """Give ports that are free: that of last time first, as it is in the issuer.

    The others lie below the range that systems take for outgoing connections, where one of
    those would sooner or later sit on our port when we want it again.
    """
    tries = [] if before is None else [before]
    for port in (*tries, *random.sample(range(21000, 32000), 200)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        yield port
    raise EndedError(f"there is no free port on {HOST}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/realms/master")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _problem(log: Path) -> str:
    """Give what Keycloak said was wrong: the first error of those that follow from it."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    errors = [line.rpartition(" ERROR: ")[2] for line in lines if " ERROR: " in line]
    taken = [line for line in lines if _PORT_TAKEN in line]
    return (taken[-1:] or errors[1:2] or errors or lines[-1:] or ["it said nothing"])[0][:300]


def main(home: str, java: str, tied: str = "") -> int:
    """Run a provider; returns the exit code."""
    layout = Layout(Path(home))
    # Never closed: whoever finds it free may count on our port being free too.
    lock = os.open(layout.supervisor_lock, os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if os.fork():
        # Whoever started us goes on now; the child keeps the lock.
        os._exit(0)
    supervisor = Supervisor(layout.home, Path(java), tied=bool(tied))

    def end_it(_number: int, _frame: Any) -> None:
        supervisor.asked_to_end = True

    signal.signal(signal.SIGTERM, end_it)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        supervisor.run()
    except (EndedError, OSError) as error:
        _LOG.exception("the identity provider ends")
        supervisor.stop()
        supervisor.say_failed(str(error))
        return 1
    supervisor.stop()
    layout.state_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    sys.exit(main(*sys.argv[1:]))
