"""Processes of the node: started in its network namespace, found there again by whoever ends it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.places import CONTROL_GROUP, LOGS, NETWORK, PIDS

_NAMESPACE = Path("/run/netns", NETWORK)
# Kept: Python warns of processes that nobody remembers, and ours are to outlive us.
_started: list["subprocess.Popen[bytes]"] = []


def inside(*command: str | Path) -> list[str]:
    """Return a command that runs in the node's network namespace.

    By ``nsenter``: ``ip netns exec`` mounts /sys anew, and hides the control groups.
    """
    return ["nsenter", f"--net={_NAMESPACE}", *map(str, command)]


def start(name: str, *command: str | Path) -> None:
    """Start a daemon of the node, its output in a log file of its name."""
    with (LOGS / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            inside(*command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started.append(process)
    (PIDS / name).write_text(str(process.pid))
    # Before it is in the namespace, it counts as one that does not run.
    while process.poll() is None and process.pid not in _in_namespace():
        time.sleep(0.01)


def runs(name: str) -> bool:
    """Say whether a daemon runs."""
    return _pid(name) in ours()


def stop(name: str, *, grace_s: float = 10.0) -> None:
    """End a daemon, by force after a while; return when it has ended."""
    if (pid := _pid(name)) and pid in ours():
        end([pid], grace_s=grace_s)


def said(name: str, lines: int = 8) -> str:
    """Return the last lines of a daemon's log."""
    with contextlib.suppress(OSError):
        return "\n".join((LOGS / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
    return ""


def end(pids: Iterable[int], *, grace_s: float) -> None:
    """End processes, by force those that are still there after a while.

    Raises
    ------
    ClusterError
        One is still there.
    """
    left = set(pids)
    for number, limit_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 60.0)):
        if not limit_s:
            continue
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + limit_s
        while (left := {pid for pid in left if _lives(pid)}) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not left:
            return
    raise ClusterError(f"Processes {sorted(left)} of the cluster could not be stopped.")


def ours() -> set[int]:
    """Return every process in the node's network namespace or in a pod, save our own family.

    By where they are, not by what was written down: a killed run wrote nothing, and a number
    in a file may be another process by now.
    """
    family = set(_family())
    return (_in_namespace() | _in_pods()) - family


def pods_groups() -> list[Path]:
    """Return the control groups below which pods are, one of each hierarchy there is."""
    top = Path("/sys/fs/cgroup")
    return [
        path for path in (top / CONTROL_GROUP, *top.glob(f"*/{CONTROL_GROUP}")) if path.is_dir()
    ]


def _in_namespace() -> set[int]:
    try:
        wanted = _NAMESPACE.stat()
    except FileNotFoundError:
        return set()
    found = set()
    for pid in _all():
        with contextlib.suppress(OSError):
            if os.path.samestat(Path(f"/proc/{pid}/ns/net").stat(), wanted) and _lives(pid):
                found.add(pid)
    return found


def _in_pods() -> set[int]:
    found: set[int] = set()
    for group in pods_groups():
        for folder, _, _ in os.walk(group):  # which goes on where one vanishes
            with contextlib.suppress(OSError):
                said = Path(folder, "cgroup.procs").read_text()
                found.update(int(line) for line in said.split())
    return {pid for pid in found if _lives(pid)}


def _all() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _family() -> Iterator[int]:
    """Yield us and our ancestors, who may have come in by ``nsenter``."""
    pid = os.getpid()
    while pid > 1:
        yield pid
        pid = int(_stat(pid)[1])


def _pid(name: str) -> int:
    try:
        return int((PIDS / name).read_text())
    except (OSError, ValueError):
        return 0


def _lives(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _stat(pid: int) -> list[str]:
    """Return what /proc says from the state on; a program's name may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
