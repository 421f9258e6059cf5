"""When to ask again a service that says it is busy, or whose connection was reset.

Only for questions that may be asked twice: a GET, or a POST that only reads.
"""

import asyncio
import random
import time
from collections.abc import Mapping

from escape_vre.core.dates import http_date

BUSY = (429, 502, 503, 504)
"""Statuses of a service that may answer in a moment (RFC 6585 section 4, RFC 9110 section 15.6)."""

ATTEMPTS = 4
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
PATIENCE_S = 45.0
"""No attempt begins later than this after the first, seconds."""
WHOLE_S = 90.0
"""Longest time for a whole body and all attempts at it, seconds; our own clients wait for 120."""


class Transient:
    """Mixin of an error that may be gone when the same is asked again.

    ``after_s`` is the pause that the service asks for, seconds; None where it names none.
    """

    after_s: float | None = None


class Retries:
    """The attempts at one question."""

    def __init__(self) -> None:
        self._left = ATTEMPTS - 1
        self._pause_s = FIRST_PAUSE_S
        self._ends = time.monotonic() + PATIENCE_S

    async def again(self, after_s: float | None) -> bool:
        """Wait, and return True when the question is to be asked again.

        Parameters
        ----------
        after_s : float or None
            The pause that the service asks for, seconds; None for ours, which doubles.
        """
        # Not all at once: who was refused together would come back together.
        pause_s = self._pause_s * random.uniform(0.5, 1.0)  # noqa: S311 — no secret
        if after_s is not None:
            pause_s = max(pause_s / 2, min(after_s, LONGEST_PAUSE_S))
        if not self._left or time.monotonic() + pause_s > self._ends:
            return False
        self._left -= 1
        self._pause_s *= 2
        await asyncio.sleep(pause_s)
        return True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After (RFC 9110 section 10.2.3), seconds from now; None where there is none.

    A date is compared with the answer's own Date: the clocks of two machines may differ.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    now = http_date(headers.get("Date")) or time.time()
    return max(0.0, until - now)
