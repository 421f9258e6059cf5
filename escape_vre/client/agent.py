"""The client that server, magics, commands and file systems use to call the agent."""

import http.client
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from escape_vre.client.start import ensure_agent
from escape_vre.client.wire import (
    API,
    SocketConnection,
    error_of,
    read_json,
    read_lines,
    target,
)
from escape_vre.core.caller import ENVIRONMENT_HEADER, KEY_HEADER, TOKEN_HEADER, pack_environment
from escape_vre.core.errors import AgentUnavailableError, BadResponseError, EscapeError
from escape_vre.core.hub import HUB_HEADER, pack_hub
from escape_vre.core.location import Location, locate

T = TypeVar("T")
FINISHED = ("done", "failed", "cancelled")


class AgentClient:
    """Calls the agent, and starts it where none runs.

    Parameters
    ----------
    location : Location, optional
        Whose agent; default this user's, on this host, of this state directory.
    timeout_s : float
        How long one answer may take to begin, seconds. The agent's own deadlines are shorter.
    """

    def __init__(self, location: Location | None = None, *, timeout_s: float = 120.0) -> None:
        self.location = location or locate()
        self.timeout_s = timeout_s
        self.name = uuid.uuid4().hex
        self._checked = False
        self._asked_for: tuple[str, ...] = ()

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer to a GET; raises the EscapeError that the agent answers."""
        return self._exchange("GET", path, query, None, repeatable=True)

    def post(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        repeatable: bool = False,
        **query: Any,
    ) -> Any:
        """Return the JSON answer to a POST; raises the EscapeError that the agent answers.

        Parameters
        ----------
        repeatable : bool
            Whether it is sent again if the agent goes before it has answered: the route only
            reads, or knows by the idempotency key that is sent along what it has done.
        """
        headers = {KEY_HEADER: uuid.uuid4().hex} if repeatable else None
        return self._exchange(
            "POST", path, query, body or {}, headers=headers, repeatable=repeatable
        )

    def delete(self, path: str) -> Any:
        """Return the JSON answer to a DELETE; raises the EscapeError that the agent answers."""
        return self._exchange("DELETE", path, None, None)

    def stream(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list as they arrive; the last object is ``{"end": {…}}``.

        Raises
        ------
        EscapeError
            What the agent says went wrong, before or after the first row.
        BadResponseError
            The list ended without saying that it was complete.
        """
        response, connection = self._send("GET", path, query, None)
        try:
            if response.status >= 400:
                read_json(response)
            for row in read_lines(response):
                if "error" in row:
                    raise error_of(row, 502)
                yield row
                if "end" in row:
                    return
        except (http.client.HTTPException, OSError, ValueError) as e:
            raise BadResponseError(
                "The list is incomplete: the connection was lost.",
                hint="Try again to get the whole list.",
            ) from e
        finally:
            connection.close()
        raise BadResponseError(
            "The list is incomplete: the connection was lost.",
            hint="Try again to get the whole list.",
        )

    def wait(
        self,
        job_id: str,
        on_change: Callable[[dict[str, Any]], None] = lambda _: None,
        *,
        interval_s: float = 0.1,
    ) -> dict[str, Any]:
        """Wait until a job has ended, through a restart of the agent too.

        Parameters
        ----------
        on_change : callable
            Called with the job whenever it has been asked for.
        interval_s : float
            Time between two questions, seconds; the end of the job is known at once.

        Returns
        -------
        dict
            The job, ``done``, ``failed`` or ``cancelled``.
        """
        while True:
            asked = time.monotonic()
            job: dict[str, Any] = self.get(f"/jobs/{job_id}", wait_s=interval_s)
            on_change(job)
            if job["state"] in FINISHED:
                return job
            # An older agent answers at once.
            time.sleep(max(0.0, interval_s - (time.monotonic() - asked)))

    def release(self, job_id: str) -> None:
        """Stop waiting for a job; it ends when no client waits for it."""
        self.post(f"/jobs/{job_id}/release", {"client": self.name}, repeatable=True)

    def token(self, audience: str) -> dict[str, Any]:
        """Return a token for one service, as ``POST /tokens`` answers it; never log or show it."""
        found: dict[str, Any] = self._exchange(
            "POST",
            "/tokens",
            None,
            {"audience": audience},
            headers={TOKEN_HEADER: "1"},
            repeatable=True,
        )
        return found

    def _exchange(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        body: dict[str, Any] | None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        def whole(response: http.client.HTTPResponse, connection: SocketConnection) -> Any:
            try:
                return read_json(response)
            finally:
                connection.close()

        return self._attempts(
            method, target(path, query), body, headers, whole, repeatable=repeatable
        )

    def _send(
        self, method: str, path: str, query: dict[str, Any] | None, body: dict[str, Any] | None
    ) -> tuple[http.client.HTTPResponse, SocketConnection]:
        """Return an answer as it begins; it is closed with its connection."""
        return self._attempts(
            method, target(path, query), body, None, lambda *both: both, repeatable=True
        )

    def _attempts(
        self,
        method: str,
        where: str,
        body: dict[str, Any] | None,
        headers: Mapping[str, str] | None,
        take: Callable[[http.client.HTTPResponse, SocketConnection], T],
        *,
        repeatable: bool,
    ) -> T:
        """Send one request, to another agent where the first has gone.

        What an agent may have begun is sent again only if it is ``repeatable``.
        """
        for last in (False, False, True):
            started = ensure_agent(self.location)
            if started or not self._checked:
                self._check_version()
            connection = SocketConnection(self.location.socket, timeout_s=self.timeout_s)
            begun = False
            try:
                connection.connect()
                begun = True
                return take(self._answer(connection, method, where, body, headers), connection)
            except TimeoutError as e:
                connection.close()
                raise AgentUnavailableError(
                    f"The escape-vre agent did not answer within {self.timeout_s:.0f} s.",
                    hint="Try again; if it happens again, run 'escape-vre agent stop'.",
                ) from e
            except (OSError, http.client.HTTPException) as e:
                connection.close()
                if last or (begun and not repeatable):
                    raise AgentUnavailableError(
                        "The escape-vre agent ended before it answered.",
                        hint=f"Check what it has done. See its log: {self.location.log}.",
                    ) from e
            except BaseException:
                connection.close()
                raise
        raise AssertionError("unreachable")

    def _answer(
        self,
        connection: SocketConnection,
        method: str,
        where: str,
        body: dict[str, Any] | None,
        more: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        headers = dict(more or {})
        if packed := pack_environment(os.environ, self._asked_for):
            headers[ENVIRONMENT_HEADER] = packed
        if packed := pack_hub(os.environ):
            headers[HUB_HEADER] = packed
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        connection.request(method, where, body=payload, headers=headers)
        return connection.getresponse()

    def _check_version(self) -> None:
        connection = SocketConnection(self.location.socket, timeout_s=self.timeout_s)
        try:
            found = read_json(self._answer(connection, "GET", "/agent", None))
        except (OSError, http.client.HTTPException):
            return  # it has just gone: the request itself will see, and start another
        finally:
            connection.close()
        if API not in found.get("apis", [found.get("api")]):
            raise EscapeError(
                f"The running agent (escape-vre {found.get('version')}) is not compatible with the"
                " escape-vre in this environment.",
                hint="Update the older of the two, then restart the Jupyter server.",
            )
        self._asked_for = tuple(found.get("variables") or ())
        self._checked = True
