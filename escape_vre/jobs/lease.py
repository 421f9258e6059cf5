"""Ownership of jobs when several nodes share the state directory.

The owner of a job is whoever made its lease of the highest number, ``lease.<n>``. A lease is made
with ``O_EXCL``, which NFS keeps exclusive too, so of two agents that see the same silent owner one
takes over. Silence is judged by the file server's clock alone: the nodes' own may differ.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core.location import host_key, is_free

RENEW_S = 15.0
SILENT_S = 60.0


@dataclass(frozen=True, slots=True)
class Owner:
    """One agent: its host, its process, and the lock that it holds while it runs."""

    host: str
    pid: int
    lock: str

    @classmethod
    def this(cls, lock: Path) -> "Owner":
        """Return the owner that this process is."""
        return cls(host_key(), os.getpid(), str(lock))

    @property
    def is_dead(self) -> bool:
        """Whether the owner is on this host and its lock is free; False if unknown."""
        return self.host == host_key() and is_free(Path(self.lock))


class Lease:
    """One agent's hold on one job."""

    def __init__(self, home: Path, number: int, owner: Owner) -> None:
        self._home = home
        self._number = number
        self._owner = owner

    @property
    def _path(self) -> Path:
        return self._home / f"lease.{self._number}"

    @classmethod
    def take(cls, home: Path, me: Owner) -> "Lease | None":
        """Take a job without an owner, or with a dead or silent one.

        Returns
        -------
        Lease or None
            None when another agent holds it, or was quicker.

        Raises
        ------
        OSError
            The disk is full or failed; no lease of ours is left.
        """
        number = _highest(home)
        if number and not _abandoned(home, number, me):
            return None
        lease = cls(home, number + 1, me)
        try:
            descriptor = os.open(
                lease._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )
        except (FileExistsError, FileNotFoundError):
            return None  # another agent was quicker, or has finished it
        body = json.dumps({"host": me.host, "pid": me.pid, "lock": me.lock}).encode()
        try:
            os.write(descriptor, body)
            os.fsync(descriptor)
        except OSError:
            lease._path.unlink()
            raise
        finally:
            os.close(descriptor)
        for older in range(1, number + 1):
            (home / f"lease.{older}").unlink(missing_ok=True)
        return lease

    def renew(self) -> bool:
        """Renew the lease; False if the job now has another owner.

        Raises
        ------
        OSError
            The disk failed, so that it is not known; try again soon.
        """
        if not self.holds():
            return False
        try:
            os.utime(self._path)  # no times given: the file server's clock sets them
        except FileNotFoundError:
            return False  # taken over since we looked
        return True

    def holds(self) -> bool:
        """Return whether the job is still ours; checked before every write. Raises OSError."""
        return _highest(self._home) == self._number


def _highest(home: Path) -> int:
    try:
        names = [path.name for path in home.iterdir()]
    except FileNotFoundError:
        return 0
    numbers = [name.removeprefix("lease.") for name in names if name.startswith("lease.")]
    return max((int(n) for n in numbers if n.isdigit()), default=0)


def _abandoned(home: Path, number: int, me: Owner) -> bool:
    path = home / f"lease.{number}"
    try:
        found = json.loads(path.read_bytes())
        owner = Owner(str(found["host"]), int(found["pid"]), str(found["lock"]))
    except (OSError, ValueError, KeyError, TypeError):
        owner = None  # made, but not written yet, or torn: only its silence tells
    if owner is not None:
        if (owner.host, owner.lock) == (me.host, me.lock):
            return owner.pid != me.pid  # we hold that very lock, so its earlier holder is gone
        if owner.is_dead:
            return True
    try:
        return _server_time(home) - path.stat().st_mtime > SILENT_S
    except OSError:
        return False


def _server_time(home: Path) -> float:
    """Return the file server's present time, seconds since 1970."""
    probe = home / f".clock-{os.getpid()}"
    probe.touch()
    try:
        os.utime(probe)
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)
