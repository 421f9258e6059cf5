"""Makes a running lake slow, or parts of it fail, for demonstrations and tests."""

import fcntl
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from .behaviour import FAULTS, Behaviour
from .errors import LakeError
from .layout import Layout
from .rses import rses

_Value = TypeVar("_Value")


class Control:
    """Changes how a running lake behaves; nothing of it survives the lake's next start."""

    layout: Layout

    def transfers_take(self, seconds: float, *, staging_s: float = 0.0) -> None:
        """Set how long each transfer between sites takes, those under way included.

        Parameters
        ----------
        seconds : float — 0 for at once, which is what a lake does after its start.
        staging_s : float — what is added when the source is on tape.
        """
        self._behave(lambda now: replace(now, transfer_s=seconds, staging_s=staging_s))

    def break_transfers(self, rse: str, *, reason: str = "") -> None:
        """Let all transfers from and to an RSE fail; rules that need one become STUCK.

        Parameters
        ----------
        reason : str — what FTS is to report, if not that the site refuses connections.

        Raises
        ------
        LakeError — there is no such RSE.
        """
        self._check(rse, rses(self.layout))
        self._behave(lambda now: replace(now, broken=_with(now.broken, rse, reason)))

    def mend_transfers(self, rse: str) -> None:
        """Let transfers of an RSE work again; STUCK rules are repaired at once."""
        self._check(rse, rses(self.layout))
        self._behave(lambda now: replace(now, broken=_with(now.broken, rse, None)))

    def limit_storage(self, site: str, size: int | None) -> None:
        """Set how many bytes fit onto a site; None removes the limit.

        What does not fit is answered with 507 (transfers fail with the same), and Rucio knows how
        much is free, as ``storage`` in the site's usage.
        """
        self._check(site, self.layout.sites)
        self._behave(lambda now: replace(now, capacity=_with(now.capacity, site, size)))

    def break_storage(self, site: str, fault: str) -> None:
        """Give a site's storage a fault; it has one at a time.

        Parameters
        ----------
        fault : str — one of ``behaviour.FAULTS``.
        """
        self._check(site, self.layout.sites)
        if fault not in FAULTS:
            raise LakeError(f"There is no fault {fault!r}.", f"Choose one of {', '.join(FAULTS)}.")
        self._behave(lambda now: replace(now, faults=_with(now.faults, site, fault)))

    def mend_storage(self, site: str) -> None:
        """Let a site's storage work as it should."""
        self._check(site, self.layout.sites)
        self._behave(lambda now: replace(now, faults=_with(now.faults, site, None)))

    def _check(self, name: str, known: Iterable[str]) -> None:
        if name not in known:
            raise LakeError(f"This lake has no site {name}.", f"It has {', '.join(known)}.")

    def _behave(self, change: Callable[[Behaviour], Behaviour]) -> None:
        """Change the behaviour, and tell Rucio's daemons."""
        pid = self.layout.state().get("pids", {}).get("rucio")
        if pid is None:
            raise LakeError(
                f"The lake in {self.layout.home} is not running.",
                "Start it with `escape-vre lake start`.",
            )
        with self.layout.behaviour.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            change(Behaviour.read(self.layout.behaviour)).write(self.layout.behaviour)
        os.kill(pid, signal.SIGUSR1)


def _with(known: dict[str, _Value], site: str, value: _Value | None) -> dict[str, _Value]:
    """Return a copy with a site's value, or without it."""
    others = {name: other for name, other in known.items() if name != site}
    return others if value is None else {**others, site: value}
