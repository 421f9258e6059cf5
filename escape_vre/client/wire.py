"""HTTP over the agent's unix-domain socket."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from escape_vre.core.errors import BadResponseError, EscapeError, UsageError
from escape_vre.core.owner import check_peer, check_private

API = 1
"""Version of the agent's API that this client speaks."""


class SocketConnection(http.client.HTTPConnection):
    """An HTTP connection whose other end is a unix-domain socket."""

    def __init__(self, path: Path, *, timeout_s: float | None) -> None:
        super().__init__("agent", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to our own agent.

        Raises
        ------
        OSError
            Nothing listens.
        ConfigurationError
            Another user could have put the socket there, or listens on it.
        """
        check_private(self._path.parent)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
            check_peer(self.sock, self._path)
        except BaseException:
            self.close()
            raise


def target(path: str, query: dict[str, Any] | None) -> str:
    """Put a path and its query together; values of None are left out.

    Raises
    ------
    UsageError
        A value is not text that can be sent, such as a file name that is not UTF-8.
    """
    kept = {key: value for key, value in (query or {}).items() if value is not None}
    try:
        return f"{path}?{urlencode(kept)}" if kept else path
    except UnicodeEncodeError as e:
        raise UsageError(f"{e.object!a} is not valid text.", hint="Type the name again.") from e


def read_json(response: http.client.HTTPResponse) -> Any:
    """Return a response's JSON, or raise the error that it carries."""
    body = response.read()
    try:
        found = json.loads(body) if body else {}
    except ValueError as e:
        raise BadResponseError(
            f"The agent answered {response.status} with something that is not JSON.",
            hint="Its version may not match. Restart your Jupyter server.",
        ) from e
    if response.status >= 400:
        raise error_of(found, response.status)
    return found


def read_lines(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Yield the objects of an NDJSON response as they arrive."""
    for line in response:
        if line.strip():
            yield json.loads(line)


def error_of(body: Any, status: int) -> EscapeError:
    """Rebuild the error that a response carries."""
    fields = body.get("error") if isinstance(body, dict) else None
    if isinstance(fields, dict):
        return EscapeError.from_dict(fields)
    return BadResponseError(
        f"The agent answered with status {status} and no reason.",
        hint="Its version may not match. Restart your Jupyter server.",
    )
