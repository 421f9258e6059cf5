"""One demo: a lake, a JupyterLab and an agent, which start and stop together."""

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.owner import claim
from escape_vre.local.lake.lake import Lake

STAGING_S = 5.0
"""How much longer it takes if the file is on tape."""
CAPACITIES = (20 * 10**9, 5 * 10**9)
"""Bytes that fit onto the lake's sites."""
START_TIMEOUT_S = 60.0
NOTEBOOK = "Start here.ipynb"
TRANSFER_S = 2.0
"""How long a transfer between the lake's sites takes: long enough to be seen."""


@dataclass(frozen=True, slots=True)
class Place:
    """The demo's folders; nothing is written outside."""

    home: Path

    @property
    def work(self) -> Path:
        """What JupyterLab shows."""
        return self.home / "work"

    @property
    def log(self) -> Path:
        """JupyterLab's log."""
        return self.home / "jupyter.log"

    def environment(self) -> dict[str, str]:
        """Return the variables that make Jupyter and its kernels use only these folders."""
        return {
            "ESCAPE_VRE_HOME": str(self.home / "state"),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "IPYTHONDIR": str(self.home / "ipython"),
            "MPLCONFIGDIR": str(self.home / "matplotlib"),
        }


class Demo:
    """Starts everything on entering, stops everything it started on leaving.

    Parameters
    ----------
    home : Path
        Where the demo keeps its state; survives, so that the next start is quicker.
    port : int
        Port of JupyterLab; 0 for any free one.
    """

    def __init__(self, home: Path, *, port: int = 8888) -> None:
        self.place = Place(home.absolute())
        self.lake = Lake(self.place.home / "lake")
        self.token = secrets.token_urlsafe(24)
        self._port = port
        self._jupyter: subprocess.Popen[bytes] | None = None
        self._base = ""

    def __enter__(self) -> Self:
        for module in ("jupyterlab", "ipykernel", "matplotlib", "astropy"):
            if importlib.util.find_spec(module) is None:
                raise ConfigurationError(
                    f"The demo needs {module}, which is not installed.",
                    hint="Install it with: pip install 'escape-vre[demo]'",
                )
        try:
            self.place.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            claim(self.place.home, hint="Choose another folder with --home.")
            self.lake.start(tied=True)
            self.lake.transfers_take(TRANSFER_S, staging_s=STAGING_S)
            for site, size in zip(self.lake.sites, CAPACITIES, strict=True):
                self.lake.limit_storage(site, size)
            self._configure()
            self._start_jupyter()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def url(self, path: str = "lab", **query: str) -> str:
        """Return a URL of the running JupyterLab, with its token."""
        return f"{self._base}{quote(path)}?{urlencode({**query, 'token': self.token})}"

    @property
    def start_url(self) -> str:
        """The one URL to open."""
        return self.url(f"lab/tree/{NOTEBOOK}")

    @property
    def connection(self) -> dict[str, str]:
        """The information that another program needs to use this demo."""
        return {
            "url": self._base,
            "token": self.token,
            "start_url": self.start_url,
            "contents_root": str(self.place.work),
            "home": str(self.place.home),
        }

    def wait(self) -> int:
        """Wait until JupyterLab ends; returns its exit code."""
        assert self._jupyter is not None  # noqa: S101 — entered before
        return self._jupyter.wait()

    def stop(self) -> None:
        """End JupyterLab with its kernels, the agent and the lake."""
        # A second Ctrl-C must not leave half of it behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._stop_jupyter()
            self._stop_agent()
            self.lake.stop()
        finally:
            signal.signal(signal.SIGINT, before)

    def _configure(self) -> None:
        folder = self.place.home / "config" / "escape_vre_config.d"
        folder.mkdir(parents=True, exist_ok=True)
        instance = self.lake.instance() | {"upload_rse": self.lake.sites[0]}
        (folder / "demo.json").write_text(
            json.dumps({"DataLake": {"instances": [instance]}}, indent=1)
        )
        settings = self.place.home / "config" / "lab" / "user-settings" / "escape-vre"
        settings.mkdir(parents=True, exist_ok=True)
        chosen = settings / "datalake.jupyterlab-settings"
        if not chosen.exists():
            chosen.write_text('{"showAtStart": true}\n')
        # Do not ask on first use whether to fetch news from elsewhere.
        quiet = settings.parent / "@jupyterlab" / "apputils-extension"
        quiet.mkdir(parents=True, exist_ok=True)
        news = quiet / "notification.jupyterlab-settings"
        if not news.exists():
            news.write_text('{"fetchNews": "false", "checkForUpdates": false}\n')
        self.place.work.mkdir(exist_ok=True)
        ours = Path(__file__).parent
        _copy_once(ours / "start_here.ipynb", self.place.work / NOTEBOOK)
        for story in (ours / "stories").glob("*.ipynb"):
            _copy_once(story, self.place.work / "stories" / story.name)

    def _start_jupyter(self) -> None:
        runtime = self.place.home / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        for old in runtime.glob("jpserver-*"):
            old.unlink()
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self._port}",
            f"--ServerApp.root_dir={self.place.work}",
        ]
        if os.geteuid() == 0:
            command.append("--allow-root")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RUCIO_", "X509_"))}
        # The token goes by the environment: everybody may read a process's arguments.
        environment = kept | self.place.environment() | {"JUPYTER_TOKEN": self.token}
        with self.place.log.open("wb") as log:
            self._jupyter = subprocess.Popen(  # noqa: S603 — our own interpreter, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        record = runtime / f"jpserver-{self._jupyter.pid}.json"
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._base:
            if self._jupyter.poll() is not None or time.monotonic() > deadline:
                raise EscapeError(
                    f"JupyterLab did not start: {self._last_words()}",
                    hint=f"See its log: {self.place.log}.",
                )
            with contextlib.suppress(OSError, ValueError, KeyError):
                found = json.loads(record.read_text())
                # Jupyter writes the record before it listens.
                socket.create_connection(("127.0.0.1", found["port"]), timeout=1).close()
                self._base = str(found["url"])
            time.sleep(0.05)

    def _last_words(self) -> str:
        lines = self.place.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output."

    def _stop_jupyter(self) -> None:
        if self._jupyter is None or self._jupyter.poll() is not None:
            return
        self._jupyter.send_signal(signal.SIGTERM)
        try:
            self._jupyter.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self._jupyter.pid, signal.SIGKILL)
            self._jupyter.wait()

    def _stop_agent(self) -> None:
        environment = {**os.environ, **self.place.environment()}
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [sys.executable, "-m", "escape_vre", "agent", "stop", "--force"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=15,
                check=False,
            )


def record_of(demo: Demo) -> str:
    """Return the line that ``--json`` prints."""
    found: dict[str, Any] = demo.connection
    return json.dumps(found)


def _copy_once(file: Path, to: Path) -> None:
    """Give the user a copy to change; one that is there is the user's."""
    to.parent.mkdir(exist_ok=True)
    if not to.exists():
        to.write_bytes(file.read_bytes())
