"""Waits for other processes, as long as a busy machine may need."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float = 180.0, what: str = "it") -> T:
    """Return the condition's value once it is true; it is also checked after the limit.

    Raises
    ------
    TimeoutError
        It did not become true in time.
    """
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {timeout_s:.0f} s")
        time.sleep(0.02)
    return found
