"""The bytes of one answer, from the network to the part: no more than promised, none too slowly."""

import http.client
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from escape_vre.core import text
from escape_vre.core.errors import BadResponseError, EscapeError, QuotaError
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.pace import Pace
from escape_vre.jobs.transfer.refusals import cut, too_slow, wrong_size
from escape_vre.jobs.transfer.sink import Sink

FILL_S = 0.1
"""A buffer that has not filled for so long is written as it is, seconds."""
ROOM_BYTES = 64 * 1024 * 1024
"""How often the free space is looked at, bytes."""
_RAW_BYTES = 64 * 1024


class Reader(Protocol):
    """Reads bytes into a buffer, at most once from the network; 0 at the end."""

    def __call__(self, view: memoryview, /) -> int:
        """Return how many bytes came."""
        ...


class Body:
    """A response's body, as it is sent.

    ``HTTPResponse.readinto`` waits until the buffer is full, so that a storage which drips would
    be neither seen nor interrupted.
    """

    def __init__(self, response: http.client.HTTPResponse, host: str) -> None:
        self._response = response
        self._host = host
        self.complete = False

    def __call__(self, view: memoryview) -> int:
        """Read into a buffer; raises when the body ends before the length it named."""
        response = self._response
        if response.chunked:
            piece = response.read1(len(view))
            view[: len(piece)] = piece
            self.complete = not piece
            return len(piece)
        left = response.length
        if left == 0 or response.fp is None:
            self._finish()
            return 0
        count = response.fp.readinto1(view if left is None else view[:left])
        if left is None:
            self.complete = count == 0
        elif count == 0:
            raise cut(self._host)
        else:
            response.length = left - count
            if left == count:
                self._finish()
        return count

    def _finish(self) -> None:
        """Have the connection be free for the next request."""
        self._response.read()
        self.complete = True


class Decoded:
    """A body that a server has compressed although it was asked not to."""

    def __init__(self, body: Reader, host: str) -> None:
        self._body = body
        self._host = host
        self._raw = memoryview(bytearray(_RAW_BYTES))
        self._pending = b""
        self._decoder = zlib.decompressobj(47)  # gzip or zlib, as the stream says

    def __call__(self, view: memoryview) -> int:
        """Read into a buffer, never decoding more than fits."""
        try:
            while True:
                if self._pending:
                    piece = self._decoder.decompress(self._pending, len(view))
                    self._pending = self._decoder.unconsumed_tail or self._decoder.unused_data
                    if self._decoder.eof and self._pending:
                        self._decoder = zlib.decompressobj(47)  # another member follows
                    if piece:
                        view[: len(piece)] = piece
                        return len(piece)
                if not self._pending:
                    count = self._body(self._raw)
                    if count == 0:
                        return self._rest(view)
                    self._pending = bytes(self._raw[:count])
        except zlib.error as e:
            raise BadResponseError(
                f"The storage {self._host} sends the file in a compression that cannot be read.",
                hint="Tell the site; another replica may serve.",
            ) from e

    def _rest(self, view: memoryview) -> int:
        if not self._decoder.eof:
            raise cut(self._host)
        del view
        return 0


@dataclass(slots=True)
class Limits:
    """What a storage may send, and what must stay free on the disk.

    Parameters
    ----------
    promised : int or None
        The file's size as the catalogue says it, bytes.
    reserve : int
        What must stay free, bytes.
    timeout_s, min_rate : float
        A storage that sends less than ``min_rate`` bytes/s over ``timeout_s`` is given up.
    """

    promised: int | None
    reserve: int
    timeout_s: float
    min_rate: float


class Pump:
    """Carries one body into a sink.

    Parameters
    ----------
    written : callable
        Told of the bytes that went on their way.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        descriptor: int,
        offset: int,
        limits: Limits,
        host: str,
        control: Control,
        pace: Pace,
        written: Callable[[int], None],
    ) -> None:
        self._sink = sink
        self._descriptor = descriptor
        self._offset = offset
        self._limits = limits
        self._host = host
        self._control = control
        self._pace = pace
        self._written = written
        self._waited_s = 0.0
        self._came = 0
        self._unseen = ROOM_BYTES

    def run(self, read: Reader) -> None:
        """Read to the end.

        Raises
        ------
        EscapeError
            The storage sends more than the catalogue promises, or next to nothing; the disk
            would be filled.
        """
        while True:
            self._check_room()
            buffer = self._sink.buffer()
            count = self._fill(read, self._room_in(memoryview(buffer)))
            if count == 0:
                return
            if self._limits.promised is not None and self._offset + count > self._limits.promised:
                raise wrong_size(
                    self._limits.promised, f"more than {self._limits.promised}", self._host
                )
            self._sink.put(buffer, count)
            self._offset += count
            self._unseen += count
            self._written(count)

    def _room_in(self, view: memoryview) -> memoryview:
        """Leave room for what is promised, and then for one byte, which must not come."""
        if self._limits.promised is None:
            return view
        return view[: max(1, min(len(view), self._limits.promised - self._offset))]

    def _fill(self, read: Reader, view: memoryview) -> int:
        filled = 0
        began = time.monotonic()
        while filled < len(view):
            asked = time.monotonic()
            if filled and asked - began > FILL_S:
                break
            count = read(view[filled:])
            self._control.check()
            if count == 0:
                break
            filled += count
            self._pace.advance(count)
            self._judge(count, time.monotonic() - asked)
        return filled

    def _judge(self, count: int, waited_s: float) -> None:
        """Give a storage up that sends too little of the time that it is waited for."""
        self._came += count
        self._waited_s += waited_s
        if self._waited_s >= self._limits.timeout_s:
            if self._came < self._limits.min_rate * self._waited_s:
                raise too_slow(self._host)
            self._came, self._waited_s = 0, 0.0

    def _check_room(self) -> None:
        if self._unseen < ROOM_BYTES:
            return
        self._unseen = 0
        check_room(self._descriptor, self._limits.reserve)


def check_room(descriptor: int, needed: int) -> None:
    """Raise QuotaError when less is free on a part's disk, bytes."""
    found = os.fstatvfs(descriptor)
    free = found.f_bavail * found.f_frsize
    if found.f_blocks and free < needed:
        raise full(needed, free)


def full(needed: int, free: int) -> EscapeError:
    """Say that the disk has too little room."""
    return QuotaError(
        f"Not enough space: {text.size(needed)} needed, {text.size(free)} free.",
        hint="Free some space, or get the data to another folder, then try again.",
    )
