"""A storage that is mounted here: ``file`` addresses below the folders that the site names."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from escape_vre.core import disk
from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.outgoing import LocalFile, Outgoing
from escape_vre.jobs.transfer.sink import disk_error
from escape_vre.jobs.transfer.store import Found


class FolderStore:
    """Puts files below folders of this machine; what is there is read for its checksums."""

    def __init__(self, access: StorageAccess, control: Control) -> None:
        self._access = access
        self._control = control

    def look(self, at: Address) -> Found | None:
        """Return size and checksums of a file, by reading it."""
        with self._folder(at) as folder:
            if folder is None:
                return None
            try:
                status = os.stat(_name(at), dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None
            path = str(self._path(at).parent / _name(at))
            return Found(status.st_size, LocalFile.of(path, status).sums(self._control))

    def put(self, at: Address, body: Outgoing) -> None:
        """Write a file, and have it on disk."""
        with self._folder(at, make=True) as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(_name(at), flags, 0o644, dir_fd=folder)
            try:
                for piece in body.blocks():
                    left = piece
                    while left:
                        left = left[os.write(descriptor, left) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def move(self, at: Address, to: Address) -> bool:
        """Rename a file by a second link, which never replaces another."""
        with self._folder(at) as folder:
            try:
                os.link(_name(at), _name(to), src_dir_fd=folder, dst_dir_fd=folder)
            except FileExistsError:
                return False
            os.unlink(_name(at), dir_fd=folder)
            if folder is not None:
                disk.sync_folder(folder)
            return True

    def remove(self, at: Address) -> bool:
        """Delete a file."""
        with self._folder(at) as folder:
            if folder is None:
                return False
            try:
                os.unlink(_name(at), dir_fd=folder)
            except FileNotFoundError:
                return False
            return True

    def sums(self, at: Address, size: int) -> Mapping[str, str]:
        """Read a file for its checksums."""
        del size
        found = self.look(at)
        return found.checksums if found else {}

    def _path(self, at: Address) -> Path:
        """Return the path of an address, links in its folders resolved; raises outside the roots.

        A folder that is to be made has none that could be followed: it is checked by those above.
        """
        given = Path(os.path.normpath(at.target))
        path = Path(os.path.realpath(given.parent)) / given.name
        roots = [Path(os.path.realpath(root)) for root in self._access.roots()]
        if not any(path.is_relative_to(root) for root in roots):
            raise ConfigurationError(
                f"{at.target} is in no folder that may be used for this instance.",
                hint="An administrator can allow the folder in file_roots.",
            )
        return path

    @contextmanager
    def _folder(self, at: Address, *, make: bool = False) -> Iterator[int | None]:
        """Open the folder of an address; None where there is none."""
        path = self._path(at)
        try:
            if make:
                path.parent.mkdir(parents=True, exist_ok=True)
            try:
                folder = disk.open_folder(path.parent, links=False)
            except FileNotFoundError:
                if make:
                    raise
                yield None
                return
            try:
                yield folder
            finally:
                with suppress(OSError):
                    os.close(folder)
        except OSError as e:
            raise _problem(e, str(path.parent)) from e


def _name(at: Address) -> str:
    return Path(at.target).name


def _problem(error: OSError, where: str) -> EscapeError:
    found = disk_error(error, where)
    found.hint = "Check that the storage is mounted, and that you may write to it."
    return found
