"""What a file system may or may not offer, with a fallback for each; standard library only.

Home and data folders lie on NFS, CIFS, Lustre, EOS and other FUSE mounts, on WSL's DrvFs, and on
cards formatted FAT. Each lacks something that a local disk has. What is a nicety there (a folder
that can be synced, a lock, a reflink) must never fail a transfer or a job.
"""

import errno
import logging
import os
import stat
from pathlib import Path
from typing import Literal

from escape_vre.core.owner import is_writable_to_others

log = logging.getLogger(__name__)

_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF}
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}
_OPEN_FOLDER = os.O_DIRECTORY | os.O_CLOEXEC if hasattr(os, "O_DIRECTORY") else 0
_MAX_LINKS = 40  # as Linux, path_resolution(7)

Lock = Literal["ours", "held", "none"]
"""We hold it; another process does; this file system has no locks."""


class ForeignLinkError(PermissionError):
    """A symbolic link that another user has made, where others can write."""


def sync_folder(folder: Path | int) -> None:
    """Make new names in a folder survive a power cut, where the file system can.

    Parameters
    ----------
    folder : Path or int
        Its path, or a descriptor of it.

    Raises
    ------
    OSError
        The disk failed. A folder that cannot be opened or synced at all is no error.
    """
    if isinstance(folder, int):
        return _sync(folder)
    try:
        descriptor = os.open(folder, os.O_RDONLY | _OPEN_FOLDER)
    except OSError:
        return None  # readable to its group alone, say: a nicety
    try:
        return _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as e:
        if e.errno not in _UNSUPPORTED:
            raise


def lock(descriptor: int, *, shared: bool = False, wait: bool = False) -> Lock:
    """Lock an open file (``flock``).

    Parameters
    ----------
    wait : bool
        Wait until it is free, instead of answering ``held``.
    """
    import fcntl  # here, so that native Windows gets to the sentence that points to WSL

    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    try:
        fcntl.flock(descriptor, how)
    except OSError as e:
        if e.errno in _HELD:
            return "held"
        # ENOSYS: Lustre without "flock"; ENOLCK: NFS without lockd; EINVAL and ENOTSUP: FUSE.
        log.warning("this file system has no locks: %s", e.strerror)
        return "none"
    return "ours"


def open_folder(path: Path, *, make: bool = False, links: bool = True) -> int:
    """Open a folder, following no symbolic link that another user may have planted.

    A link is followed when it is ours or root's, when it belongs to the owner of the folder that
    holds it, or when nobody but that owner can write there. This is what Linux does itself in
    sticky folders (``fs.protected_symlinks``), for folders that a group shares too.

    Parameters
    ----------
    path : Path
        Absolute.
    make : bool
        Make the folders that are missing.
    links : bool
        Follow links as above; else none at all.

    Returns
    -------
    int
        Its descriptor, which stays the same folder whatever is renamed meanwhile.

    Raises
    ------
    OSError
        It cannot be opened; ForeignLinkError for a link that is not followed.
    """
    pending = [part for part in reversed(path.parts[1:]) if part != "."]
    here = os.open("/", _search())
    followed = 0
    try:
        while pending:
            name = pending.pop()
            try:
                found = os.open(name, _search() | os.O_NOFOLLOW, dir_fd=here)
            except FileNotFoundError:
                if not make:
                    raise
                _make(name, here)
                pending.append(name)
                continue
            except OSError as e:
                if e.errno not in (errno.ENOTDIR, errno.ELOOP) or not links:
                    raise
                followed += 1
                target = _target(name, here, path, too_many=followed > _MAX_LINKS)
                pending += [part for part in reversed(target.parts) if part not in ("/", ".")]
                if not target.is_absolute():
                    continue
                found = os.open("/", _search())
            os.close(here)
            here = found
        return os.open(".", os.O_RDONLY | _OPEN_FOLDER, dir_fd=here)
    finally:
        os.close(here)


def _search() -> int:
    """Return flags that open a folder which may be passed but not listed, where there are such."""
    return getattr(os, "O_PATH", os.O_RDONLY) | _OPEN_FOLDER


def _make(name: str, folder: int) -> None:
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
            raise  # a dangling link is in the way


def _target(name: str, folder: int, path: Path, *, too_many: bool) -> Path:
    """Return where a link leads that may be followed."""
    link = os.lstat(name, dir_fd=folder)
    if not stat.S_ISLNK(link.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if too_many:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    holder = os.fstat(folder)
    if is_writable_to_others(holder) and link.st_uid not in (os.geteuid(), 0, holder.st_uid):
        raise ForeignLinkError(errno.EPERM, "another user has made this link", str(path))
    target = os.readlink(name, dir_fd=folder)
    again = os.lstat(name, dir_fd=folder)
    if (again.st_ino, again.st_ctime_ns) != (link.st_ino, link.st_ctime_ns):
        raise ForeignLinkError(errno.EPERM, "this link is being replaced", str(path))
    return Path(target)
