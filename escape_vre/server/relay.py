"""From the agent's stream of job changes to Jupyter's events, and to the culler's clock."""

import asyncio
import json
import logging
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from escape_vre.core.errors import EscapeError
from escape_vre.core.loops import Loops
from escape_vre.server.link import AgentLink

if TYPE_CHECKING:
    from jupyter_events.logger import EventLogger

SCHEMA = "https://escape-vre.org/events/job/v1"
LAST_ACTIVITY = "escape_vre_last_activity"
LOOK_S = 0.5
SILENT_S = 30.0

log = logging.getLogger(__name__)


class EventRelay:
    """Watches the agent while one runs; neither starts one nor keeps one alive by looking.

    An agent that goes while it has jobs was killed: the relay starts another, which goes on with
    them.
    """

    def __init__(
        self,
        link: AgentLink,
        *,
        logger: "EventLogger",
        settings: MutableMapping[str, Any],
        keep_alive_h: float,
    ) -> None:
        self._link = link
        self._logger = logger
        self._settings = settings
        self._keep_alive = timedelta(hours=keep_alive_h)
        self._loops = Loops()
        self._warned = ""
        self._unfinished: set[str] = set()
        self._amounts: dict[str, dict[str, int]] = {}
        """How far each job was when it was last told of, by unit."""

    def start(self) -> None:
        """Begin as soon as the server's event loop runs."""
        from tornado.ioloop import IOLoop

        IOLoop.current().add_callback(self._begin)

    async def stop(self) -> None:
        """Stop watching."""
        await self._loops.stop()

    async def _begin(self) -> None:
        self._loops.start("events of escape-vre", self._watch, every_s=0)

    async def _watch(self) -> None:
        if self._link.is_running or self._unfinished:
            try:
                await self._follow()
            except EscapeError as e:
                self._warn(str(e))
            except (OSError, ValueError) as e:
                log.debug("escape-vre: the stream of events broke: %r", e)
        await asyncio.sleep(0 if self._unfinished and not self._warned else LOOK_S)

    async def _follow(self) -> None:
        """Read one stream of changes to its end."""
        if not self._unfinished and not await self._link.listens():
            if not await self._link.has_unfinished_jobs():
                return  # a socket that its agent left behind
            log.info("escape-vre: the agent was killed; starting another for its jobs")
        async with self._link.stream("GET", "/jobs/events", headers={}) as answer:
            lines = answer.lines()
            self._warned = ""
            while True:
                async with asyncio.timeout(SILENT_S):
                    line = await anext(lines, None)
                if line is None:
                    break
                job = json.loads(line)
                if job:
                    self._tell(job)
        await asyncio.sleep(0.1)

    def _warn(self, text: str) -> None:
        """Log what is wrong, once until it changes: looking happens twice a second."""
        if text != self._warned:
            log.warning("escape-vre: %s", text)
        self._warned = text

    def _tell(self, job: dict[str, Any]) -> None:
        progress = job["progress"]
        amounts = {part["unit"]: part["done"] for part in (progress, *progress["parts"])}
        before = self._amounts.get(job["id"], {})
        self._amounts[job["id"]] = amounts
        moves = any(done > before.get(unit, 0) for unit, done in amounts.items())
        if moves and job["keeps_server_alive"] and self._counts(job):
            self._settings[LAST_ACTIVITY] = datetime.now(UTC)
        if job["state"] in ("queued", "running"):
            self._unfinished.add(job["id"])
        else:
            self._unfinished.discard(job["id"])
        self._logger.emit(schema_id=SCHEMA, data=job)

    def _counts(self, job: dict[str, Any]) -> bool:
        """Tell whether a job still keeps the server alive; after keep_alive_h it does not."""
        started = datetime.fromisoformat(job["started"]) if job.get("started") else None
        return started is not None and datetime.now(UTC) - started < self._keep_alive
