"""Where a file goes: its part while it is coming, its final name when it is whole."""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escape_vre.core.errors import ConflictError
from escape_vre.jobs.transfer.sink import BUFFER_BYTES, chosen, normal

PARTS = ".escape-vre"
_COPY_BYTES = 8 * 1024 * 1024
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """The final path of one file, and the part and manifest beside it."""

    final: Path

    @property
    def part(self) -> Path:
        """The unfinished file; a hash, for a name of 250 characters has no room for a suffix."""
        digest = hashlib.sha256(os.fsencode(self.final.name)).hexdigest()[:32]
        return self.final.parent / PARTS / digest

    @property
    def manifest(self) -> Path:
        """What the part is of: URL, ETag and size."""
        return self.part.with_suffix(".json")

    def open_part(self) -> int:
        """Make its folder and open the part; returns the descriptor.

        Whoever finishes the only other file there removes the folder, so that it may go while we
        make it and after we have.
        """
        for _ in range(_TRIES):
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                return self._opened()
        return self._opened()

    def _opened(self) -> int:
        self.part.parent.mkdir(mode=0o777, parents=True, exist_ok=True)
        return os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def read_manifest(self) -> dict[str, Any]:
        """Return what the part is of; empty when that is not known."""
        try:
            found = json.loads(self.manifest.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def drop_part(self) -> None:
        """Remove the part, its manifest, and their folder if nothing else is in it."""
        self.part.unlink(missing_ok=True)
        self.manifest.unlink(missing_ok=True)
        self.drop_folder()

    def forget_part(self) -> None:
        """Drop what a killed agent left of a file that is whole by now."""
        if self.part.parent.exists():
            self.drop_part()

    def drop_abandoned(self) -> None:
        """Drop the part unless somebody writes to it."""
        try:
            descriptor = os.open(self.part, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return  # there is none
        try:
            if try_lock(descriptor):
                self.drop_part()
        finally:
            os.close(descriptor)

    def drop_folder(self) -> None:
        """Remove the folder of parts if it is empty."""
        with contextlib.suppress(OSError):  # another file is on its way there
            self.part.parent.rmdir()

    def publish(self) -> None:
        """Give the finished part its final name, never over another file.

        Raises
        ------
        ConflictError
            A file of that name appeared meanwhile.
        """
        try:
            os.link(self.part, self.final)
        except FileExistsError:
            raise occupied(self.final) from None
        except OSError:
            # No hard links here (FAT, some FUSE): look, then rename.
            if self.final.exists():
                raise occupied(self.final) from None
            self.part.rename(self.final)
        self.drop_part()


def try_lock(descriptor: int) -> bool:
    """Take a part for us alone; False while another agent writes to it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def occupied(path: Path) -> ConflictError:
    """Say that something else stands under the final name."""
    return ConflictError(
        f"{path} is there already, with other content.",
        hint="It was left as it is: move or rename it, or get the data to another folder.",
        details={"path": str(path)},
    )


def same_content(path: Path, size: int | None, checksums: Mapping[str, str]) -> bool:
    """Tell whether a file that we have no record of is what the catalogue promises."""
    check = chosen(checksums)
    if check is None or (size is not None and path.stat().st_size != size):
        return False
    kind, checksum = check
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            checksum.update(buffer[:count])
    return checksum.hexdigest() == normal(kind, checksums[kind])


def copy_into(source: Path, descriptor: int) -> int:
    """Copy a file of this machine: as a reflink where the file system can; returns bytes."""
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        done = 0
        try:
            fcntl.ioctl(descriptor, 0x40049409, file.fileno())  # FICLONE, linux/fs.h
            done = size
        except OSError:
            os.ftruncate(descriptor, 0)
        while done < size:
            sent = os.sendfile(descriptor, file.fileno(), done, _COPY_BYTES)
            if sent == 0:
                break
            done += sent
    return done


def device_of(folder: Path) -> Path:
    """Return the nearest folder that exists at or above one that may not."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
