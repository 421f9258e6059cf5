"""Rucio's daemons, run one after another in the server's own process.

One pass takes 0.1 s of a core, too much for an idle laptop every second. They run after a request
that may cause work, and then less and less often, for work that becomes due with time (rules that
expire).
"""

import functools
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from dogpile.cache.region import make_region
from rucio.daemons.abacus import account as abacus_account
from rucio.daemons.abacus import collection_replica as abacus_collection
from rucio.daemons.abacus import rse as abacus_rse
from rucio.daemons.conveyor import finisher, poller, submitter
from rucio.daemons.judge import cleaner, evaluator, repairer
from rucio.daemons.reaper import reaper
from rucio.daemons.undertaker import undertaker

_LOG = logging.getLogger(__name__)
_SHORTEST_S = 0.1
_LONGEST_S = 20.0

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Daemons:
    """Runs all daemons in a thread of its own."""

    def __init__(self) -> None:
        self._work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="daemons", daemon=True)
        # The reaper remembers "nothing to delete" for ten minutes.
        reaper.REGION = make_region().configure("dogpile.cache.null")

    def start(self) -> None:
        """Begin with a pass: there may be work from before a crash."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current daemon."""
        self._stop.set()
        self._work.set()
        self._thread.join(2)

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
            # Some work is due only a moment later: Rucio's times are in whole seconds.
            if self._work.wait(pause):
                self._work.clear()
                pause = _SHORTEST_S
            else:
                pause = min(2 * pause, _LONGEST_S)

    def _pass(self) -> None:
        for daemon in (
            functools.partial(evaluator.run, once=True),
            functools.partial(cleaner.run, once=True),
            functools.partial(repairer.run, once=True),
            functools.partial(submitter.run, once=True),
            functools.partial(poller.run, once=True, older_than=0),
            functools.partial(finisher.run, once=True),
            functools.partial(undertaker.run, once=True),
            functools.partial(reaper.run, once=True, greedy=True),
            functools.partial(abacus_account.run, once=True),
            functools.partial(abacus_rse.run, once=True),
            functools.partial(abacus_collection.run, once=True),
        ):
            if self._stop.is_set():
                return
            try:
                daemon()
            except Exception:  # noqa: BLE001 - a task's boundary
                # One daemon's trouble must not end the others; the log says what it was.
                _LOG.exception("daemon %s", daemon.func.__module__)
