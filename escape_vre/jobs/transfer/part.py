"""The part of a file: who writes to it, what it holds already, whether it is kept."""

import os
import threading
import time
from dataclasses import dataclass

from escape_vre.core import disk
from escape_vre.core.errors import EscapeError, IntegrityError
from escape_vre.core.service import FileSource
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.place import Place, occupied
from escape_vre.jobs.transfer.refusals import mismatch, wrong_size
from escape_vre.jobs.transfer.sink import BUFFER_BYTES, Checksum, chosen, normal

_LOCK_S = 0.1

Sums = tuple[str, Checksum] | None


@dataclass(slots=True)
class Part:
    """An open part and what is known of its content."""

    place: Place
    descriptor: int
    offset: int
    url: str
    etag: str

    def restart(self, control: Control) -> None:
        """Start again at the first byte."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        control.add_bytes(-self.offset)
        self.offset = 0

    def close(self) -> None:
        """Let others have it."""
        _writers.release(self.descriptor)
        os.close(self.descriptor)


class _Writers:
    """Which parts this process writes to, where the file system has no locks to tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[tuple[int, int]] = set()

    def claim(self, descriptor: int) -> bool:
        """Take a part; False while another worker has it."""
        with self._lock:
            if self._key(descriptor) in self._open:
                return False
            self._open.add(self._key(descriptor))
            return True

    def release(self, descriptor: int) -> None:
        """Give a part back before it is closed."""
        with self._lock:
            self._open.discard(self._key(descriptor))

    @staticmethod
    def _key(descriptor: int) -> tuple[int, int]:
        found = os.fstat(descriptor)
        return found.st_dev, found.st_ino


_writers = _Writers()


def open_part(place: Place, source: FileSource, control: Control) -> Part:
    """Open the part exclusively; wait for another agent that writes to it."""
    while True:
        descriptor = place.open_part()
        try:
            lock = disk.lock(descriptor)
            if lock == "ours" or (lock == "none" and _writers.claim(descriptor)):
                if place.is_part(descriptor):
                    break
                _writers.release(descriptor)
            control.check()
            time.sleep(_LOCK_S)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if place.is_taken:
            raise occupied(place.final)
    found = place.read_manifest()
    offset = os.fstat(descriptor).st_size
    usable = (
        found.get("ref") == source.ref
        and found.get("bytes") == source.bytes
        and source.bytes is not None
        and offset <= source.bytes
    )
    if not usable:
        os.ftruncate(descriptor, 0)
        offset, found = 0, {}
    control.add_bytes(offset)
    return Part(place, descriptor, offset, str(found.get("url", "")), str(found.get("etag", "")))


def problem_of(part: Part, source: FileSource, sums: Sums, host: str) -> EscapeError | None:
    """Compare what came with the catalogue."""
    if source.bytes is not None and part.offset != source.bytes:
        return wrong_size(source.bytes, str(part.offset), host)
    if sums is None:
        return None
    kind, checksum = sums
    promised = normal(kind, source.checksums[kind])
    found = checksum.hexdigest()
    return None if found == promised else mismatch(kind, promised, found, host)


def summed(part: Part, source: FileSource, control: Control) -> Sums:
    """Start the checksum with what the part holds already."""
    sums = chosen(source.checksums)
    if sums is not None and part.offset:
        buffer = memoryview(bytearray(BUFFER_BYTES))
        os.lseek(part.descriptor, 0, os.SEEK_SET)
        while count := os.readv(part.descriptor, [buffer]):
            control.check()
            sums[1].update(buffer[:count])
    os.lseek(part.descriptor, part.offset, os.SEEK_SET)
    return sums


def keep_part(error: EscapeError, place: Place, control: Control) -> bool:
    """Keep the part if a later attempt can continue it."""
    if not place.has_manifest:
        return False
    if control.ending is not None:  # whatever a socket that we have shut looks like
        return control.ending == "stop"
    if error.worth_waiting:
        return True
    return error.retryable and not isinstance(error, IntegrityError)
