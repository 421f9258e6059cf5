"""How quickly one worker gets on; written by the worker, read by the thread that watches all."""

import socket
import time

from escape_vre.jobs.transfer.control import shut

SLOW_S = 1.0
STEP_BYTES = 32 * 1024


class Pace:
    """One worker's progress, and the limit to its storage's patience with us.

    A worker that has got no further than 32 KiB for a second is *slow*: it does not count
    against the number of connections that move bytes, so that another may work meanwhile.
    """

    def __init__(self) -> None:
        self._at = 0.0
        self._since = 0
        self._answer_by = 0.0
        self._handle: socket.socket | None = None
        self.busy = False
        self.overdue = False
        """Its storage took too long over an answer, and its socket was shut."""

    def begin(self) -> None:
        """Note that a file is worked on from now."""
        self._at = time.monotonic()
        self._since = 0
        self.busy = True

    def end(self) -> None:
        """Note that the worker has nothing to do."""
        self.busy = False

    def advance(self, count: int) -> None:
        """Count bytes that have come."""
        self._since += count
        if self._since >= STEP_BYTES:
            self._since = 0
            self._at = time.monotonic()

    @property
    def is_slow(self) -> bool:
        """Whether the worker hardly moves."""
        return self.busy and time.monotonic() - self._at > SLOW_S

    def expect(self, handle: socket.socket | None, within_s: float) -> None:
        """Note that an answer is waited for, to its last header."""
        self._handle = handle
        self.overdue = False
        self._answer_by = time.monotonic() + within_s

    def answered(self) -> None:
        """Note that the answer is there."""
        self._answer_by = 0.0

    def shut_if_overdue(self) -> None:
        """Wake a worker whose storage drips an answer without end."""
        by = self._answer_by
        if by and time.monotonic() > by and self._handle is not None:
            self._answer_by = 0.0
            self.overdue = True
            shut(self._handle)
