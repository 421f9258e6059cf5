"""Tasks that repeat as long as the process lives, whatever goes wrong in one round."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PAUSE_S = 5.0
"""Pause after a round that failed, so that a full disk does not fill the log too."""


class Loops:
    """Repeats steps until they are stopped; a step that fails is logged, counted and repeated.

    Attributes
    ----------
    failures : Counter of str
        How many rounds of each loop have failed.
    """

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, step: Callable[[], Awaitable[None]], *, every_s: float) -> None:
        """Repeat a step in a task of its own, with a pause of so many seconds before each round."""
        self._tasks.append(asyncio.create_task(self._repeat(name, step, every_s), name=name))

    def failed(self, name: str, error: Exception) -> None:
        """Log and count a failure; from any thread."""
        self.failures[name] += 1
        log.error("%s: a round failed, and is repeated", name, exc_info=error)

    async def stop(self) -> None:
        """End every loop, where its step waits."""
        tasks, self._tasks = self._tasks, []
        while tasks:
            for task in tasks:
                task.cancel()
            # Once is not always enough: a library below may take a cancellation for its own.
            _, left = await asyncio.wait(tasks, timeout=0.5)
            tasks = list(left)

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await step()
            except Exception as e:  # noqa: BLE001 — logged and counted there
                self.failed(name, e)
                await asyncio.sleep(PAUSE_S)
