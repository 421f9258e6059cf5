"""What was asked a moment ago, kept for each identity; it goes with the identity's client."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from escape_vre.services.datalake.client import RucioClient

T = TypeVar("T")


class Kept(Generic[T]):
    """One thing for each client.

    Parameters
    ----------
    seconds : float
        How long it is true enough.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._found: WeakKeyDictionary[RucioClient, tuple[float, T]] = WeakKeyDictionary()

    async def get(self, rucio: RucioClient, ask: Callable[[], Awaitable[T]]) -> T:
        """Return it, asked for where it is not kept; an error is not kept."""
        kept = self._found.get(rucio)
        if kept is None or time.monotonic() - kept[0] >= self.seconds:
            kept = (time.monotonic(), await ask())
            self._found[rucio] = kept
        return kept[1]

    def forget(self, rucio: RucioClient) -> None:
        """Ask again next time."""
        self._found.pop(rucio, None)
