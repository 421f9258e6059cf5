"""The agent's files: its state, and on this host its socket, pid and lock."""

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
from escape_vre.core.owner import check_private, claim, is_trusted, why_replaceable

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
    def has_socket(self) -> bool:
        """Whether there is a socket; says nothing about who listens."""
        try:
            return self.socket.exists()
        except OSError:
            return False  # the folder is another user's

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
        """Return what the server extension recorded; empty when there is nothing usable.

        It names the interpreter that runs, so a file of another user is not read.
        """
        try:
            with self.launch.open("rb") as file:
                if not is_trusted(os.fstat(file.fileno())):
                    return {}
                found = json.loads(file.read())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def make_state(self) -> None:
        """Make the state folder, ours alone; what lies above it is not ours to change.

        Raises
        ------
        ConfigurationError
            It cannot be made, or another user made it.
        """
        try:
            self.state.parent.mkdir(parents=True, exist_ok=True)
            for folder in (
                self.state,
                *(self.state / name for name in ("log", "jobs", "manifest")),
            ):
                folder.mkdir(mode=0o700, exist_ok=True)
                claim(folder, hint="Set ESCAPE_VRE_HOME to a folder of your own.")
        except OSError as e:
            raise ConfigurationError(
                f"escape-vre cannot write its state to {e.filename}: {e.strerror}.",
                hint="Free some disk space or correct the permissions, or set ESCAPE_VRE_HOME to a"
                " folder of your own.",
            ) from e

    def make_runtime(self) -> None:
        """Make the runtime folder, or check that it is ours alone.

        Raises
        ------
        ConfigurationError
            It cannot be made, or another user made it or can write to it: a socket there could be
            replaced.
        """
        try:
            self.runtime.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError as e:
            raise ConfigurationError(
                f"escape-vre cannot make the folder of its socket, {self.runtime}: {e.strerror}.",
                hint="Set XDG_RUNTIME_DIR to a folder that only you can write to.",
            ) from e
        check_private(self.runtime)
        if stat.S_IMODE(self.runtime.lstat().st_mode) != 0o700:
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
    """Return the value of ``jupyter_core.paths.jupyter_data_dir()``, without jupyter_core."""
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
            "escape-vre does not run on native Windows, because it needs unix-domain sockets.",
            hint="Run Jupyter in WSL (Windows Subsystem for Linux).",
        )
    state = state_dir()
    key = hashlib.sha256(f"{host_key()}\n{os.path.realpath(state)}".encode()).hexdigest()[:16]
    return Location(state=state, runtime=_runtime(len(key)), key=key)


def _runtime(key_bytes: int) -> Path:
    """Choose the folder of sockets: the first that no other user can replace.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    own = f"escape-vre-{os.getuid()}"
    # A Kubernetes volume at /tmp has no sticky bit: any user of the pod can rename what is in it.
    shared = (tempfile.gettempdir(), "/tmp", "/dev/shm", "/var/tmp")  # noqa: S108 — checked below
    candidates = [Path(folder) / own for folder in shared]
    if given and _is_own(Path(given)):
        candidates.insert(0, Path(given) / "escape-vre")
    reason = ""
    for folder in candidates:
        if len(os.fsencode(folder)) + key_bytes + len("/.sock") > MAX_SOCKET_BYTES:
            continue
        if (found := why_replaceable(folder.parent)) is None:
            return folder
        reason = reason or found
    raise ConfigurationError(
        f"escape-vre has no safe place for its socket: {reason}.",
        hint="Set XDG_RUNTIME_DIR to a folder that only you can write to.",
    )


def _is_own(folder: Path) -> bool:
    """Tell whether a runtime folder is ours: after ``su`` the variable still names another's."""
    try:
        return folder.is_absolute() and folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def is_free(lock: Path) -> bool:
    """Tell whether a lock file (``flock``) is free; one that cannot be opened is."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        return disk.lock(descriptor, shared=True) != "held"
    finally:
        os.close(descriptor)
