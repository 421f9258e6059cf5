"""The files of one job that still have to be moved, and what is known of the hosts they are at.

A worker takes a file only when its host has room, so that the files of a host that hangs wait in
a queue of their own and hold up no others. One attempt asks one replica; what failed goes back
into the queue of the next one.
"""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from escape_vre.core.errors import (
    AuthError,
    ConfigurationError,
    EscapeError,
    IntegrityError,
    NotFoundError,
    QuotaError,
    RemoteError,
)
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.jobs.manifest import Copy
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.connections import Connections
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.refusals import BusyError, OfHost

WINDOW = 4096
"""Files that are looked at ahead of their turn, so that memory does not grow with the job."""
FAILURES = 3
"""A host that could not be spoken to so often in a row is given up for the job."""
REFUSALS = 20
"""A host that has refused so many files, and let us read none, is given up for the job."""
BUSY = 8
"""A host that has been too busy for so many requests in a row is left alone for a while."""
PAUSES_S = (1.0, 3.0, 9.0)
"""How long a busy storage is left alone before it is asked again, unless it says so itself."""
HERE = ""
"""The host of what needs none: a file of this disk, or one that has no replica."""


@dataclass(slots=True)
class Errand:
    """One file to bring, and where to.

    Parameters
    ----------
    known : list of Copy
        Intact copies of it on this disk.
    number : int
        Its place in the plan.
    """

    source: FileSource
    final: Path
    known: list[Copy] = field(default_factory=list)
    number: int = 0
    left: list[Address] = field(default_factory=list)
    """Replicas that have not failed yet in this round."""
    busy: list[Address] = field(default_factory=list)
    error: EscapeError | None = None
    rounds: int = 0
    renewed: bool = False
    at: str = ""
    """The host whose room it takes, or is to take."""

    def look(self) -> None:
        """Read the addresses of the replicas; one that makes no sense has failed already."""
        for url in self.source.urls:
            try:
                self.left.append(Address.read(url))
            except EscapeError as e:
                self.error = _worse(self.error, e)


class Moved(Protocol):
    """What came of a file that was moved."""

    @property
    def here(self) -> bool:
        """Whether it was there before."""
        ...

    @property
    def verified(self) -> bool:
        """Whether its bytes were compared with a checksum."""
        ...

    @property
    def in_place(self) -> bool:
        """Whether it is used where a storage of the site keeps it."""
        ...


M = TypeVar("M", bound=Moved)
M_co = TypeVar("M_co", bound=Moved, covariant=True)


class Carry(Protocol[M_co]):
    """Moves one file to or from one storage, in a worker thread."""

    def __call__(
        self, errand: "Errand", address: Address | None, connections: Connections, /
    ) -> M_co:
        """Return what came of it; raises the EscapeError of one that could not be moved."""
        ...


@dataclass(slots=True)
class Host:
    """What a job knows of one host."""

    failures: int = 0
    refusals: int = 0
    busy: int = 0
    rests: int = 0
    rests_until: float = 0.0
    served: int = 0
    at_work: int = 0
    error: EscapeError | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether it is not asked any more."""
        return (
            self.failures >= FAILURES
            or (self.refusals >= REFUSALS and not self.served)
            or self.rests > len(PAUSES_S)
        )

    @property
    def has_room(self) -> bool:
        """Whether it may be asked: one that has just failed by one worker at a time."""
        if self.rests_until > time.monotonic():
            return False
        return not self.failures or not self.at_work

    def serves(self) -> None:
        """Note that it gave a file."""
        self.failures = self.busy = self.rests = 0
        self.served += 1

    def fails(self, error: EscapeError) -> None:
        """Tell a host that cannot be spoken to from one that lacks a file."""
        if isinstance(error, OfHost):
            self.failures += 1
        elif isinstance(error, AuthError):
            self.refusals += 1
        elif isinstance(error, BusyError):
            self._rest(error)
        else:
            self.failures = 0
            return
        self.error = error

    def _rest(self, error: BusyError) -> None:
        """Leave a host alone that is busy for everybody, not for one file."""
        self.busy += 1
        now = time.monotonic()
        if self.busy >= BUSY and now >= self.rests_until and self.rests <= len(PAUSES_S):
            self.rests += 1
            if self.rests <= len(PAUSES_S):
                self.rests_until = now + pause_after(error, self.rests - 1)


class Batch(Generic[M]):
    """The files of one job; its methods are called under the mover's lock.

    Parameters
    ----------
    errands : iterator of Errand
        Read a few thousand ahead.
    carry : Carry
        Moves one of them.
    on_file : callable
        Called with each file that is under its final name, from worker threads.
    on_failure : callable
        Called with each file that could not be brought, and why, from worker threads.
    on_end : callable
        Called once, with the error that stopped the whole batch, if one did.
    """

    def __init__(
        self,
        errands: Iterator[Errand],
        access: StorageAccess,
        control: Control,
        *,
        carry: Carry[M],
        on_file: Callable[[Errand, M], None],
        on_failure: Callable[[Errand, EscapeError], None],
        on_end: Callable[[EscapeError | None], None],
    ) -> None:
        self.access = access
        self.control = control
        self.carry = carry
        self.on_file = on_file
        self.on_failure = on_failure
        self.on_end = on_end
        self.stopped_by: EscapeError | None = None
        self.ended = False
        self._errands = errands
        self._dry = False
        self._hosts: dict[str, Host] = {}
        self._queues: dict[str, deque[Errand]] = {}
        self._later: list[tuple[float, int, Errand]] = []
        self._failed: list[tuple[Errand, EscapeError]] = []
        self._numbers = itertools.count()
        self._waiting = 0
        self._under_way = 0

    # ── what is to do ───────────────────────────────────────────────────────────────────────

    @property
    def is_through(self) -> bool:
        """Whether nothing is left to do and no worker is busy with it."""
        return self._under_way == 0 and not self.has_more and not self._failed

    @property
    def has_more(self) -> bool:
        """Whether files wait."""
        if self.control.ending is not None or self.stopped_by is not None:
            return False
        self._refill()
        return bool(self._waiting or self._later)

    @property
    def waiting(self) -> int:
        """How many files wait for a worker, as far as has been looked ahead."""
        return self._waiting if self.has_more else 0

    def take(self, has_room: Callable[[str], bool]) -> tuple[Errand, Address | None] | None:
        """Return the next file whose host has room, and the replica to ask.

        Parameters
        ----------
        has_room : callable
            Tells whether a host has room, whatever job is asked for.
        """
        if not self.has_more:
            return None
        self._bring_forward()
        for name in [name for name in self._queues if self._host(name).is_given_up]:
            self._refile(name)
        for name, queue in self._queues.items():
            if self._host(name).has_room and has_room(name):
                return self._begin(name, queue)
        return None

    def _begin(self, name: str, queue: deque[Errand]) -> tuple[Errand, Address | None]:
        errand = queue.popleft()
        del self._queues[name]
        if queue:
            self._queues[name] = queue  # at the end: hosts take turns
        self._waiting -= 1
        self._under_way += 1
        self._host(name).at_work += 1
        if name == HERE:
            return errand, self._best(errand)
        return errand, next(address for address in errand.left if address.site == name)

    def next_due(self) -> float | None:
        """Return when a file or host that was put off is due, by the monotonic clock."""
        due = [self._later[0][0]] if self._later else []
        due += [self._host(name).rests_until for name in self._queues]
        return min((at for at in due if at), default=None)

    def failures(self) -> list[tuple[Errand, EscapeError]]:
        """Return the files that have failed without any worker, to be told outside the lock."""
        found, self._failed = self._failed, []
        return found

    def _refill(self) -> None:
        while self._waiting + len(self._later) < WINDOW and not self._dry:
            errand = next(self._errands, None)
            if errand is None:
                self._dry = True
            else:
                errand.look()
                self._file(errand)

    def _file(self, errand: Errand) -> None:
        """Put a file into the queue of the host that it is asked of next."""
        best = self._best(errand)
        local = bool(errand.known or errand.source.in_place)
        if best is None and not local and errand.source.urls:
            self._give_up(errand)
            return
        errand.at = HERE if best is None or local else best.site
        self._queues.setdefault(errand.at, deque()).append(errand)
        self._waiting += 1

    def _best(self, errand: Errand) -> Address | None:
        """Return the first replica at a host that is well, else at one that may be."""
        usable = [address for address in errand.left if not self._host(address.site).is_given_up]
        well = (address for address in usable if not self._host(address.site).failures)
        return next(well, usable[0] if usable else None)

    def _host(self, name: str) -> Host:
        return self._hosts.setdefault(name, Host())

    def _refile(self, name: str) -> None:
        """Have the files of a host that is not well be asked of others, where there are any."""
        for errand in self._queues.pop(name, ()):
            self._waiting -= 1
            self._file(errand)

    def _bring_forward(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self._file(heapq.heappop(self._later)[2])

    # ── what came of it ─────────────────────────────────────────────────────────────────────

    def done(self, errand: Errand) -> None:
        """Note that a file arrived."""
        self._give_back(errand).serves()

    def put_by(self, errand: Errand) -> None:
        """Note that a worker has let go of a file because the job is to stop."""
        self._give_back(errand)

    def failed(self, errand: Errand, address: Address | None, error: EscapeError) -> None:
        """Note that an attempt failed, and decide what happens with the file."""
        host = self._give_back(errand)
        if error.worth_waiting or isinstance(error, QuotaError):
            # There is no token for any of them, or no space.
            self.stopped_by = self.stopped_by or error
            return
        errand.error = _worse(errand.error, error)
        if address is not None:
            errand.left.remove(address)
            if errand.at == address.site:
                was_well = not host.failures
                host.fails(error)
                if was_well and host.failures:
                    self._refile(errand.at)
        if isinstance(error, BusyError) and address is not None:
            errand.busy.append(address)
        elif not _is_of_one_replica(error):
            errand.left, errand.busy = [], []
        errand.known = []
        errand.source = replace(errand.source, in_place=())
        self._again(errand, error)

    def renew(self, errand: Errand, urls: Sequence[str]) -> None:
        """Ask for a file by the addresses that replace one whose signature has ended."""
        self._give_back(errand)
        errand.left, errand.busy, errand.renewed = [], [], True
        errand.source = replace(errand.source, urls=tuple(urls))
        errand.look()
        self._file(errand)

    def _again(self, errand: Errand, error: EscapeError) -> None:
        if self._best(errand) is not None:
            self._file(errand)
        elif errand.busy and errand.rounds < len(PAUSES_S):
            due = time.monotonic() + pause_after(error, errand.rounds)
            errand.left, errand.busy = errand.busy, []
            errand.rounds += 1
            heapq.heappush(self._later, (due, next(self._numbers), errand))
        else:
            self._give_up(errand)

    def _give_up(self, errand: Errand) -> None:
        error = errand.error
        for address in errand.left:
            error = _worse(error, self._host(address.site).error)
        assert error is not None  # noqa: S101 — a replica has failed, or its host
        self._failed.append((errand, error))

    def _give_back(self, errand: Errand) -> Host:
        self._under_way -= 1
        host = self._host(errand.at)
        host.at_work -= 1
        return host


def pause_after(error: EscapeError, round_: int) -> float:
    """Return how long to leave a busy storage alone, seconds."""
    said = error.pause_s if isinstance(error, BusyError) else None
    return PAUSES_S[round_] if said is None else said


def _is_of_one_replica(error: EscapeError) -> bool:
    """Tell whether another replica may still give the file."""
    return isinstance(
        error, RemoteError | AuthError | IntegrityError | NotFoundError | ConfigurationError
    )


def _worse(first: EscapeError | None, second: EscapeError | None) -> EscapeError | None:
    """Keep the error that tells most: one about the bytes or rights before one about a network."""
    if second is None or isinstance(first, IntegrityError | AuthError):
        return first
    return second
