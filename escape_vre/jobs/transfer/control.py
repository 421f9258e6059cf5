"""How a batch of files is told to stop, and how it tells how far it is."""

import socket
import threading
from typing import Literal

from escape_vre.core.errors import CancelledJobError

Ending = Literal["cancel", "stop"]


class Control:
    """Shared by the workers of one job.

    A worker that waits in ``recv`` notices nothing, so stopping also shuts its sockets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self.ending: Ending | None = None
        self.bytes_done = 0
        self.files_done = 0
        self.files_here = 0
        self._brought: set[str] = set()

    def restart(self) -> None:
        """Count from nothing again, for a batch that goes on where an earlier one stopped."""
        with self._lock:
            self.bytes_done = self.files_done = self.files_here = 0

    @property
    def counts(self) -> dict[str, int]:
        """What has been done, as a job tells it."""
        return {
            "bytes_done": self.bytes_done,
            "files_done": self.files_done,
            "files_here": self.files_here,
        }

    def end(self, how: Ending) -> None:
        """Stop every worker: ``cancel`` drops parts, ``stop`` keeps them for a later resume."""
        with self._lock:
            self.ending = self.ending or how
            for open_socket in self._sockets:
                try:
                    open_socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed meanwhile

    def check(self) -> None:
        """Raise CancelledJobError when the job is to stop."""
        if self.ending is not None:
            raise CancelledJobError("The transfer was stopped.")

    def watch(self, used: socket.socket | None) -> None:
        """Have a socket shut when the job is to stop."""
        if used is not None:
            with self._lock:
                self._sockets.add(used)
        self.check()

    def unwatch(self, used: socket.socket | None) -> None:
        """Leave a socket alone again."""
        if used is not None:
            with self._lock:
                self._sockets.discard(used)

    def add_bytes(self, count: int) -> None:
        """Count bytes that have been written, or, negative, dropped."""
        with self._lock:
            self.bytes_done += count

    def add_file(self, path: str, *, here: bool) -> None:
        """Count a file that is whole and under its final name, ``here`` if it was before."""
        with self._lock:
            self.files_done += 1
            if not here:
                self._brought.add(path)
            elif path not in self._brought:
                self.files_here += 1
