"""What a hub does before it ends: SIGTERM, as an upgrade or a drained node sends it.

JupyterHub cancels everything in flight after its cleanup. A renewal that is cancelled may have
reached the provider, which then has ended the old refresh token.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from escape_vre.hub.sessions import Sessions


def drain_first(app: Any, sessions: Sessions, limit_s: float) -> None:
    """Make a hub's cleanup begin with the renewals in flight.

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
    cleanup: Callable[[], Awaitable[None]], sessions: Sessions, limit_s: float
) -> Callable[[], Awaitable[None]]:
    begun = False

    async def cleanup_after() -> None:
        nonlocal begun
        if not begun:
            begun = True
            await sessions.drain(limit_s)
        await cleanup()

    return cleanup_after
