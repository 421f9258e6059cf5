"""The files of one lake; no other module knows their names.

Standard library only: the product's environment and the lake's own both read it.
"""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

GENERIC = "generic"
# Each policy lets an ordinary account put files only on sites whose names end so.
SITES = {
    GENERIC: ("NORTH-USERDISK", "SOUTH-USERDISK"),
    "escape": ("NORTH-DESY-DCACHE", "SOUTH-CNAF-STORM"),
}
"""The sites of a lake under each policy, Rucio's permissions and schema."""
PREFIX = "/data"
HOST = os.environ.get("ESCAPE_VRE_LOCAL_HOST") or "127.0.0.1"
"""The address that back ends listen on. Tests with pods of an isolated Kubernetes network set
another one."""


class State(TypedDict, total=False):
    """What the supervisor writes for others to read.

    ``pids`` maps a part's name to its process; ``problem`` is there when ``state`` is
    ``failed``.
    """

    state: str
    pids: dict[str, int]
    problem: str


class Ports(TypedDict):
    """TCP ports: Rucio's, and one for each site."""

    rucio: int
    sites: dict[str, int]


@dataclass(frozen=True)
class Folder:
    """The files that every back end has below its folder ``home``, whatever it is."""

    home: Path

    def log(self, part: str) -> Path:
        """Log of one process, of this start; the one before has the suffix ``.1``."""
        return self.home / "log" / f"{part}.log"

    @property
    def supervisor_lock(self) -> Path:
        """Locked (``flock``) for as long as the supervisor lives."""
        return self.home / "run" / "supervisor.lock"

    @property
    def start_lock(self) -> Path:
        """Locked while a process starts, stops or erases the back end."""
        return self.home / "run" / "start.lock"

    @property
    def state_file(self) -> Path:
        """The supervisor's ``State``, JSON."""
        return self.home / "run" / "state.json"

    def state(self) -> State:
        """Read the supervisor's latest state; empty if there is none."""
        try:
            state: State = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}
        return state


@dataclass(frozen=True)
class Layout(Folder):
    """Paths of the lake whose folder is ``home``."""

    @property
    def ca(self) -> Path:
        """Certificate authority, PEM; the only file here that is no secret."""
        return self.home / "ca.pem"

    @property
    def client_identity(self) -> Path:
        """Certificate and key that open the storage, PEM, 0600 (``X509_USER_PROXY``)."""
        return self.home / "storage-client.pem"

    @property
    def server_identity(self) -> Path:
        """Certificate and key of every server of the lake, PEM, 0600."""
        return self.home / "server" / "identity.pem"

    def password(self, account: str) -> Path:
        """Password of an account, one line, 0600."""
        return self.home / f"{account}.password"

    @property
    def storage_token(self) -> Path:
        """Bearer token that opens the storage, one line, 0600."""
        return self.home / "storage.token"

    def client_config(self, account: str = "demo") -> Path:
        """``rucio.cfg`` for the ``rucio`` command as an account, 0600."""
        folder = self.home / "etc"
        return (folder if account == "demo" else folder / account) / "rucio.cfg"

    @property
    def accounts(self) -> list[str]:
        """Accounts that have a password."""
        return sorted(file.stem for file in self.home.glob("*.password"))

    @property
    def server_config(self) -> Path:
        """``rucio.cfg`` of the Rucio server, 0600."""
        return self.home / "server" / "rucio.cfg"

    @property
    def trust(self) -> Path:
        """The provider whose tokens the lake accepts (``trust.Trust``), JSON; missing if none."""
        return self.home / "server" / "trust.json"

    @property
    def seeded(self) -> Path:
        """Exists when schema, accounts and sample data are complete."""
        return self.home / "server" / "seeded"

    @property
    def rucio_ready(self) -> Path:
        """Exists when Rucio answers and is filled; gone before each start."""
        return self.home / "run" / "rucio.ready"

    @property
    def short_folder_note(self) -> Path:
        """Names the folder of this start that is elsewhere, for its database's socket."""
        return self.home / "run" / "short_folder"

    @property
    def ports_file(self) -> Path:
        """Ports of the last start, to be taken again if they are free."""
        return self.home / "server" / "ports.json"

    @property
    def database(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "database"

    @property
    def policy_file(self) -> Path:
        """Name of the lake's policy, one line; missing if it was never started."""
        return self.home / "server" / "policy"

    @property
    def policy(self) -> str:
        """The policy that the lake was made with; ``generic`` if it was never started."""
        try:
            return self.policy_file.read_text().strip()
        except OSError:
            return GENERIC

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of the sites."""
        return SITES[self.policy]

    def site(self, name: str) -> Path:
        """Folder that is ``/`` of a site's URLs; Rucio's files lie below ``PREFIX`` in it."""
        return self.home / "sites" / name

    @property
    def trust_lock(self) -> Path:
        """Locked while a process changes ``trust``."""
        return self.home / "run" / "trust.lock"

    @property
    def behaviour(self) -> Path:
        """How the lake behaves (``behaviour.Behaviour``), JSON; gone before each start."""
        return self.home / "run" / "behaviour.json"

    def ports(self) -> Ports | None:
        """Read the ports of the last start, or None before the first."""
        try:
            ports: Ports = json.loads(self.ports_file.read_text())
        except (OSError, ValueError):
            return None
        return ports


def write(path: Path, content: str, *, mode: int = 0o600) -> None:
    """Write a file atomically, with the permissions of ``mode``."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as file:
        file.write(content)
    part.replace(path)


def hold(path: Path) -> None:
    """Lock a file for as long as this process and its children live.

    A process that checks whether it is free holds it for a moment, so this tries for a while.

    Raises
    ------
    BlockingIOError
        Another process holds it.
    """
    lock = os.open(path, os.O_RDWR)  # never closed
    deadline = time.monotonic() + 5
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
