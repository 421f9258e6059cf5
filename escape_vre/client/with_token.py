"""``escape-vre with-token``: one command gets a token, and nothing else on the machine does.

The command takes our place (``exec``), so that signals, exit code and terminal are its own. A
keeper stays behind: it holds the reading end of a pipe whose other end the command inherited,
renews the token in its file, and removes the file when the last holder of the pipe has ended.
"""

import os
import select
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import EscapeError, UsageError
from escape_vre.core.plugin import TOKEN
from escape_vre.core.registry import plugins
from escape_vre.display.output import say

RENEW_AT = 0.75
"""The part of a token's life after which the next is asked for."""
SHORTEST_S = 5.0
RETRY_S = 20.0
NOT_EXECUTABLE, NOT_FOUND = 126, 127


def run(audience: str, command: Sequence[str]) -> int:
    """Become a command that has a token; returns only where that cannot be.

    Raises
    ------
    UsageError
        There is no command.
    EscapeError
        There is no token for this audience; the agent says why.
    """
    words = list(command[1:] if command[:1] == ["--"] else command)
    if not words:
        raise UsageError(
            "No command was given.",
            hint="Add one, as in: escape-vre with-token reana -- reana-client list.",
        )
    program = shutil.which(words[0])
    if program is None:
        say(f"escape-vre: The command {words[0]} does not exist.")
        return NOT_FOUND
    agent = AgentClient()
    found = agent.token(audience)
    # The agent's own folder, which no other user can write to, replace or look into.
    folder = Path(tempfile.mkdtemp(prefix="token-", dir=agent.location.runtime))
    try:
        _write(folder, found)
        alive = _leave_keeper(agent, folder, found)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    os.set_inheritable(alive, True)
    environment = with_token(os.environ, audience, found["access_token"], folder / "token")
    try:
        os.execve(program, words, environment)  # noqa: S606 — what the person asked for
    except OSError as e:
        os.close(alive)  # which ends the keeper
        say(f"escape-vre: {words[0]}: {e.strerror}.")
        return NOT_EXECUTABLE


def with_token(
    environment: Mapping[str, str], audience: str, token: str, file: Path
) -> dict[str, str]:
    """Return an environment in which the programs of a service find a token.

    WLCG Bearer Token Discovery looks at BEARER_TOKEN before the file, hence it must go.
    """
    given = {**environment, "BEARER_TOKEN_FILE": str(file)}
    given.pop("BEARER_TOKEN", None)
    for name, value in variables_of_audiences().get(audience, {}).items():
        given[name] = token if value == TOKEN else value
    return given


def variables_of_audiences() -> dict[str, Mapping[str, str]]:
    """Return by audience the variables that a command gets beside the token's file."""
    found: dict[str, Mapping[str, str]] = {"reana": {"REANA_ACCESS_TOKEN": TOKEN}}
    for plugin in plugins().values():
        found |= plugin.token_variables
    return found


def _write(folder: Path, found: Mapping[str, Any]) -> None:
    """Put the token into its file, whole at every moment, readable to us alone."""
    part = folder / "token.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, str(found["access_token"]).encode())
    finally:
        os.close(descriptor)
    part.replace(folder / "token")


def _leave_keeper(agent: AgentClient, folder: Path, found: Mapping[str, Any]) -> int:
    """Fork the keeper, detached; returns the end of the pipe that keeps it while it is open."""
    ended, alive = os.pipe()
    between = os.fork()
    if not between:
        os.close(alive)
        try:
            os.setsid()
            if not os.fork():
                _keep(agent, folder, found, ended)
        finally:
            os._exit(0)
    os.close(ended)
    os.waitpid(between, 0)
    return alive


def _keep(agent: AgentClient, folder: Path, found: Mapping[str, Any], ended: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    try:
        left = found["expires_in"]
        while not select.select([ended], [], [], _pause(left))[0]:
            try:
                found = agent.token(found["audience"])
                _write(folder, found)
                left = found["expires_in"]
            except (EscapeError, OSError):
                left = RETRY_S / RENEW_AT  # the old one may still be good; a person may sign in
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pause(left: float | None) -> float | None:
    return None if left is None else max(SHORTEST_S, left * RENEW_AT)
