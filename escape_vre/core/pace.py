"""How often a service may be asked: its own limit, kept by us, so that it never has to refuse."""

import asyncio
import time
from collections import deque

WINDOW_S = 60.0
LONGEST_S = 45.0
"""Longest pause before a request, seconds; more are waiting than a person would wait for."""


class Pace:
    """At most so many requests in any minute, in the order in which they come.

    Every client of one service shares it: the service counts them together.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._at: deque[float] = deque(maxlen=per_minute)

    async def turn(self) -> bool:
        """Return when a request may be sent: True, or at once False where that is too far off."""
        now = time.monotonic()
        full = len(self._at) == self.per_minute
        at = max(now, self._at[0] + WINDOW_S) if full else now
        if at - now > LONGEST_S:
            return False
        self._at.append(at)
        await asyncio.sleep(at - now)
        return True
