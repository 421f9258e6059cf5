"""A file of this disk that is sent: the same from beginning to end, and summed on its way."""

import errno
import hashlib
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from escape_vre.core import text
from escape_vre.core.errors import ConflictError, NotFoundError, RemoteError, UsageError
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.pace import Pace
from escape_vre.jobs.transfer.sink import Adler32

BLOCK_BYTES = 1024 * 1024
BLOCKS = 4
PIECE_BYTES = 128 * 1024
"""What is handed to a connection at once, so that a slow one is noticed, bytes."""
THREADED_FROM_BYTES = 4 * BLOCK_BYTES
MD5_BELOW_BYTES = 64 * 1024 * 1024
"""Larger files get no MD5 on their way, which takes five times as long as Adler-32."""
_GONE = (errno.ENOENT, errno.ENOTDIR)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it was found; one that is not the same any more is not sent.

    Parameters
    ----------
    path : str
        Absolute, without symbolic links.
    bytes, mtime_ns, inode, device : int
        What ``stat`` says of it.
    """

    path: str
    bytes: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, path: str, found: os.stat_result) -> Self:
        """Return a file by its status."""
        return cls(path, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)

    def sums(self, control: Control) -> Mapping[str, str]:
        """Read the file for its checksums; raises as :class:`Outgoing` does."""
        with Outgoing(self, control, Pace(), md5=True) as body:
            for _ in body.blocks(counted=False):
                pass
            return body.sums()


class Outgoing:
    """The bytes of a file on their way to a storage; a context manager.

    Parameters
    ----------
    md5 : bool, optional
        Whether to compute MD5 too; default: for files below 64 MiB.

    Raises
    ------
    NotFoundError, UsageError
        It is gone, or may not be read.
    ConflictError
        It is not, or no longer, what it was when it was found.
    """

    def __init__(
        self, file: LocalFile, control: Control, pace: Pace, *, md5: bool | None = None
    ) -> None:
        self.size = file.bytes
        self._wants_md5 = file.bytes < MD5_BELOW_BYTES if md5 is None else md5
        self._file = file
        self._control = control
        self._pace = pace
        self._counted = 0
        self._begin()
        try:
            self._descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as e:
            raise _unreadable(file.path, e) from e
        try:
            self.check_unchanged()
        except BaseException:
            os.close(self._descriptor)
            raise

    def _begin(self) -> None:
        self._control.add_bytes(-self._counted)
        self._counted = 0
        self._adler32 = Adler32()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def blocks(self, *, counted: bool = True) -> Iterator[memoryview]:
        """Yield all of it, from the beginning, in pieces; each is valid until the next.

        Parameters
        ----------
        counted : bool
            Whether the pieces are progress of the job.
        """
        self._begin()
        threaded = self.size >= THREADED_FROM_BYTES
        free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
        filled: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
        for _ in range(BLOCKS if threaded else 1):
            free.put(bytearray(max(1, min(BLOCK_BYTES, self.size))))
        summing = threading.Thread(
            target=self._sum, args=(filled, free), name="escape-vre-sum", daemon=True
        )
        if threaded:
            summing.start()
        try:
            offset = 0
            while offset < self.size:
                block = free.get()
                count = self._read(block, offset)
                yield from self._pieces(memoryview(block)[:count], counted=counted)
                offset += count
                filled.put((block, count))
                if not threaded:
                    filled.put(None)
                    self._sum(filled, free)
        finally:
            if threaded:
                filled.put(None)
                summing.join()

    def _read(self, block: bytearray, offset: int) -> int:
        view = memoryview(block)[: min(len(block), self.size - offset)]
        try:
            count = os.preadv(self._descriptor, [view], offset)
        except OSError as e:
            raise _unreadable(self._file.path, e) from e
        if not count:
            raise _changed(self._file.path)
        return count

    def _pieces(self, view: memoryview, *, counted: bool) -> Iterator[memoryview]:
        for start in range(0, len(view), PIECE_BYTES):
            self._control.check()
            piece = view[start : start + PIECE_BYTES]
            yield piece
            self._pace.advance(len(piece))
            if counted:
                self._counted += len(piece)
                self._control.add_bytes(len(piece))

    def _sum(
        self,
        filled: "queue.SimpleQueue[tuple[bytearray, int] | None]",
        free: "queue.SimpleQueue[bytearray]",
    ) -> None:
        while (item := filled.get()) is not None:
            block, count = item
            view = memoryview(block)[:count]
            self._adler32.update(view)
            if self._wants_md5:
                self._md5.update(view)
            free.put(block)

    def sums(self) -> Mapping[str, str]:
        """Return the checksums of what :meth:`blocks` has yielded to its end: Adler-32, MD5.

        Raises
        ------
        ConflictError
            The file has been changed meanwhile.
        """
        self.check_unchanged()
        md5 = {"md5": self._md5.hexdigest()} if self._wants_md5 else {}
        return {"adler32": self._adler32.hexdigest(), **md5}

    def check_unchanged(self) -> None:
        """Raise ConflictError if the file is not what it was."""
        found = os.fstat(self._descriptor)
        try:
            named = Path(self._file.path).lstat()
        except OSError as e:
            raise _unreadable(self._file.path, e) from e
        for status in (found, named):
            if LocalFile.of(self._file.path, status) != self._file:
                raise _changed(self._file.path)

    def withdraw(self) -> None:
        """Take what was sent out of the job's progress."""
        self._control.add_bytes(-self._counted)
        self._counted = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _changed(path: str) -> ConflictError:
    return ConflictError(
        f"{text.printable(path)} was changed while it was read.",
        hint="Put it again when nothing writes to it any more.",
    )


def _unreadable(path: str, error: OSError) -> NotFoundError | UsageError | RemoteError:
    if error.errno in _GONE:
        return NotFoundError(
            f"{text.printable(path)} is not there any more.", hint="Put the files again."
        )
    if error.errno == errno.ELOOP:
        return UsageError(
            f"{text.printable(path)} has become a symbolic link.", hint="Put the file itself."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UsageError(
            f"You may not read {text.printable(path)}.", hint="Change its permissions."
        )
    return RemoteError(
        f"{text.printable(path)} could not be read: {error.strerror or error}.",
        hint="Check the disk, then try again.",
    )
