"""What the conformance suites ask of a remote that stands in for the real one."""

import threading
from typing import Protocol


class Remote(Protocol):
    """A remote service that a test holds, stops and looks into.

    Attributes
    ----------
    free : threading.Event
        While it is not set, the remote pauses: a list after its first row, a file in its middle.
    left : threading.Event
        Set by the remote when a reader has gone while it paused.
    """

    free: threading.Event
    left: threading.Event

    def stop(self) -> None:
        """Answer no longer."""
