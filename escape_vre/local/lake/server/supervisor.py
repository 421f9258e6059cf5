"""The parent of all of a lake's processes.

Run as ``python -m lake.server.supervisor HOME``. It holds the lake's lock for as long as it
lives, listens on the ports before other programs can take them and passes on the sockets,
starts the parts again when one dies, and ends everything on SIGTERM, when the lake's folder is
gone, or, if tied, when standard input closes.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import json
import logging
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import LakeError
from ..layout import HOST, Layout, Ports, State, hold, write
from . import database, settings
from .process import end, last_line, spawn

_LOG = logging.getLogger(__name__)
_PREFIX = "escape-vre-lake-"
_RESTARTS = 5
_CALM_S = 60.0
_READY_S = 150.0

Starter = Callable[[], subprocess.Popen[bytes]]


class Supervisor:
    """Starts, watches and ends the parts of one lake."""

    def __init__(self, home: Path, *, tied: bool) -> None:
        self.tied = tied
        self.layout = Layout(home)
        self._forget_short_folder()
        self.short_folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_short_folder()))
        write(self.layout.short_folder_note, str(self.short_folder))
        self.listeners: dict[str, socket.socket] = {}
        self.starters: dict[str, Starter] = {}
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts: list[float] = []
        self.asked_to_end = False

    def start(self) -> None:
        """Bring everything up; returns when the lake is ready."""
        self._say("starting")
        settings.secure(self.layout)
        ports = self._listen()
        settings.configure(self.layout, ports, self.short_folder)
        self.layout.rucio_ready.unlink(missing_ok=True)
        self.layout.behaviour.unlink(missing_ok=True)
        # Rucio first: it loads for a second, and the database is made meanwhile.
        self.starters["rucio"] = self._starter("rucio", "rucio_server", "rucio")
        self.starters["database"] = lambda: database.start(self.layout, self.short_folder)
        for site in self.layout.sites:
            self.starters[site] = self._starter(site, "site", site)
        for part, starter in self.starters.items():
            self.parts[part] = starter()
        database.wait(self.layout, self.parts["database"])
        self._say("starting")
        self._wait_for_rucio()
        self._say("ready")

    def watch(self) -> None:
        """Return when the lake is to end.

        Raises
        ------
        LakeError — a part died repeatedly.
        """
        while not self._is_over(0.25):
            for part, process in self.parts.items():
                if process.poll() is not None:
                    self._restart(part, process.returncode)

    def stop(self) -> None:
        """End all parts, those that use others first."""
        for part in ("rucio", *self.layout.sites):
            if part in self.parts and self.parts[part].poll() is None:
                self.parts[part].terminate()
        for part in ("rucio", *self.layout.sites):
            if part in self.parts:
                end(self.parts[part])
        if "database" in self.parts:
            end(self.parts["database"], how=signal.SIGINT, timeout_s=20)
        shutil.rmtree(self.short_folder, ignore_errors=True)
        self.layout.short_folder_note.unlink(missing_ok=True)

    def say_failed(self, problem: str) -> None:
        """Report to the starting process why there is no lake."""
        if self.layout.supervisor_lock.exists():
            self._say("failed", problem)

    def _forget_short_folder(self) -> None:
        """Remove the folder of a start that was killed."""
        if self.layout.short_folder_note.exists():
            folder = Path(self.layout.short_folder_note.read_text())
            if folder.name.startswith(_PREFIX):
                shutil.rmtree(folder, ignore_errors=True)

    def _listen(self) -> Ports:
        """Take the ports of the last start, or others if those are in use."""
        before = self.layout.ports()
        wanted = {"rucio": before["rucio"], **before["sites"]} if before else {}
        for name in ("rucio", *self.layout.sites):
            self.listeners[name] = _listener(wanted.get(name))
        found = {name: listener.getsockname()[1] for name, listener in self.listeners.items()}
        ports: Ports = {
            "rucio": found["rucio"],
            "sites": {site: found[site] for site in self.layout.sites},
        }
        write(self.layout.ports_file, json.dumps(ports))
        return ports

    def _starter(self, part: str, module: str, listener: str) -> Starter:
        descriptor = self.listeners[listener].fileno()
        command = [sys.executable, "-m", f"{__package__}.{module}", str(self.layout.home), part]
        return lambda: spawn(
            [*command, str(descriptor)],
            log=self.layout.log(part),
            keep=[descriptor],
            # Rucio's twenty threads would otherwise each keep what one large answer took.
            env={**os.environ, "MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "1000000"},
        )

    def _wait_for_rucio(self) -> None:
        """Wait until Rucio has made its tables, filled them and answers.

        It writes a file for this: a request would wait in the socket's queue without an answer.
        """
        deadline = time.monotonic() + _READY_S
        while not self.layout.rucio_ready.exists():
            for part, process in self.parts.items():
                if process.poll() is not None:
                    said = last_line(self.layout.log(part))
                    raise LakeError(f"{part} ended while the lake started: {said}", "See its log.")
            if time.monotonic() > deadline:
                raise LakeError(f"Rucio was not ready within {_READY_S:.0f} s", "See its log.")
            if self._is_over(0.02):
                raise LakeError("it was stopped before it was ready", "Start it again.")

    def _is_over(self, wait_s: float) -> bool:
        """Wait a little, and return whether the lake should end."""
        news = select.select([sys.stdin] if self.tied else [], [], [], wait_s)[0]
        if news and not os.read(sys.stdin.fileno(), 1):
            self.asked_to_end = True
        return self.asked_to_end or not self.layout.supervisor_lock.exists()

    def _restart(self, part: str, code: int) -> None:
        now = time.monotonic()
        self.restarts = [then for then in self.restarts if now - then < _CALM_S] + [now]
        if len(self.restarts) > _RESTARTS:
            raise LakeError(f"{part} died repeatedly (code {code})", "See its log.")
        _LOG.warning("%s ended with code %d: started again", part, code)
        self.parts[part] = self.starters[part]()
        self._say("ready")

    def _say(self, state: str, problem: str = "") -> None:
        said: State = {
            "state": state,
            "pids": {"supervisor": os.getpid()}
            | {part: process.pid for part, process in self.parts.items()},
        }
        if problem:
            said["problem"] = problem
        write(self.layout.state_file, json.dumps(said))


def _listener(port: int | None) -> socket.socket:
    """Listen on the given port, or on some other if that is taken.

    Others are tried below the range that systems take for outgoing connections, where one of
    those would sooner or later sit on our port when we want it again.
    """
    tries = [] if port is None else [port]
    tries += random.sample(range(21000, 32000), 200)
    for one in (*tries, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Handed on to every accepted connection; without it each answer waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listener.bind((HOST, one))
        except OSError:
            listener.close()
            continue
        listener.listen(256)
        return listener
    raise LakeError(f"there is no free port on {HOST}", "Close a program that listens on one.")


def _short_folder() -> str:
    """Return where a unix socket's whole path stays below 107 bytes, whatever TMPDIR says."""
    found = tempfile.gettempdir()
    return found if len(os.fsencode(found)) < 60 and "%" not in found else "/tmp"  # noqa: S108 - mkdtemp goes in it


def main(home: str, tied: str = "") -> int:
    """Run a lake; returns the exit code."""
    layout = Layout(Path(home))
    # A process that finds it free may rely on our ports being free too.
    hold(layout.supervisor_lock)
    if os.fork():
        # The process that started us continues now; the child keeps the lock.
        os._exit(0)
    supervisor = Supervisor(layout.home, tied=bool(tied))

    def end_it(_number: int, _frame: Any) -> None:
        supervisor.asked_to_end = True

    signal.signal(signal.SIGTERM, end_it)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        supervisor.start()
        supervisor.watch()
    except (LakeError, database.DatabaseError, OSError) as error:
        _LOG.exception("the lake ends")
        supervisor.stop()
        supervisor.say_failed(str(error))
        return 1
    supervisor.stop()
    layout.state_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    sys.exit(main(*sys.argv[1:]))
