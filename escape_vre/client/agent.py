"""The client that server, magics, commands and file systems use to call the agent."""

import http.client
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from escape_vre.client.start import ensure_agent
from escape_vre.client.wire import (
    API,
    SocketConnection,
    error_of,
    read_json,
    read_lines,
    target,
)
from escape_vre.core.caller import ENVIRONMENT_HEADER, TOKEN_HEADER, pack_environment
from escape_vre.core.errors import AgentUnavailableError, BadResponseError, EscapeError
from escape_vre.core.hub import HUB_HEADER, pack_hub
from escape_vre.core.location import Location, locate

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
        return self._exchange("GET", path, query, None)

    def post(self, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """Return the JSON answer to a POST; raises the EscapeError that the agent answers."""
        return self._exchange("POST", path, query, body or {})

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
        self.post(f"/jobs/{job_id}/release", {"client": self.name})

    def token(self, audience: str) -> dict[str, Any]:
        """Return a token for one service, as ``POST /tokens`` answers it; never log or show it."""
        found: dict[str, Any] = self._exchange(
            "POST", "/tokens", None, {"audience": audience}, headers={TOKEN_HEADER: "1"}
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
    ) -> Any:
        response, connection = self._send(method, path, query, body, headers=headers)
        try:
            return read_json(response)
        finally:
            connection.close()

    def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        body: dict[str, Any] | None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, SocketConnection]:
        """Send one request; where the agent has gone, start another and send it once more.

        A request is never lost halfway: the agent answers a POST only after the job is on disk,
        and the same POST again joins that job.
        """
        for last in (False, False, True):
            started = ensure_agent(self.location)
            if started or not self._checked:
                self._check_version()
            try:
                return self._request(method, target(path, query), body, headers)
            except TimeoutError as e:
                raise AgentUnavailableError(
                    f"The escape-vre agent did not answer within {self.timeout_s:.0f} s.",
                    hint="Try again; if it happens again, run 'escape-vre agent stop'.",
                ) from e
            except (OSError, http.client.HTTPException) as e:
                if last:
                    raise AgentUnavailableError(
                        "The escape-vre agent ended before it answered.",
                        hint=f"See its log: {self.location.log}.",
                    ) from e
        raise AssertionError("unreachable")

    def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        more: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, SocketConnection]:
        connection = SocketConnection(self.location.socket, timeout_s=self.timeout_s)
        headers = dict(more or {})
        if packed := pack_environment(os.environ, self._asked_for):
            headers[ENVIRONMENT_HEADER] = packed
        if packed := pack_hub(os.environ):
            headers[HUB_HEADER] = packed
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=payload, headers=headers)
            return connection.getresponse(), connection
        except BaseException:
            connection.close()
            raise

    def _check_version(self) -> None:
        try:
            response, connection = self._request("GET", "/agent", None)
        except (OSError, http.client.HTTPException):
            return  # it has just gone: the request itself will see, and start another
        try:
            found = read_json(response)
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
