"""The machine and programs that the figures were measured on."""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("escape-vre", "jupyterlab", "jupyter-server", "jupyterhub", "oauthenticator")

RUCIO_CACHE = (
    "in the server's process (dogpile.cache.memory_pickle); Rucio without any cache"
    " answers list_replicas of many files some fifty times more slowly"
)


def describe(scratch: Path, *, rucio_python: Path) -> dict[str, Any]:
    """Describe the machine and the programs under test.

    Parameters
    ----------
    scratch : Path
        Folder that the data is written to; its file system is named.
    rucio_python : Path
        The environment of the lake's Rucio, which ``rucio download`` runs in too.

    Returns
    -------
    dict
        Memory in GB (10^9 bytes); load is the mean number of runnable processes in the minute
        before; versions by program.
    """
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "os": _os(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "file_system": _file_system(scratch),
        "load_before": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            **{name: _version(name) for name in _PACKAGES},
            "rucio": _said([str(rucio_python), "-c", _ASK_RUCIO]),
            "curl": _said(["curl", "--version"]).partition(" (")[0].removeprefix("curl "),
        },
        "commit": _said(["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"])[:12],
        "rucio_cache": RUCIO_CACHE,
    }


def is_busy(machine: dict[str, Any]) -> bool:
    """Return whether other programs used much of the machine just before."""
    return bool(machine["load_before"] > 0.3 * machine["cores"])


_ASK_RUCIO = "from importlib.metadata import version; print(version('rucio'))"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return (done.stdout.strip().splitlines() or ["unknown"])[0]


def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _os() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _file_system(folder: Path) -> str:
    """Name the type of the file system: on tmpfs an fsync costs nothing."""
    try:
        lines = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return "unknown"
    mounts = {fields[1]: fields[2] for fields in (line.split() for line in lines)}
    place = folder.resolve()
    return next((mounts[str(p)] for p in (place, *place.parents) if str(p) in mounts), "unknown")
