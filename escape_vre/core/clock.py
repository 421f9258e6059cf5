"""How far our clock is from that of a service: tokens end by theirs."""

import time

from escape_vre.core.dates import http_date
from escape_vre.core.errors import EscapeError
from escape_vre.core.http import RemoteClient

KEPT_S = 60.0
"""How long the difference of two clocks is remembered, seconds."""


def ahead_s(date: str | None, began: float, ended: float) -> float | None:
    """Return how far our clock is ahead of one that answered with a date, seconds.

    Parameters
    ----------
    date : str or None
        The ``Date`` of the answer, whole seconds.
    began, ended : float
        When the question was sent, and the answer was there, by our clock.

    Returns
    -------
    float or None
        The least difference that explains the date, 0 where none is necessary; None without one.
    """
    theirs = http_date(date)
    if theirs is None:
        return None
    if ended < theirs:
        return ended - theirs
    return max(0.0, began - (theirs + 1))


class ServerClock:
    """The clock of a service; asked only where a token looks expired.

    Parameters
    ----------
    url : str
        Answers with a ``Date`` without a sign-in.
    """

    def __init__(self, url: str, *, http: RemoteClient) -> None:
        self._url = url
        self._http = http
        self._known: tuple[float, float] | None = None

    async def ahead_s(self) -> float:
        """Return how far ours is ahead, seconds, as of the last minute; 0 without an answer."""
        if self._known is None or time.monotonic() - self._known[0] > KEPT_S:
            self._known = (time.monotonic(), await self._ask())
        return self._known[1]

    async def _ask(self) -> float:
        try:
            response = await self._http.request("GET", self._url)
        except EscapeError:
            return 0.0
        theirs = http_date(response.headers.get("Date"))
        return 0.0 if theirs is None else time.time() - theirs
