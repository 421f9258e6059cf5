"""Makes a running lake slow, or parts of it fail, for demonstrations and tests."""

import fcntl
import os
import signal
from collections.abc import Callable
from dataclasses import replace

from .behaviour import Behaviour
from .errors import LakeError
from .layout import Layout


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

    def break_transfers(self, site: str, *, reason: str = "") -> None:
        """Let all transfers from and to a site fail; rules that need one become STUCK.

        Parameters
        ----------
        reason : str — what FTS is to report, if not that the site refuses connections.

        Raises
        ------
        LakeError — there is no such site.
        """
        self._check(site)
        self._behave(lambda now: replace(now, broken={**now.broken, site: reason}))

    def mend_transfers(self, site: str) -> None:
        """Let transfers of a site work again; STUCK rules are repaired at once."""
        self._check(site)
        self._behave(
            lambda now: replace(
                now, broken={name: why for name, why in now.broken.items() if name != site}
            )
        )

    def _check(self, site: str) -> None:
        if site not in self.layout.sites:
            known = ", ".join(self.layout.sites)
            raise LakeError(f"This lake has no site {site}.", f"It has {known}.")

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
