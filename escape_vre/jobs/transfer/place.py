"""Where a file goes: its part while it is coming, its final name when it is whole.

A data folder may be shared: a group writes there, or everybody. So all is done by descriptors of
folders, no link that another user made is followed, and the folder of parts is ours alone.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from escape_vre.core import disk
from escape_vre.core.errors import ConflictError, UsageError
from escape_vre.core.owner import is_file_of
from escape_vre.jobs.transfer.sink import BUFFER_BYTES, chosen, normal

PARTS = ".escape-vre"
MANIFEST_BYTES = 64 * 1024
_COPY_BYTES = 8 * 1024 * 1024
_TRIES = 100
_NO_LINK = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Check = Callable[[], None]


class Place:
    """The final path of one file, and the part and manifest beside it.

    Parameters
    ----------
    final : Path
        Absolute.
    folder : int
        Descriptor of the folder that holds it; closed by :meth:`close`.
    """

    def __init__(self, final: Path, folder: int) -> None:
        self.final = final
        self._folder = folder
        # A hash, for a name of 250 characters has no room for a suffix.
        self._part = hashlib.sha256(os.fsencode(final.name)).hexdigest()[:32]
        self._parts: int | None = None

    @classmethod
    def open(cls, final: Path, *, make: bool = True) -> Self:
        """Open the folder of a file; raises OSError."""
        return cls(final, disk.open_folder(final.parent, make=make))

    def close(self) -> None:
        """Let go of the folders."""
        os.close(self._folder)
        self._close_parts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_taken(self) -> bool:
        """Whether something stands under the final name."""
        try:
            os.lstat(self.final.name, dir_fd=self._folder)
        except FileNotFoundError:
            return False
        return True

    def holds(self, size: int | None, checksums: Mapping[str, str], check: Check) -> bool:
        """Tell whether what stands under the final name is what the catalogue promises."""
        sums = chosen(checksums)
        if sums is None:
            return False
        kind, checksum = sums
        try:
            with reading(self.final.name, folder=self._folder) as descriptor:
                if size is not None and os.fstat(descriptor).st_size != size:
                    return False
                buffer = memoryview(bytearray(BUFFER_BYTES))
                while count := os.readv(descriptor, [buffer]):
                    check()
                    checksum.update(buffer[:count])
        except OSError:
            return False
        return checksum.hexdigest() == normal(kind, checksums[kind])

    def open_part(self) -> int:
        """Make the folder of parts and open the part; returns the descriptor.

        Whoever finishes the only other file there removes the folder, so that it may go while we
        make it and after we have.

        Raises
        ------
        UsageError
            The folder of parts, or the part, belongs to another user.
        """
        for _ in range(_TRIES):
            with contextlib.suppress(FileNotFoundError):
                return self._opened()
        return self._opened()

    def find_part(self) -> int | None:
        """Open the part if there is one; returns the descriptor."""
        try:
            return self._opened(make=False)
        except (OSError, UsageError):
            return None

    def _opened(self, *, make: bool = True) -> int:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(PARTS, 0o700, dir_fd=self._folder)
        self._close_parts()
        self._parts = self._open_parts()
        flags = os.O_RDWR | _NO_LINK | (os.O_CREAT if make else 0)
        try:
            descriptor = os.open(self._part, flags, 0o666, dir_fd=self._parts)
        except OSError as e:
            if e.errno in (errno.ELOOP, errno.EACCES, errno.ENXIO):
                raise self._not_ours() from e
            raise
        found = os.fstat(descriptor)
        owner = os.fstat(self._parts).st_uid
        if not is_file_of(found, owner):
            os.close(descriptor)
            raise self._not_ours()
        return descriptor

    def _open_parts(self) -> int:
        try:
            parts = os.open(PARTS, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=self._folder)
        except OSError as e:
            if e.errno in (errno.ELOOP, errno.EACCES) or self._parts_is_a_link():
                raise self._not_ours() from e
            raise
        try:
            self._check_parts(parts)
        except BaseException:
            os.close(parts)
            raise
        return parts

    def _check_parts(self, parts: int) -> None:
        """Have the folder of parts be ours alone."""
        found = os.fstat(parts)
        if found.st_uid != os.geteuid() and found.st_uid != _owner_of_ours(parts):
            raise self._not_ours()
        if stat.S_IMODE(found.st_mode) & 0o077:
            with contextlib.suppress(OSError):  # FAT and CIFS have no modes to change
                os.fchmod(parts, 0o700)

    def _parts_is_a_link(self) -> bool:
        try:
            return stat.S_ISLNK(os.lstat(PARTS, dir_fd=self._folder).st_mode)
        except OSError:
            return False

    def _not_ours(self) -> UsageError:
        return UsageError(
            f"{self.final.parent / PARTS} belongs to another user, or leads elsewhere.",
            hint="Remove it, or get the data to a folder of your own.",
        )

    def is_part(self, descriptor: int) -> bool:
        """Tell whether an open part still has its name: its last owner may have unlinked it."""
        if self._parts is None:
            return False
        try:
            found = os.lstat(self._part, dir_fd=self._parts)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(descriptor))

    def read_manifest(self) -> dict[str, Any]:
        """Return what the part is of; empty when that is not known."""
        if self._parts is None:
            return {}
        try:
            with reading(f"{self._part}.json", folder=self._parts, links=False) as descriptor:
                found = json.loads(os.read(descriptor, MANIFEST_BYTES))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_manifest(self, body: Mapping[str, Any]) -> None:
        """Write what the part is of: URL, ETag and size."""
        assert self._parts is not None  # noqa: S101 — the part is open
        name = f"{self._part}.json"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._parts)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
        descriptor = os.open(name, flags, 0o600, dir_fd=self._parts)
        try:
            os.write(descriptor, json.dumps(body).encode())
        finally:
            os.close(descriptor)

    @property
    def has_manifest(self) -> bool:
        """Whether it is written down what the part is of."""
        return bool(self.read_manifest())

    def drop_part(self) -> None:
        """Remove the part, its manifest, and their folder if nothing else is in it."""
        if self._parts is None:
            return
        for name in (self._part, f"{self._part}.json"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._parts)
        self.drop_folder()

    def drop_folder(self) -> None:
        """Remove the folder of parts if it is empty."""
        with contextlib.suppress(OSError):  # another file is on its way there
            os.rmdir(PARTS, dir_fd=self._folder)

    def publish(self) -> None:
        """Rename the finished part to its final name, never over another file.

        Raises
        ------
        ConflictError
            A file of that name appeared meanwhile.
        """
        assert self._parts is not None  # noqa: S101 — the part is open
        folders = {"src_dir_fd": self._parts, "dst_dir_fd": self._folder}
        try:
            os.link(self._part, self.final.name, **folders, follow_symlinks=False)
        except FileExistsError:
            raise occupied(self.final) from None
        except OSError:
            # No hard links here (FAT, some FUSE): look, then rename.
            if self.is_taken:
                raise occupied(self.final) from None
            os.replace(self._part, self.final.name, **folders)  # noqa: PTH105 — by descriptor
        self.drop_part()

    def _close_parts(self) -> None:
        if self._parts is not None:
            os.close(self._parts)
            self._parts = None


def drop_abandoned(final: Path) -> None:
    """Drop the part of a file, unless another worker writes to it."""
    with _begun(final) as (place, descriptor):
        if place is not None and disk.lock(descriptor) != "held":
            place.drop_part()


def forget_part(final: Path) -> None:
    """Remove what a killed agent left beside a file that is now complete.

    It may have been killed after it removed the part, and before the part's manifest.
    """
    try:
        place = Place.open(final, make=False)
    except OSError:
        return
    with place:
        descriptor = place.find_part()
        if descriptor is not None:
            os.close(descriptor)
        place.drop_part()


def part_bytes(final: Path) -> int:
    """Return how much has come of a file already, bytes."""
    with _begun(final) as (place, descriptor):
        return os.fstat(descriptor).st_size if place is not None else 0


@contextmanager
def _begun(final: Path) -> Iterator[tuple[Place | None, int]]:
    """Open the part that was begun of a file; None where there is none."""
    try:
        place = Place.open(final, make=False)
    except OSError:
        yield None, -1
        return
    with place:
        descriptor = place.find_part()
        if descriptor is None:
            yield None, -1
            return
        try:
            yield place, descriptor
        finally:
            os.close(descriptor)


def _owner_of_ours(folder: int) -> int:
    """Return who owns what we make in a folder.

    On CIFS, FAT and some FUSE mounts everything belongs to one user, who need not be us.
    """
    name = f"owner-{os.getpid()}"
    with contextlib.suppress(OSError):
        descriptor = os.open(
            name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600, dir_fd=folder
        )
        try:
            return os.fstat(descriptor).st_uid
        finally:
            os.close(descriptor)
            os.unlink(name, dir_fd=folder)
    return -1


@contextmanager
def reading(name: str | Path, *, folder: int | None = None, links: bool = True) -> Iterator[int]:
    """Open a regular file to read; nothing else, so that no FIFO or device holds us up.

    Raises
    ------
    OSError
        It cannot be read, or is no regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(name))
        yield descriptor
    finally:
        os.close(descriptor)


def occupied(path: Path) -> ConflictError:
    """Return the error for a final name that is already taken."""
    return ConflictError(
        f"{path} already exists, with different content.",
        hint="It was not changed. Move or rename it, or get the data to another folder.",
        details={"path": str(path)},
    )


def copy_into(source: int, descriptor: int, check: Check) -> int:
    """Copy an open file of this machine: as a reflink where possible; returns bytes."""
    size = os.fstat(source).st_size
    try:
        fcntl.ioctl(descriptor, 0x40049409, source)  # FICLONE, linux/fs.h
    except OSError:
        os.ftruncate(descriptor, 0)
    else:
        return size
    done = 0
    while done < size:
        check()
        sent = _send(source, descriptor, done)
        if sent == 0:
            break
        done += sent
    return done


def _send(source: int, descriptor: int, offset: int) -> int:
    """Copy a piece within the kernel, or through us where the file systems cannot."""
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.sendfile(descriptor, source, offset, _COPY_BYTES)
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
            raise
    return os.pwrite(descriptor, os.pread(source, _COPY_BYTES, offset), offset)


def device_of(folder: Path) -> Path:
    """Return the nearest folder that exists at or above one that may not."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
