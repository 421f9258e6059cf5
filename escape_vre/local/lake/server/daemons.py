"""Rucio's daemons, run one after another in the server's own process.

They run after a request that may cause work, after the end of a transfer, and then less and less
often, for work that becomes due with time (rules that expire). Only those run that have something
to do; see ``work``.
"""

import importlib
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from dogpile.cache.region import make_region
from rucio.core import rule_grouping

from . import work

_LOG = logging.getLogger(__name__)
_SHORTEST_S = 0.1
_LONGEST_S = 5.0
# Rule, request, transfer, end, counters: a pass sees a rule through. What is still due then waits
# for a transfer, or fails each time.
_ROUNDS = 6

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Daemons:
    """Runs all daemons in a thread of its own.

    Parameters
    ----------
    tell_usage : called after each pass, when the contents of sites may have changed.
    """

    def __init__(self, tell_usage: Callable[[], None]) -> None:
        self._tell_usage = tell_usage
        self._work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daemons", daemon=True)
        self._repair = False
        # Rucio tries a transfer that failed again after two hours at the earliest, for sites that
        # nobody has mended yet. Here somebody is watching, and ``work`` says when.
        vars(rule_grouping)["__is_retry_required"] = lambda **_lock: True

    def start(self) -> None:
        """Begin with a pass: there may be work from before a crash."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current daemon."""
        self._stop.set()
        self._work.set()
        self._thread.join(2)

    def wake(self, *, repair: bool = False) -> None:
        """Look for work now.

        Parameters
        ----------
        repair : bool — also repair rules that are STUCK only since a moment ago.
        """
        self._repair |= repair
        self._work.set()

    def watch(self, application: Application) -> Application:
        """Return the application, wrapped to notice requests that change something."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            answer = application(environ, start_response)
            reads = environ["REQUEST_METHOD"] in ("GET", "HEAD", "OPTIONS")
            # Listing replicas is a POST, and by far the most frequent one.
            if not reads and not environ["PATH_INFO"].startswith(("/replicas/list", "/auth")):
                self._work.set()
            return answer

        return watched

    def _run(self) -> None:
        pause = _SHORTEST_S
        while not self._stop.is_set():
            self._pass()
            try:
                self._tell_usage()
            except Exception:  # noqa: BLE001 - a task's boundary
                _LOG.exception("usage of storage")
            # Some work is due only a moment later: Rucio's times are in whole seconds.
            if self._work.wait(pause):
                self._work.clear()
                pause = _SHORTEST_S
            else:
                pause = min(2 * pause, _LONGEST_S)

    def _pass(self) -> None:
        before: list[str] = []
        for _ in range(_ROUNDS):
            try:
                names = work.due()
            except Exception:  # noqa: BLE001 - a task's boundary
                # The database may be starting again.
                _LOG.exception("looking for work")
                return
            if self._repair:
                self._repair = False
                names.append("repairer")
            if names == before:
                return
            for name in names:
                if self._stop.is_set():
                    return
                try:
                    _run(name)
                except Exception:  # noqa: BLE001 - a task's boundary
                    # One daemon's trouble must not end the others; the log says what it was.
                    _LOG.exception("daemon %s", name)
            before = names


def _run(name: str) -> None:
    """Let a daemon do what there is; it is loaded with its first work, not with the lake."""
    module = importlib.import_module(f"rucio.daemons.{_MODULES[name]}")
    if name in ("reaper", "necromancer"):
        # They remember "nothing to delete" and "no bad replica" for ten minutes.
        module.REGION = make_region().configure("dogpile.cache.null")
    module.run(once=True, **_OPTIONS.get(name, {}))


_MODULES = {
    "transmogrifier": "transmogrifier.transmogrifier",
    "injector": "judge.injector",
    "necromancer": "badreplicas.necromancer",
    "evaluator": "judge.evaluator",
    "cleaner": "judge.cleaner",
    "repairer": "judge.repairer",
    "submitter": "conveyor.submitter",
    "poller": "conveyor.poller",
    "finisher": "conveyor.finisher",
    "undertaker": "undertaker.undertaker",
    "reaper": "reaper.reaper",
    "abacus_account": "abacus.account",
    "abacus_rse": "abacus.rse",
    "abacus_collection": "abacus.collection_replica",
}
_OPTIONS: dict[str, dict[str, Any]] = {"poller": {"older_than": 0}, "reaper": {"greedy": True}}
