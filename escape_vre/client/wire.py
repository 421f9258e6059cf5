"""HTTP over the agent's unix-domain socket."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from escape_vre.core.errors import BadResponseError, EscapeError

API = 1
"""Version of the agent's API that this client speaks."""


class SocketConnection(http.client.HTTPConnection):
    """An HTTP connection whose other end is a unix-domain socket."""

    def __init__(self, path: Path, *, timeout_s: float | None) -> None:
        super().__init__("agent", timeout=timeout_s)
        self._path = str(path)

    def connect(self) -> None:
        """Connect; raises OSError when nobody listens."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


def target(path: str, query: dict[str, Any] | None) -> str:
    """Put a path and its query together; values of None are left out."""
    kept = {key: value for key, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(kept)}" if kept else path


def read_json(response: http.client.HTTPResponse) -> Any:
    """Return a response's JSON, or raise the error that it carries."""
    body = response.read()
    try:
        found = json.loads(body) if body else {}
    except ValueError as e:
        raise BadResponseError(
            f"The agent answered {response.status} with something that is not JSON.",
            hint="Its version may not fit this one: restart your Jupyter server.",
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
        f"The agent answered {status} without saying why.",
        hint="Its version may not fit this one: restart your Jupyter server.",
    )
