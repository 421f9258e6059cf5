"""The worker threads, shared by all jobs in turn so that a small job need not wait for a large.

A worker whose storage hardly sends does not count: another takes its place. So a storage that
hangs or drips costs its own files time, and no others.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from escape_vre.core.errors import AuthError, CancelledJobError, EscapeError, RemoteError
from escape_vre.core.loops import PAUSE_S, Loops
from escape_vre.core.settings import Transfers
from escape_vre.jobs.models import Ending
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.batch import HERE, Batch, Errand
from escape_vre.jobs.transfer.connections import Connections

log = logging.getLogger(__name__)

IDLE_S = 30.0
"""Idle time after which workers end and close their connections, seconds."""
TICK_S = 0.25
PATIENCE_S = 0.5
"""A job that is cancelled has ended after so long, even if one of its workers hangs, seconds."""
MOST_TIMES = 8
"""At most so many times as many workers as connections, the rest of them waiting for storages."""


class Mover:
    """Moves the files of any number of jobs over a limited number of connections."""

    def __init__(self, settings: Transfers, loops: Loops) -> None:
        self._settings = settings
        self._loops = loops
        self._ready = threading.Condition()
        self._batches: deque[Batch[Any]] = deque()
        self._in_use: Counter[str] = Counter()
        self._workers: dict[threading.Thread, Connections] = {}
        self._idle = 0
        self._watching = False

    def submit(self, batch: Batch[Any]) -> None:
        """Start a batch; its ``on_end`` is called when it has ended."""
        with self._ready:
            self._batches.append(batch)
            self._staff()
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="escape-vre-watch", daemon=True).start()
            self._ready.notify_all()
        self._settle(batch)

    def end(self, batch: Batch[Any], how: Ending) -> None:
        """Stop a batch; its ``on_end`` is called once no worker touches it, or soon after."""
        batch.control.end(how)
        self._settle(batch)

    # ── the workers ─────────────────────────────────────────────────────────────────────────

    def _staff(self) -> None:
        """Start the workers that are wanted: those that hardly move do not count."""
        moving = sum(not known.pace.is_slow for known in self._workers.values())
        most = MOST_TIMES * self._settings.connections
        wanted = min(self._settings.connections - moving, most - len(self._workers))
        wanted = min(wanted, sum(batch.waiting for batch in self._batches) - self._idle)
        for _ in range(wanted):
            connections = Connections(timeout_s=self._settings.timeout_s)
            worker = threading.Thread(
                target=self._work, args=(connections,), name="escape-vre-move", daemon=True
            )
            self._workers[worker] = connections
            worker.start()

    def _work(self, connections: Connections) -> None:
        try:
            while (found := self._next(connections)) is not None:
                try:
                    self._move(*found, connections)
                except Exception as e:  # noqa: BLE001 — logged and counted there
                    self._loops.failed("workers of transfers", e)
        finally:
            connections.close()

    def _next(self, connections: Connections) -> tuple[Batch[Any], Errand, Address | None] | None:
        """Wait for a file to move, the batches in turn; None when this worker may go."""
        with self._ready:
            idle_since = time.monotonic()
            while True:
                found = None if self._crowded else self._take()
                if found is not None:
                    connections.pace.begin()
                    return found
                left = idle_since + IDLE_S - time.monotonic()
                if left <= 0:
                    del self._workers[threading.current_thread()]
                    return None
                self._idle += 1
                self._ready.wait(min(left, self._until_due()))
                self._idle -= 1

    @property
    def _crowded(self) -> bool:
        """Whether as many workers move bytes as may."""
        moving = sum(known.pace.busy and not known.pace.is_slow for known in self._workers.values())
        return moving >= self._settings.connections

    def _take(self) -> tuple[Batch[Any], Errand, Address | None] | None:
        for _ in range(len(self._batches)):
            batch = self._batches[0]
            self._batches.rotate(-1)
            found = batch.take(self._has_room)
            if found is not None:
                self._in_use[found[0].at] += 1
                return batch, *found
        return None

    def _has_room(self, host: str) -> bool:
        return host == HERE or self._in_use[host] < self._settings.connections_per_host

    def _until_due(self) -> float:
        """Return how long until a file is due that was put off, seconds."""
        due = [at for batch in self._batches if (at := batch.next_due()) is not None]
        return max(0.01, min(due) - time.monotonic()) if due else IDLE_S

    def _move(
        self, batch: Batch[Any], errand: Errand, address: Address | None, connections: Connections
    ) -> None:
        try:
            arrived = batch.carry(errand, address, connections)
            batch.on_file(errand, arrived)
            batch.control.add_file(
                here=arrived.here, verified=arrived.verified, in_place=arrived.in_place
            )
        except CancelledJobError:
            self._give_back(batch, errand, connections, batch.put_by)
        except EscapeError as e:
            self._failed(batch, errand, address, e, connections)
        except Exception as e:
            log.exception("moving %s failed", errand.source.ref)
            error = EscapeError(
                f"{errand.source.ref} failed: internal error ({type(e).__name__}).",
                hint="Report this, with the agent's log.",
            )
            self._failed(batch, errand, address, error, connections)
        else:
            self._give_back(batch, errand, connections, batch.done)
        self._settle(batch)

    def _failed(
        self,
        batch: Batch[Any],
        errand: Errand,
        address: Address | None,
        error: EscapeError,
        connections: Connections,
    ) -> None:
        urls: list[str] = []
        if address is not None and address.signed and not errand.renewed:
            urls = self._renewed(batch, errand, error)
        self._give_back(
            batch,
            errand,
            connections,
            lambda _: batch.renew(errand, urls) if urls else batch.failed(errand, address, error),
        )

    def _renewed(self, batch: Batch[Any], errand: Errand, error: EscapeError) -> list[str]:
        """Return the present addresses of a file whose signed one is refused, once for each."""
        if not isinstance(error, AuthError | RemoteError) or error.worth_waiting:
            return []
        try:
            return list(batch.access.urls(errand.source.ref, batch.control.check))
        except EscapeError:
            return []  # the refusal itself says more

    def _give_back(
        self,
        batch: Batch[Any],
        errand: Errand,
        connections: Connections,
        tell: Callable[[Errand], None],
    ) -> None:
        with self._ready:
            self._in_use[errand.at] -= 1
            if not self._in_use[errand.at]:
                del self._in_use[errand.at]
            connections.pace.end()
            tell(errand)
            self._ready.notify_all()

    # ── how a batch ends ────────────────────────────────────────────────────────────────────

    def _settle(self, batch: Batch[Any]) -> None:
        """Tell of the files that have failed, and of the end of the batch if that is it."""
        while True:
            with self._ready:
                failures = batch.failures()
                ends = not failures and not batch.ended and (batch.is_through or _hangs(batch))
                if ends:
                    batch.ended = True
                    self._batches.remove(batch)
            for errand, error in failures:
                batch.control.add_failure()
                batch.on_failure(errand, error)
            if ends:
                batch.on_end(batch.stopped_by)
            if not failures:
                return

    def _watch(self) -> None:
        """Look after the workers, while there are batches."""
        while True:
            time.sleep(TICK_S)
            with self._ready:
                batches = list(self._batches)
                if not batches:
                    self._watching = False
                    return
            try:
                self._look_after(batches)
            except Exception as e:  # noqa: BLE001 — logged and counted there
                self._loops.failed("workers of transfers", e)
                time.sleep(PAUSE_S)

    def _look_after(self, batches: list[Batch[Any]]) -> None:
        with self._ready:
            for known in self._workers.values():
                known.pace.shut_if_overdue()
            self._staff()
            self._ready.notify_all()
        for batch in batches:
            self._settle(batch)


def _hangs(batch: Batch[Any]) -> bool:
    """Tell whether a batch was to stop some time ago, and a worker has not noticed yet."""
    control = batch.control
    return control.ending is not None and time.monotonic() - control.ended_at > PATIENCE_S
