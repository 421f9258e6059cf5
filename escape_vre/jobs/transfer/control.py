"""Stop signal and progress of a batch of files."""

import socket
import threading
import time
from typing import TYPE_CHECKING

from escape_vre.core import text
from escape_vre.core.errors import CancelledJobError

if TYPE_CHECKING:  # kernels use this too, with the standard library only
    from escape_vre.jobs.models import Ending


class Control:
    """Shared by the workers of one job.

    A worker that waits in ``recv`` notices nothing, so stopping also shuts its sockets.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self.ending: Ending | None = None
        self.ended_at = 0.0
        self.bytes_done = 0
        self.files_done = 0
        self.files_failed = 0
        self.files_unverified = 0
        self._found = 0
        self._brought = 0
        self._in_place = 0
        self._not_in_place = 0
        self._why_not = ""
        self.begun: set[str] = set()
        """Final paths of the files that have a part on disk now."""

    def restart(self) -> None:
        """Reset the counters, for a batch that continues an earlier one."""
        with self._lock:
            self._brought = self.files_done - self.files_here
            self.bytes_done = self.files_done = self.files_failed = self._found = 0
            self._in_place = self._not_in_place = 0

    @property
    def files_here(self) -> int:
        """How many of the files were here before the job began."""
        return max(0, self._found - self._brought)

    @property
    def counts(self) -> dict[str, int]:
        """What is said of the files, beside how many are done."""
        return {
            "files_here": self.files_here,
            "files_failed": self.files_failed,
            "files_unverified": self.files_unverified,
            "files_in_place": self._in_place,
        }

    @property
    def note_of_mounts(self) -> str:
        """What is said of files that should have been used in place, and were not."""
        if not self._not_in_place:
            return ""
        return f"{text.files(self._not_in_place)} not used in place: {self._why_not}"

    def end(self, how: "Ending") -> None:
        """Stop every worker: ``cancel`` drops parts, ``stop`` keeps them for a later resume."""
        with self._lock:
            if self.ending is None:
                self.ending = how
                self.ended_at = time.monotonic()
            for open_socket in self._sockets:
                shut(open_socket)

    def check(self) -> None:
        """Raise CancelledJobError when the job is to stop."""
        if self.ending is not None:
            raise CancelledJobError("The transfer was stopped.")

    def watch(self, used: socket.socket | None) -> None:
        """Register a socket to be closed when the job has to stop."""
        if used is not None:
            with self._lock:
                self._sockets.add(used)
        self.check()

    def unwatch(self, used: socket.socket | None) -> None:
        """Unregister a socket."""
        if used is not None:
            with self._lock:
                self._sockets.discard(used)

    def add_bytes(self, count: int) -> None:
        """Count bytes that have been written, or, negative, dropped."""
        with self._lock:
            self.bytes_done += count

    def not_in_place(self, why: str) -> None:
        """Note that a file of a mounted storage cannot be used where it should be."""
        with self._lock:
            self._not_in_place += 1
            self._why_not = self._why_not or why

    def add_file(self, *, here: bool, verified: bool, in_place: bool = False) -> None:
        """Count a file that is whole and under its final name.

        Parameters
        ----------
        here : bool
            It was there before.
        verified : bool
            Its bytes were compared with a checksum of the catalogue.
        in_place : bool
            It is a file of a storage that is mounted here.
        """
        with self._lock:
            self._in_place += in_place
            self.files_done += 1
            self._found += here
            self.files_unverified += not (here or verified)

    def add_failure(self) -> None:
        """Count a file that could not be fetched."""
        with self._lock:
            self.files_failed += 1


def shut(used: socket.socket) -> None:
    """Wake the thread that waits for a socket."""
    try:
        used.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed meanwhile, or not connected yet
