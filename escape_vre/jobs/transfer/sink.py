"""Writes bytes to a part and computes the checksum, in a separate thread for large files."""

import errno
import hashlib
import os
import queue
import threading
import zlib
from collections.abc import Mapping
from typing import Protocol, Self

from escape_vre.core import disk
from escape_vre.core.errors import EscapeError, QuotaError, RemoteError, UsageError

BUFFER_BYTES = 1024 * 1024
BUFFERS = 4
SYNC_BYTES = 128 * 1024 * 1024

_datasync = getattr(os, "fdatasync", os.fsync)  # macOS has fsync alone


class Checksum(Protocol):
    """A checksum."""

    def update(self, data: memoryview, /) -> None:
        """Add bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the sum so far, hexadecimal."""
        ...


class Adler32:
    """Adler-32 (RFC 1950), the usual checksum of grid storages; 8 hexadecimal digits."""

    def __init__(self) -> None:
        self._value = 1

    def update(self, data: memoryview, /) -> None:
        """Add bytes."""
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        """Return the sum so far."""
        return f"{self._value:08x}"


def chosen(checksums: Mapping[str, str]) -> tuple[str, Checksum] | None:
    """Choose the checksum: Adler-32 if known, because it costs a fifth of MD5."""
    if checksums.get("adler32"):
        return "adler32", Adler32()
    if checksums.get("md5"):
        return "md5", hashlib.md5(usedforsecurity=False)
    return None


def normal(kind: str, value: str) -> str:
    """Write a checksum as we compare it: some catalogues drop leading zeros."""
    return value.lower().zfill(8 if kind == "adler32" else 32)


class Sink:
    """An open part, and its checksum.

    Parameters
    ----------
    descriptor : int
        The part, open for writing at its end; not closed here.
    checksum : Checksum or None
        Has already seen what the part held before.
    threaded : bool
        Write and sum in a second thread while the next buffer is read.
    size : int
        Length of each buffer, bytes.
    """

    def __init__(
        self, descriptor: int, checksum: Checksum | None, *, threaded: bool, size: int
    ) -> None:
        self._descriptor = descriptor
        self._checksum = checksum
        self._free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
        self._filled: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None
        self._syncing: threading.Thread | None = None
        self._unsynced = 0
        for _ in range(BUFFERS if threaded else 1):
            self._free.put(bytearray(size))
        if threaded:
            self._thread = threading.Thread(target=self._drain, name="escape-vre-write")
            self._thread.start()

    def buffer(self) -> bytearray:
        """Return a buffer to read into; waits until one has been written."""
        return self._free.get()

    def put(self, buffer: bytearray, count: int) -> None:
        """Have the first ``count`` bytes written, and the buffer back."""
        if self._error is not None:
            raise self._error
        if self._thread is not None:
            self._filled.put((buffer, count))
            return
        self._write(memoryview(buffer)[:count])
        self._free.put(buffer)

    def _drain(self) -> None:
        while (item := self._filled.get()) is not None:
            buffer, count = item
            if self._error is None:
                try:
                    self._write(memoryview(buffer)[:count])
                except OSError as e:
                    self._error = e
            self._free.put(buffer)

    def _write(self, data: memoryview) -> None:
        if self._checksum is not None:
            self._checksum.update(data)
        self._unsynced += len(data)
        while data:
            data = data[os.write(self._descriptor, data) :]
        if self._unsynced >= SYNC_BYTES and (self._syncing is None or not self._syncing.is_alive()):
            self._unsynced = 0
            self._syncing = threading.Thread(target=self._sync, name="escape-vre-sync")
            self._syncing.start()

    def _sync(self) -> None:
        """Sync written bytes during the transfer, so that the last fsync is short."""
        try:
            _datasync(self._descriptor)
        except OSError as e:
            self._error = e

    def close(self) -> None:
        """Wait until everything is written; raises the OSError that writing met."""
        if self._thread is not None:
            self._filled.put(None)
            self._thread.join()
            self._thread = None
        if self._syncing is not None:
            self._syncing.join()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.close()
        except OSError:
            if kind is None:
                raise


def disk_error(error: OSError, where: str) -> EscapeError:
    """Convert a failed write to an error."""
    if isinstance(error, disk.ForeignLinkError):
        return UsageError(
            f"{where} leads through a symbolic link that another user has made.",
            hint="Remove the link, or choose a folder of your own.",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return QuotaError(
            f"Not enough space in {where}: the disk is full.",
            hint="Free some space, or get the data to another folder, then try again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UsageError(
            f"You may not write to {where}.",
            hint="Choose another folder, or ask your administrator for permission.",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UsageError(
            f"{where} cannot be used as a folder: a file with this name exists.",
            hint="Move the file away, or choose another folder.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return UsageError(
            f"The path below {where} is too long for this disk.",
            hint="Choose a folder with a shorter path.",
        )
    return RemoteError(
        f"Could not write to {where}: {error.strerror or error}.",
        hint="Check the disk, then try again.",
    )
