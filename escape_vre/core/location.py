"""Where the agent's files are: its state, and on this host its socket, pid and lock."""

import contextlib
import hashlib
import json
import os
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from escape_vre.core import disk
from escape_vre.core.errors import ConfigurationError

MAX_SOCKET_BYTES = 103
"""Longest unix socket address of macOS, bytes (Linux takes 107)."""


@dataclass(frozen=True, slots=True)
class Location:
    """Everything that belongs to one agent: one user, one host, one state directory."""

    state: Path
    runtime: Path
    key: str

    @property
    def socket(self) -> Path:
        """The unix-domain socket that the agent listens on."""
        return self.runtime / f"{self.key}.sock"

    @property
    def lock(self) -> Path:
        """The file that a live agent holds locked."""
        return self.runtime / f"{self.key}.lock"

    @property
    def starting(self) -> Path:
        """The file that a client holds locked while it starts an agent."""
        return self.runtime / f"{self.key}.starting"

    @property
    def pid(self) -> Path:
        """The file that holds the agent's process id."""
        return self.runtime / f"{self.key}.pid"

    @property
    def log(self) -> Path:
        """The agent's log of this host."""
        return self.state / "log" / f"agent-{host_key()}.log"

    @property
    def launch(self) -> Path:
        """What the server extension recorded: interpreter, contents root, config path."""
        return self.state / "launch.json"

    def read_launch(self) -> dict[str, Any]:
        """Return what the server extension recorded; empty when there is nothing usable."""
        try:
            found = json.loads(self.launch.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def make_state(self) -> None:
        """Make the state folder, ours alone; what lies above it is not ours to change.

        Raises
        ------
        ConfigurationError
            It cannot be made.
        """
        try:
            self.state.parent.mkdir(parents=True, exist_ok=True)
            self.state.mkdir(mode=0o700, exist_ok=True)
            for folder in ("log", "jobs", "manifest"):
                (self.state / folder).mkdir(mode=0o700, exist_ok=True)
        except OSError as e:
            raise ConfigurationError(
                f"escape-vre cannot keep its state in {e.filename}: {e.strerror}.",
                hint="Make room or mend its permissions, or set ESCAPE_VRE_HOME to a folder of"
                " your own.",
            ) from e

    def make_runtime(self) -> None:
        """Make the runtime folder, or check that it is ours alone.

        Raises
        ------
        ConfigurationError
            Someone else made it, or it is open to others: a socket there could be taken over.
        """
        try:
            self.runtime.mkdir(mode=0o700, parents=True)
            self.runtime.chmod(0o700)
        except FileExistsError:
            found = self.runtime.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise ConfigurationError(
                    f"{self.runtime} belongs to someone else, so it is not safe to use.",
                    hint="Ask your administrator to remove it, or set XDG_RUNTIME_DIR to a"
                    " folder of your own.",
                ) from None
            if stat.S_IMODE(found.st_mode) != 0o700:
                self.runtime.chmod(0o700)


@cache
def host_key() -> str:
    """Name this host: the same for everything that may share an agent, different for all else.

    Containers on one node share a boot id, and copies of a virtual machine a machine id, so
    several things are asked. Another network namespace is another host: its loopback and its
    routes are others.
    """
    facts = [socket.gethostname()]
    for file in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        try:
            facts.append(Path(file).read_text().strip())
        except OSError:
            continue
    with contextlib.suppress(OSError):  # not Linux
        facts.append(str(Path("/proc/self/ns/net").stat().st_ino))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def state_dir() -> Path:
    """Return the folder of jobs, manifests and caches: absolute, perhaps not there yet."""
    chosen = os.environ.get("ESCAPE_VRE_HOME")
    return Path(chosen).expanduser().absolute() if chosen else _jupyter_data_dir() / "escape-vre"


def _jupyter_data_dir() -> Path:
    """Return what ``jupyter_core.paths.jupyter_data_dir()`` says, without needing jupyter_core."""
    if given := os.environ.get("JUPYTER_DATA_DIR"):
        return Path(given).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter"
    if given := os.environ.get("XDG_DATA_HOME"):
        return Path(given).absolute() / "jupyter"
    return Path.home() / ".local" / "share" / "jupyter"


def locate() -> Location:
    """Find the agent of this user, host and state directory.

    Raises
    ------
    ConfigurationError
        This is native Windows.
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "escape-vre needs unix-domain sockets, which native Windows lacks here.",
            hint="Run Jupyter in WSL (Windows Subsystem for Linux).",
        )
    state = state_dir()
    key = hashlib.sha256(f"{host_key()}\n{os.path.realpath(state)}".encode()).hexdigest()[:16]
    given = os.environ.get("XDG_RUNTIME_DIR")
    runtime = Path(given) / "escape-vre" if given and _usable(Path(given)) else None
    if runtime is None or len(os.fsencode(runtime)) + len(key) + 6 > MAX_SOCKET_BYTES:
        runtime = Path(tempfile.gettempdir()) / f"escape-vre-{os.getuid()}"
    if len(os.fsencode(runtime)) + len(key) + 6 > MAX_SOCKET_BYTES:
        runtime = Path("/tmp") / f"escape-vre-{os.getuid()}"  # noqa: S108 — checked to be ours alone
    return Location(state=state, runtime=runtime, key=key)


def _usable(folder: Path) -> bool:
    """Tell whether a runtime folder is ours: after ``su`` the variable still names another's."""
    try:
        return folder.is_absolute() and folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def is_free(lock: Path) -> bool:
    """Tell whether nobody holds a lock file (``flock``); one that cannot be opened is free."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        return disk.lock(descriptor, shared=True) != "held"
    finally:
        os.close(descriptor)
