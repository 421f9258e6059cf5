"""The worker threads, shared by all jobs in turn so that a small job need not wait for a large."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escape_vre.core.errors import (
    AuthError,
    CancelledJobError,
    EscapeError,
    QuotaError,
    UsageError,
)
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.manifest import Copy
from escape_vre.jobs.transfer.connections import Connections, HostLimits
from escape_vre.jobs.transfer.control import Control, Ending
from escape_vre.jobs.transfer.download import fetch

log = logging.getLogger(__name__)

IDLE_S = 30.0
"""Workers and their connections are let go after so long without work, seconds."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One file to bring, and where to."""

    source: FileSource
    final: Path


@dataclass(slots=True)
class Batch:
    """The files of one job.

    ``on_file`` and ``on_end`` are called from worker threads.
    """

    errands: Sequence[Errand]
    known: Mapping[str, list[Copy]]
    access: StorageAccess
    control: Control
    on_file: Callable[[Errand, Copy], None]
    on_end: Callable[[list[EscapeError]], None]
    errors: list[EscapeError] = field(default_factory=list)
    _next: int = 0
    _under_way: int = 0

    def take(self) -> Errand | None:
        """Return the next file; None when there is none, or the job is to stop."""
        if self.control.ending is not None or self._next >= len(self.errands):
            return None
        errand = self.errands[self._next]
        self._next += 1
        self._under_way += 1
        return errand

    def fail(self, error: EscapeError) -> None:
        """Note why a file failed; what would fail for every other too ends the batch."""
        self.errors.append(error)
        if error.worth_waiting or isinstance(error, AuthError | QuotaError | UsageError):
            self._next = len(self.errands)

    @property
    def idle(self) -> bool:
        """Whether no worker is at it."""
        return self._under_way == 0

    def give_back(self) -> bool:
        """Count a file as dealt with; True when it was the last of the batch."""
        self._under_way -= 1
        more = self.control.ending is None and self._next < len(self.errands)
        return not more and self._under_way == 0


class Mover:
    """Moves the files of any number of jobs over a limited number of connections."""

    def __init__(self, settings: Transfers) -> None:
        self._settings = settings
        self._limits = HostLimits(settings.connections_per_host)
        self._ready = threading.Condition()
        self._batches: deque[Batch] = deque()
        self._workers = 0
        self._waiting = 0

    def submit(self, batch: Batch) -> None:
        """Begin to move a batch; its ``on_end`` is called when it is through."""
        if not batch.errands:
            batch.on_end([])
            return
        with self._ready:
            self._batches.append(batch)
            wanted = min(len(batch.errands), self._settings.connections)
            fresh = min(wanted - self._waiting, self._settings.connections - self._workers)
            for _ in range(max(0, fresh)):
                self._workers += 1
                threading.Thread(target=self._work, name="escape-vre-move", daemon=True).start()
            self._ready.notify(wanted)

    def end(self, batch: Batch, how: Ending) -> None:
        """Stop a batch; its ``on_end`` is called once no worker touches it any more."""
        batch.control.end(how)
        with self._ready:
            idle = batch in self._batches and batch.idle
            if idle:
                self._batches.remove(batch)
        if idle:
            batch.on_end(batch.errors)

    def _work(self) -> None:
        connections = Connections(timeout_s=self._settings.timeout_s)
        try:
            while (found := self._next()) is not None:
                self._move(*found, connections)
        finally:
            connections.close()

    def _next(self) -> tuple[Batch, Errand] | None:
        """Wait for a file to move, the batches in turn; None when this worker may go."""
        with self._ready:
            while True:
                for _ in range(len(self._batches)):
                    batch = self._batches[0]
                    self._batches.rotate(-1)
                    errand = batch.take()
                    if errand is not None:
                        return batch, errand
                self._waiting += 1
                woken = self._ready.wait(IDLE_S)
                self._waiting -= 1
                if not woken:
                    self._workers -= 1
                    return None

    def _move(self, batch: Batch, errand: Errand, connections: Connections) -> None:
        try:
            copy = fetch(
                errand.source,
                errand.final,
                known=batch.known.get(errand.source.ref, []),
                access=batch.access,
                connections=connections,
                limits=self._limits,
                control=batch.control,
            )
            known = batch.known.get(errand.source.ref, [])
            batch.control.add_file(copy.path, here=copy in known)
            batch.on_file(errand, copy)
        except CancelledJobError:
            pass  # whoever stopped the job says so
        except EscapeError as e:
            batch.fail(e)
        except Exception as e:
            log.exception("moving %s failed", errand.source.ref)
            batch.errors.append(
                EscapeError(
                    f"Fetching {errand.source.ref} failed unexpectedly ({type(e).__name__}).",
                    hint="Please report this; the agent's log has the details.",
                )
            )
        finally:
            with self._ready:
                last = batch.give_back()
                if last and batch in self._batches:
                    self._batches.remove(batch)
                else:
                    last = False
            if last:
                batch.on_end(batch.errors)
