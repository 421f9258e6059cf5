"""What on this machine is ours: folders, and the process at the other end of a socket.

Standard library only: every client of the agent asks here before it connects.
"""

import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

from escape_vre.core.errors import ConfigurationError

MAX_LINKS = 40
"""Symbolic links on the way to a folder after which the kernel gives up too."""

_LOCAL_PEERCRED = 1
"""macOS, ``sys/un.h``; Python's socket module does not name it."""


def check_private(folder: Path) -> None:
    """Check that a folder is ours, and that no other user can write to it or replace it.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ConfigurationError
        It is another user's, a symbolic link, or others can write to it or to a folder above.
    """
    found = folder.lstat()
    if found.st_uid != os.getuid():
        raise ConfigurationError(
            f"{folder} belongs to someone else, so it is not safe to use.",
            hint="Ask your administrator to remove it, or set XDG_RUNTIME_DIR to a folder that"
            " only you can write to.",
        )
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(
            f"{folder} is not a folder, so it is not safe to use.",
            hint=f"Remove it (rm {folder}), then try again.",
        )
    if is_writable_to_others(found):
        raise ConfigurationError(
            f"Other users can write to {folder}, so it is not safe to use.",
            hint=f"Remove it (rm -r {folder}), then try again.",
        )
    if reason := why_replaceable(folder.parent):
        raise ConfigurationError(
            f"{reason}, so {folder} is not safe to use.",
            hint="Set XDG_RUNTIME_DIR to a folder that only you can write to.",
        )


def claim(folder: Path, *, hint: str) -> None:
    """Check that a folder is ours or root's, and take from others the right to write to ours.

    For what lies where we were told to put it, links included. Kubernetes gives a volume's group
    that right at every mount (``fsGroup``).

    Parameters
    ----------
    hint : str
        What a person can do about a folder of another user.

    Raises
    ------
    ConfigurationError
        It belongs to another user.
    """
    found = folder.stat()
    if not is_trusted(found):
        raise ConfigurationError(
            f"{folder} belongs to another user, so it is not safe to use.", hint=hint
        )
    others = stat.S_IWGRP | stat.S_IWOTH
    if found.st_uid == os.getuid() and found.st_mode & others:
        folder.chmod(stat.S_IMODE(found.st_mode) & ~others)


def why_replaceable(folder: Path) -> str | None:
    """Say why other users can replace what is in a folder; None when they cannot.

    Every folder and link on the way counts: each must belong to us or to root, and where others
    can write, the sticky bit must keep them from renaming what is not theirs.
    """
    try:
        for step, found in _steps(folder):
            if not is_trusted(found):
                return f"{step} belongs to another user"
            writable = stat.S_IWOTH | (stat.S_IWGRP if found.st_gid != 0 else 0)
            shared = stat.S_ISDIR(found.st_mode) and found.st_mode & writable
            if shared and not found.st_mode & stat.S_ISVTX:
                return f"Other users can write to {step}"
    except OSError as e:
        return f"{e.filename} cannot be used ({e.strerror})"
    return None


def is_file_of(found: os.stat_result, uid: int) -> bool:
    """Tell whether this is a regular file of one user, with no second name.

    That would be a hard link which another user has made to some other file of that user.
    """
    return stat.S_ISREG(found.st_mode) and found.st_uid == uid and found.st_nlink < 2


def is_writable_to_others(found: os.stat_result) -> bool:
    """Tell whether users other than the owner may write."""
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def is_trusted(found: os.stat_result) -> bool:
    """Tell whether something belongs to us or to root."""
    return found.st_uid in _trusted()


class Connected(Protocol):
    """A connected socket, or what asyncio shows of one."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """Return an option, as ``socket.getsockopt`` does."""
        ...


def check_peer(connection: Connected, path: Path) -> None:
    """Check, before a byte is sent, that the process at the other end runs as us.

    Raises
    ------
    ConfigurationError
        It is another user's.
    """
    if peer_uid(connection) != os.getuid():
        raise ConfigurationError(
            f"A process of another user listens on {path}, so nothing was sent to it.",
            hint=f"Remove the folder (rm -r {path.parent}), then try again.",
        )


def peer_uid(connection: Connected) -> int | None:
    """Return the user id of the process at the other end; None where the system does not say.

    Notes
    -----
    Linux: ``SO_PEERCRED``, unix(7). macOS: ``LOCAL_PEERCRED``, a ``struct xucred``, unix(4).
    """
    try:
        if sys.platform == "linux":
            packed = connection.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("iII")
            )
            return int(struct.unpack("iII", packed)[1])
        if sys.platform == "darwin":
            packed = connection.getsockopt(0, _LOCAL_PEERCRED, 76)
            return int(struct.unpack_from("II", packed)[1])
    except (OSError, struct.error):
        return None
    return None


def _steps(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every folder and link that is passed on the way to a path, and the path itself."""
    at = Path("/")
    yield at, at.lstat()
    ahead = list(reversed(path.absolute().parts[1:]))
    links = 0
    while ahead:
        part = ahead.pop()
        if part == "..":
            at = at.parent
            continue
        step = at / part
        found = step.lstat()
        yield step, found
        if not stat.S_ISLNK(found.st_mode):
            at = step
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError(0, "too many symbolic links", str(path))
        target = step.readlink()
        if target.is_absolute():
            at = Path("/")
        ahead.extend(reversed(target.parts[1:] if target.is_absolute() else target.parts))


def _trusted() -> frozenset[int]:
    return frozenset({os.getuid(), *_administrators()})


@cache
def _administrators() -> frozenset[int]:
    """Return root, and who stands for root where a container has no root of its own.

    In a user namespace of one user (Apptainer) what belongs to the machine's root is shown as the
    overflow user's, whom nobody can be there.
    """
    try:
        overflow = int(Path("/proc/sys/kernel/overflowuid").read_text())
        mapped = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    except (OSError, ValueError):
        return frozenset({0})  # not Linux
    if any(int(first) <= overflow < int(first) + int(count) for first, _, count in mapped):
        return frozenset({0})
    return frozenset({0, overflow})
