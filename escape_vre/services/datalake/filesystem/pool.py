"""Kept-alive connections of this process: as many as threads read at a time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from escape_vre.jobs.transfer.connections import Connections
from escape_vre.jobs.transfer.control import Control

KEPT = 8


class Pool:
    """Gives each read connections of its own; a forked process begins without any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Connections] = []
        self._inherited: list[Connections] = []
        self.control = Control()

    @contextmanager
    def connections(self, *, timeout_s: float) -> Iterator[Connections]:
        """Lend connections, the most recently used first."""
        with self._lock:
            found = self._idle.pop() if self._idle else Connections(timeout_s=timeout_s)
        found.timeout_s = timeout_s
        pid = os.getpid()
        try:
            yield found
        finally:
            with self._lock:
                kept = len(self._idle) < KEPT and os.getpid() == pid
                if kept:
                    self._idle.append(found)
            if not kept:
                found.close()

    def forget(self) -> None:
        """Leave everything to the process that we are a fork of, which goes on using it.

        Two processes that speak TLS on one connection would break it; so would closing it here.
        """
        self._inherited += self._idle
        self._idle = []
        self._lock = threading.Lock()
        self.control = Control()

    def close(self) -> None:
        """Close what is not used now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connections in idle:
            connections.close()


pool = Pool()
os.register_at_fork(after_in_child=pool.forget)
