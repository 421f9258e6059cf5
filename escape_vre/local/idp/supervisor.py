"""The parent of Keycloak's process.

Run as ``python -m escape_vre.local.idp.supervisor HOME JAVA [steady] [tied]``. It holds the
provider's lock for as long as it lives, and ends Keycloak on SIGTERM, when the folder is gone, or,
if tied, when standard input closes.
"""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from escape_vre.local.lake.layout import State, hold, write
from escape_vre.local.lake.server.process import end

from . import installation, keycloak
from .layout import Layout

_LOG = logging.getLogger(__name__)
_READY_S = 170.0
_TRIES = 3
_PORT_TAKEN = "already in use"


class EndedError(Exception):
    """Keycloak ended, or was told to end."""


class Supervisor:
    """Starts, watches and ends one Keycloak."""

    def __init__(self, home: Path, java: Path, *, steady: bool, tied: bool) -> None:
        self.layout = Layout(home)
        self.java = java
        self.steady = steady
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
        ports = keycloak.free_ports(self.layout.port())
        for number, port in enumerate(ports, 1):
            try:
                self._start(port)
                break
            except EndedError as error:
                # Another process may have taken the port since we looked.
                if number == _TRIES or _PORT_TAKEN not in str(error):
                    raise
        else:
            raise EndedError("there is no free port for it")
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
        """Report to the starting process why Keycloak does not run."""
        if self.layout.supervisor_lock.exists():
            self._say("failed", problem)

    def _start(self, port: int) -> None:
        write(self.layout.port_file, f"{port}\n")
        self.layout.database.mkdir(mode=0o700, exist_ok=True)
        self.keycloak = keycloak.spawn(
            self.java,
            installation.folder(),
            port,
            self.layout.secret("admin").read_text().strip(),
            database=self.layout.database,
            log=self.layout.log("keycloak"),
            steady=self.steady,
        )
        self._say("starting")
        deadline = time.monotonic() + _READY_S
        while not keycloak.answers(port):
            self._check()
            if time.monotonic() > deadline:
                raise EndedError(f"Keycloak was not ready within {_READY_S:.0f} s")
            if self._is_over(0.05):
                raise EndedError("it was stopped before it was ready")

    def _check(self) -> None:
        if self.keycloak is not None and self.keycloak.poll() is not None:
            said = _problem(self.layout.log("keycloak"))
            raise EndedError(f"Keycloak ended (code {self.keycloak.returncode}): {said}")

    def _is_over(self, wait_s: float) -> bool:
        """Wait a little, and return whether everything should end."""
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


def _problem(log: Path) -> str:
    """Return Keycloak's first error, which causes those that follow."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    errors = [line.rpartition(" ERROR: ")[2] for line in lines if " ERROR: " in line]
    taken = [line for line in lines if _PORT_TAKEN in line]
    return (taken[-1:] or errors[1:2] or errors or lines[-1:] or ["it said nothing"])[0][:300]


def main(home: str, java: str, *words: str) -> int:
    """Run a provider; returns the exit code."""
    layout = Layout(Path(home))
    # A process that finds it free may rely on our port being free too.
    hold(layout.supervisor_lock)
    if os.fork():
        # The process that started us continues now; the child keeps the lock.
        os._exit(0)
    supervisor = Supervisor(layout.home, Path(java), steady="steady" in words, tied="tied" in words)

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
