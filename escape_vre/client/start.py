"""Start the agent where none runs: one, however many clients ask at once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from escape_vre.client.wire import SocketConnection
from escape_vre.core.environment import allowed
from escape_vre.core.errors import AgentUnavailableError, EscapeError
from escape_vre.core.location import Location, is_free

START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 30.0
_TRIES = 3


def answers(location: Location) -> bool:
    """Tell whether our agent listens on its socket.

    Raises
    ------
    ConfigurationError
        The socket's place is not ours alone, or another user's process listens there.
    """
    connection = SocketConnection(location.socket, timeout_s=2)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def ensure_agent(location: Location) -> bool:
    """Start the agent unless it listens already.

    Returns
    -------
    bool
        True when this call started it.

    Raises
    ------
    AgentUnavailableError
        It does not come up; the message holds its last words.
    """
    if answers(location):
        return False
    location.make_runtime()
    with _locked(location.starting):
        if answers(location):
            return False
        _spawn(location)
    return True


def await_end(location: Location, pid: int | None = None) -> None:
    """Wait until an agent that was told to end has stopped its jobs and ended.

    Parameters
    ----------
    pid : int, optional
        Which; default one that listens no more.

    Raises
    ------
    AgentUnavailableError
        It has not after 30 s.
    """
    deadline = time.monotonic() + END_TIMEOUT_S
    while not is_free(location.lock) and _listens(location) in (pid, None):
        if time.monotonic() > deadline:
            raise AgentUnavailableError(
                "The escape-vre agent was told to end and is still stopping its jobs.",
                hint=f"Try again in a moment. See its log: {location.log}.",
            )
        time.sleep(0.02)


def _listens(location: Location) -> int | None:
    """Return the pid that the agent which listens has written down."""
    try:
        return int(location.pid.read_text())
    except (OSError, ValueError):
        return None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    import fcntl  # here, so that native Windows gets to its sentence

    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _spawn(location: Location) -> None:
    """Run the agent in a session of its own and wait for its first answer."""
    launch = location.read_launch()
    python = str(launch.get("python") or "")
    if not (python and os.access(python, os.X_OK)):
        python = sys.executable
    environment = allowed(os.environ)
    if python != sys.executable:
        for name in ("PYTHONPATH", "PYTHONHOME"):
            environment.pop(name, None)
    recorded = {str(k): str(v) for k, v in (launch.get("environment") or {}).items()}
    environment |= allowed(recorded)
    location.make_state()
    for _ in range(_TRIES):
        await_end(location)
        if answers(location):
            return
        process, offset = _run(python, environment, location)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers(location):
            if time.monotonic() > deadline:
                process.kill()
            if (code := process.poll()) is not None and not answers(location):
                break
            time.sleep(0.01)
        else:
            _let_go(process)
            return
        if code:
            break  # else another one had the lock for a moment
    raise _reason(location.log, offset)


def _run(
    python: str, environment: dict[str, str], location: Location
) -> tuple[subprocess.Popen[bytes], int]:
    """Start an agent's process; returns it, and where in the log its words begin."""
    with location.log.open("ab") as log:
        offset = log.tell()
        process = subprocess.Popen(  # noqa: S603 — our own module, no shell
            [python, "-P", "-m", "escape_vre.agent"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=location.state,
            env=environment,
            start_new_session=True,
        )
    return process, offset


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Forget the child without a ResourceWarning: it outlives us on purpose."""
    process.returncode = 0


def _reason(log: Path, offset: int) -> EscapeError:
    """Return what the agent said before it ended; its last line is an error where it could."""
    with log.open("rb") as file:
        file.seek(offset if offset <= file.seek(0, os.SEEK_END) else 0)  # it may be a new one
        lines = file.read().decode(errors="replace").strip().splitlines()
    last = lines[-1] if lines else "it ended without a message"
    try:
        return EscapeError.from_dict(json.loads(last)["error"])
    except (ValueError, KeyError, TypeError):
        return AgentUnavailableError(
            f"The escape-vre agent failed to start: {last}.",
            hint=f"See its log, {log}, or run 'escape-vre agent run'.",
        )
