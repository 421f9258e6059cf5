"""What a hub does before it ends: SIGTERM, as an upgrade or a drained node sends it.

JupyterHub cancels everything in flight after its cleanup. A renewal that is cancelled may have
reached the provider, which then has ended the old refresh token; so may the code of a sign-in,
which works only once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from logging import Logger
from typing import Any, Protocol

from escape_vre.hub.settings import PATH


class Drains(Protocol):
    """What has work that must not be cut off."""

    async def drain(self, limit_s: float) -> None:
        """Finish the work in flight, and begin no more."""


class InFlight:
    """Renewals and sign-ins whose answers only the provider knows so far."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._renewals: set[asyncio.Task[Any]] = set()
        self._sign_ins: set[asyncio.Task[Any]] = set()

    def renewing(self, work: asyncio.Task[Any]) -> None:
        """Count a renewal until it is done."""
        _hold(self._renewals, work)

    def signing_in(self) -> None:
        """Count the request that is being answered as a sign-in, until its answer is sent."""
        work = asyncio.current_task()
        assert work is not None  # noqa: S101 — a handler runs in a task
        _hold(self._sign_ins, work)

    async def finish(self, limit_s: float) -> None:
        """Wait until all of it is done.

        Parameters
        ----------
        limit_s : float
            How long to wait for the provider's answers, seconds.
        """
        work = self._renewals | self._sign_ins
        if not work:
            return
        self._log.info(
            "Waiting up to %.0f s for %d renewals of sessions and %d sign-ins.",
            limit_s,
            len(self._renewals),
            len(self._sign_ins),
        )
        _, late = await asyncio.wait(work, timeout=limit_s)
        if late:
            self._log.warning(
                "The identity provider did not answer %d renewals and %d sign-ins within %.0f s"
                " (%s.calls.drain_s): these users may have to sign in again.",
                len(late & self._renewals),
                len(late & self._sign_ins),
                limit_s,
                PATH,
            )


def _hold(among: set[asyncio.Task[Any]], work: asyncio.Task[Any]) -> None:
    among.add(work)
    work.add_done_callback(among.discard)


def drain_first(app: Any, sessions: Drains, limit_s: float) -> None:
    """Make a hub's cleanup begin with the renewals and sign-ins in flight.

    A second signal waits for nothing.

    Parameters
    ----------
    app : JupyterHub
        The hub.
    limit_s : float
        How long to wait for the provider's answers, seconds.
    """
    app.cleanup = _drained(app.cleanup, sessions, limit_s)


def _drained(
    cleanup: Callable[[], Awaitable[None]], sessions: Drains, limit_s: float
) -> Callable[[], Awaitable[None]]:
    begun = False

    async def cleanup_after() -> None:
        nonlocal begun
        if not begun:
            begun = True
            await sessions.drain(limit_s)
        await cleanup()

    return cleanup_after
