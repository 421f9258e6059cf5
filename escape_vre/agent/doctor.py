"""What of the agent itself works: its folders, its configuration, its services."""

import asyncio
import os
import platform
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Protocol

from escape_vre._version import __version__
from escape_vre.agent.services import Services
from escape_vre.core import text
from escape_vre.core.checks import Check, CheckQuery, Finding, checked, merged
from escape_vre.core.errors import EscapeError
from escape_vre.core.proxies import PROXY_VARIABLES, shown
from escape_vre.core.service import Checkable
from escape_vre.core.settings import config_files, load_config

LOW_BYTES = (1_000_000_000, 100_000_000)
"""Free bytes on a disk below which there is a warning, and a failure."""

SUBJECT = "Agent"
_FREE = "Free some space, or set Agent.data_dir to another disk."


class Process(Protocol):
    """What is known of the agent's process."""

    started: float
    data_dir: str
    loop_failures: dict[str, int]


class Doctor:
    """The checks of the agent, and of all its services.

    Parameters
    ----------
    state : Path
        The agent's state directory.
    info : callable
        Describes the process.
    """

    def __init__(self, services: Services, state: Path, info: Callable[[], Process]) -> None:
        self._services = services
        self._state = state
        self._info = info

    async def checks(self, query: CheckQuery) -> AsyncGenerator[Check, None]:
        """Yield all checks, as they are done."""
        asking = await asyncio.to_thread(
            lambda: list(self._services.having(Checkable))  # type: ignore[type-abstract]
        )
        streams = [self._own(query), *(one.checks(query) for one in asking)]
        async with aclosing(merged(streams)) as found:
            async for check in found:
                yield check

    async def _own(self, query: CheckQuery) -> AsyncGenerator[Check, None]:
        yield await checked(SUBJECT, "process", self._process)
        yield await checked(SUBJECT, "configuration", self._configuration)
        yield await checked(SUBJECT, "state folder", lambda: _folder(self._state))
        yield await checked(SUBJECT, "data folder", self._data)
        yield await checked(SUBJECT, "proxies", lambda: _proxies(query))
        for name in self._services.names:
            if error := await asyncio.to_thread(self._services.error, name):
                yield await checked(name, "service", partial(_failed, error))

    async def _process(self) -> Finding:
        info = self._info()
        failed = {name: count for name, count in info.loop_failures.items() if count}
        since = text.duration(time.time() - info.started)
        said = (
            f"escape-vre {__version__}, Python {platform.python_version()},"
            f" {platform.system()} {platform.machine()}; running for {since}, pid {os.getpid()}."
        )
        if failed:
            names = ", ".join(f"{name} ({count} times)" for name, count in failed.items())
            return Finding("warning", f"{said} Failed: {names}.", "See the agent's log.")
        return Finding("ok", said)

    async def _configuration(self) -> Finding:
        await asyncio.to_thread(load_config)
        files = await asyncio.to_thread(config_files)
        if not files:
            return Finding("ok", "There is no configuration file; the defaults hold.")
        return Finding("ok", f"Read from {', '.join(map(str, files))}.")

    async def _data(self) -> Finding:
        return await _folder(Path(self._info().data_dir))


async def _folder(path: Path) -> Finding:
    return await asyncio.to_thread(_disk, path)


def _disk(path: Path) -> Finding:
    """Return whether a folder can be written to, and has space; else the first above it."""
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        hint = "Change its permissions, or configure another folder."
        return Finding("failed", f"{there} cannot be written to.", hint)
    free = shutil.disk_usage(there).free
    said = f"{path}: {text.size(free)} free."
    warn, fail = LOW_BYTES
    if free >= warn:
        return Finding("ok", said)
    return Finding("failed" if free < fail else "warning", said, _FREE)


async def _proxies(query: CheckQuery) -> Finding:
    """Return the caller's proxies, without the passwords in their addresses."""
    said = [
        f"{variable} {value if name == 'no_proxy' else _address(value)}"
        for name in PROXY_VARIABLES
        for variable in (name, name.upper())
        if (value := query.environment.get(variable))
    ]
    return Finding("ok", f"{', '.join(said)}." if said else "No variable names a proxy.")


def _address(proxy: str) -> str:
    return shown(proxy if "://" in proxy else f"http://{proxy}")


async def _failed(error: EscapeError) -> Finding:
    raise error


def end_of(found: Sequence[Check]) -> dict[str, int]:
    """Return what the last line of a list of checks says: how many of each state."""
    states = ("ok", "warning", "failed", "skipped")
    return {state: sum(check.state == state for check in found) for state in states}
