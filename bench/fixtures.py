"""What the questions share: a scratch folder, a lake, users with an agent; removed at the end."""

import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import BenchError, wait_gone
from escape_vre.client import AgentClient
from escape_vre.client.start import answers
from escape_vre.core.errors import EscapeError
from escape_vre.core.location import locate
from escape_vre.local.lake.errors import LakeError
from escape_vre.local.lake.lake import Lake

PREFIX = "escape-vre-bench-"
SCOPE = "bench"

_FOREIGN = ("RUCIO_", "X509_", "JUPYTER", "ESCAPE_VRE_", "IPYTHON", "XDG_RUNTIME_DIR", "OIDC_")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. Bytes, seconds, and counts of runs."""

    files: int = 1000
    file_bytes: int = 100_000
    big_bytes: int = 10**9
    dids: int = 100_000
    members: int = 10_000
    job_files: int = 1_000_000
    runs: int = 3
    quick_runs: int = 9
    starts: int = 11
    probe_s: float = 6.0
    delay_s: float = 3.0
    people: int = 1000
    keycloak_people: int = 100


SMALL = Sizes(
    files=50,
    big_bytes=10**8,
    dids=3000,
    members=500,
    job_files=20_000,
    runs=2,
    quick_runs=3,
    starts=3,
    probe_s=2.0,
    delay_s=1.0,
    people=40,
    keycloak_people=25,
)


class Bench:
    """The scratch folder and the lake in it, made when first used; a context manager."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self._sweep = contextlib.ExitStack()
        self._lake: Lake | None = None
        self._users = 0

    def __enter__(self) -> "Bench":
        """Make the folder, and remove those that killed runs left."""
        _sweep()
        self.scratch = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._sweep.callback(shutil.rmtree, self.scratch, ignore_errors=True)
        self._lock = (self.scratch / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._sweep.callback(self._lock.close)
        return self

    def __exit__(self, *_: object) -> None:
        """End the lake and remove everything."""
        self._sweep.close()

    @property
    def lake(self) -> Lake:
        """A running lake with scope ``bench``; one for all questions of a run."""
        if self._lake is None:
            lake = Lake(self.scratch / "lake", say=lambda sentence: print(sentence, flush=True))
            self._sweep.callback(lake.stop)
            lake.start(tied=True)
            with lake.rest() as rest:
                rest.call("POST", f"/accounts/root/scopes/{SCOPE}")
            self._lake = lake
        return self._lake

    @contextlib.contextmanager
    def user(
        self, *instances: Mapping[str, object], settings: Mapping[str, Any] | None = None
    ) -> "Iterator[User]":
        """Create a user with separate state, configuration and agent.

        Parameters
        ----------
        instances : mapping
            Data lakes, as :meth:`Lake.instance` gives them.
        settings : mapping
            More of ``escape_vre_config.json``.
        """
        self._users += 1
        user = User(self.scratch / f"user-{self._users}")
        user.configure({"DataLake": {"instances": list(instances)}, **(settings or {})})
        before = dict(os.environ)
        try:
            for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
                del os.environ[name]
            os.environ.update(user.environment)
            yield user
        finally:
            try:
                user.stop_agent()
            finally:
                os.environ.clear()
                os.environ.update(before)
                shutil.rmtree(user.home, ignore_errors=True)


class User:
    """A user of escape-vre with separate folders, isolated from the real user's."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.work = home / "work"
        self.config = home / "config"
        for folder in (self.work, self.config, home / "run"):
            folder.mkdir(parents=True, mode=0o700)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of this user."""
        return {
            "ESCAPE_VRE_HOME": str(self.home / "state"),
            "JUPYTER_CONFIG_DIR": str(self.config),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
            # The agent's socket is in our folder too: removing that ends an agent we lost.
            "XDG_RUNTIME_DIR": str(self.home / "run"),
        }

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write ``escape_vre_config.json``; the agent reads it when it starts."""
        (self.config / "escape_vre_config.json").write_text(json.dumps(settings))

    @property
    def command(self) -> str:
        """Path of ``escape-vre`` in the environment that we run in."""
        found = Path(sys.executable).with_name("escape-vre")
        if not found.exists():
            raise BenchError(f"escape-vre is not installed next to {sys.executable}")
        return str(found)

    def start_agent(self) -> int:
        """Start the agent and connect it to the first data lake; returns its pid."""
        client = AgentClient()
        pid = int(client.get("/agent")["pid"])
        if client.get("/datalake/instances")["instances"]:
            client.get("/datalake/whoami")
        return pid

    def stop_agent(self) -> None:
        """End the agent, if one runs, and wait until it is gone."""
        if not answers(locate()):
            return
        client = AgentClient()
        pid = int(client.get("/agent")["pid"])
        client.post("/agent/stop", force="true")
        wait_gone(pid)


REASONS = (BenchError, EscapeError, LakeError, OSError)
"""Errors that prevent a measurement."""


def _sweep() -> None:
    """Remove the folders of runs that were killed: they may hold gigabytes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            print(f"Removing {folder}, left by a killed run.", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
