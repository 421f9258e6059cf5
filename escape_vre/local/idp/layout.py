"""Where everything of one identity provider lies: the one place that knows file names."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

HOST = os.environ.get("ESCAPE_VRE_LOCAL_HOST") or "127.0.0.1"
"""As a lake's, and for the same tests."""
REALM = "escape"


class State(TypedDict, total=False):
    """What the supervisor writes for others to read.

    ``pids`` maps a part's name to its process; ``problem`` is there when ``state`` is
    ``failed``.
    """

    state: str
    pids: dict[str, int]
    problem: str


@dataclass(frozen=True)
class Layout:
    """Paths of the provider whose folder is ``home``."""

    home: Path

    @property
    def passwords(self) -> Path:
        """Folder of the users' passwords, 0700."""
        return self.home / "passwords"

    @property
    def secrets(self) -> Path:
        """Folder of the clients' secrets, 0700."""
        return self.home / "secrets"

    def password(self, user: str) -> Path:
        """Password of a user, one line, 0600; a name may hold anything."""
        return self.passwords / _file_name(user)

    def secret(self, client: str) -> Path:
        """Secret of a client, or of ``admin``, which may do everything; one line, 0600."""
        return self.secrets / _file_name(client)

    @property
    def database(self) -> Path:
        """Keycloak's data: a folder with an H2 database."""
        return self.home / "database"

    @property
    def port_file(self) -> Path:
        """TCP port of the last start, to be taken again: it is part of the issuer."""
        return self.home / "run" / "port"

    @property
    def realm_file(self) -> Path:
        """Says which realm was made in the database; missing until it is complete."""
        return self.home / "run" / "realm"

    def log(self, part: str) -> Path:
        """Log of one process, of this start; the one before has the suffix ``.1``."""
        return self.home / "log" / f"{part}.log"

    @property
    def supervisor_lock(self) -> Path:
        """Locked (``flock``) for as long as the supervisor lives."""
        return self.home / "run" / "supervisor.lock"

    @property
    def start_lock(self) -> Path:
        """Locked while somebody starts, stops or erases the provider."""
        return self.home / "run" / "start.lock"

    @property
    def state_file(self) -> Path:
        """The supervisor's ``State``, JSON."""
        return self.home / "run" / "state.json"

    def state(self) -> State:
        """Read what the supervisor said last; empty if it said nothing."""
        try:
            state: State = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}
        return state

    def port(self) -> int | None:
        """Read the port of the last start, or None before the first."""
        try:
            return int(self.port_file.read_text())
        except (OSError, ValueError):
            return None


def base_url(port: int) -> str:
    """Give the URL below which everything of Keycloak is."""
    return f"http://{HOST}:{port}"


def _file_name(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")
