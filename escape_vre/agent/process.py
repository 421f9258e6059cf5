"""The process: one lock, one socket, and an end when it is idle."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from traitlets.config import Config

from escape_vre._version import __version__
from escape_vre.agent.app import API, AgentInfo, make_app
from escape_vre.agent.doors import OwnUserOnly
from escape_vre.agent.services import Services
from escape_vre.core.environment import MORE, allowed
from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.core.keyring import Keyring
from escape_vre.core.location import Location, locate
from escape_vre.core.logs import keep_bounded, log_to_stderr
from escape_vre.core.loops import Loops
from escape_vre.core.registry import installed
from escape_vre.core.settings import Agent, Transfers, configured, load_config
from escape_vre.jobs.build import make_desk
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import Get

log = logging.getLogger("escape_vre.agent")

IDLE_CHECK_S = 5.0


def main() -> int:
    """Run the agent of this user, host and state directory until it is idle or told to end."""
    log_to_stderr()
    # A client of an older version starts us with more than we should have.
    for name in os.environ.keys() - allowed(os.environ).keys():
        del os.environ[name]
    try:
        location = locate()
        location.make_state()
        location.make_runtime()
        with _held(location.lock) as free:
            if not free:
                log.info("another agent runs already")
                return 0
            if location.log.exists():  # not where it was started by hand, at first
                keep_bounded(location.log)
            return asyncio.run(_serve(location))
    except EscapeError as e:
        # The last line of the log: the client that started us reads it.
        print(json.dumps({"error": e.as_dict()}), file=sys.stderr)  # noqa: T201
        return 1


@contextmanager
def _held(file: Path) -> Iterator[bool]:
    """Hold the agent's lock while it lives; False when another one does."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)


def _bind(location: Location) -> socket.socket:
    """Listen where clients look, readable to us alone; only the lock's holder comes here."""
    location.socket.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(location.socket))
    finally:
        os.umask(before)
    listening.listen(128)
    location.pid.write_text(f"{os.getpid()}\n")
    return listening


class Use:
    """ASGI middleware that knows when the agent was last used."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0
        self._last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; looking at events is not use."""
        if scope["type"] != "http" or scope["path"] == "/jobs/events":
            await self._app(scope, receive, send)
            return
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1
            self._last = time.monotonic()

    @property
    def idle_s(self) -> float:
        """Seconds since the last request ended; 0 while one is under way."""
        return 0.0 if self._open else time.monotonic() - self._last


async def _serve(location: Location) -> int:
    config = load_config()
    settings = configured(Agent, config)
    keyring = Keyring(location.state)
    services = Services(installed(), config, keyring)
    loops = Loops()
    desk = _desk(location, settings, config, services, loops)
    started = time.time()

    def info() -> AgentInfo:
        return AgentInfo(
            api=API,
            apis=[API],
            version=__version__,
            pid=os.getpid(),
            started=started,
            data_dir=str(desk.kind(Get).data_dir()),
            jobs_running=desk.unfinished,
            loop_failures=dict(loops.failures),
        )

    def stop() -> None:
        server.should_exit = True

    app = make_app(
        desk=desk,
        services=services,
        keyring=keyring,
        info=info,
        stop=stop,
        follow_links=settings.follow_links,
    )
    use = Use(app)
    server = uvicorn.Server(
        uvicorn.Config(
            use,
            http=OwnUserOnly,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    # uvicorn's own handling raises the signal again before our jobs have stopped.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await desk.start()
    listening = _bind(location)
    log.info("escape-vre %s listens, pid %d", __version__, os.getpid())
    timeout_s = settings.idle_timeout_s

    async def end_when_idle() -> None:
        """End when nothing was asked for long, or when our socket was removed or replaced."""
        if not location.socket.exists():
            log.warning("the socket is gone, so no client can reach this agent")
            stop()
        if use.idle_s > timeout_s and not desk.unfinished:
            log.info("idle for %.0f s", use.idle_s)
            stop()

    loops.start("idleness", end_when_idle, every_s=min(IDLE_CHECK_S, timeout_s / 4))
    try:
        await server.serve(sockets=[listening])
    finally:
        await loops.stop()
        # No client may connect to one that is ending; its jobs must stop before its lock is free.
        _unlink_own(location, listening)
        await desk.stop()
        await services.close()
        await keyring.close()
    log.info("ended")
    return 0


def _desk(
    location: Location, settings: Agent, config: Config, services: Services, loops: Loops
) -> JobDesk:
    def data_dir() -> Path:
        recorded = location.read_launch().get("contents_root")
        root = Path(str(recorded)) if recorded else Path.home()
        chosen = os.path.expandvars(settings.data_dir)
        if unknown := re.search(r"\$\{?\w+\}?", chosen):
            raise ConfigurationError(
                f"Agent.data_dir names the variable {unknown[0]}, which the agent does not have.",
                hint=f"Set the variable and name it in {MORE}, where Jupyter is started.",
            )
        return root / Path(chosen).expanduser()

    return make_desk(
        state=location.state,
        lock=location.lock,
        settings=configured(Transfers, config),
        data_dir=data_dir,
        service=services.get,
        kinds=services.kinds,
        keep_days=settings.keep_finished_days,
        loops=loops,
    )


def _unlink_own(location: Location, listening: socket.socket) -> None:
    location.socket.unlink(missing_ok=True)
    location.pid.unlink(missing_ok=True)
    listening.close()
