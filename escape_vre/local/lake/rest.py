"""The part of Rucio's REST API that is needed to fill a lake; standard library only."""

import http.client
import json
import ssl
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote_plus, urlsplit

from .errors import LakeError

_CHUNK = 1000
_Item = TypeVar("_Item")


def path(*parts: str) -> str:
    """Return a URL's path; the slashes of a name like ``/A/B/C`` are quoted."""
    return "/" + "/".join(quote_plus(part) for part in parts)


class Rest:
    """One account's kept-alive connection to a lake's Rucio; a context manager.

    Parameters
    ----------
    url : str — of the server.
    account : str — Rucio account and user name.
    password_file, ca_file : Path.
    timeout_s : float — for every single answer.
    """

    def __init__(
        self,
        url: str,
        *,
        account: str,
        password_file: Path,
        ca_file: Path,
        timeout_s: float = 120,
    ) -> None:
        parts = urlsplit(url)
        context = ssl.create_default_context(cafile=str(ca_file))
        self._connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=context, timeout=timeout_s
        )
        self._account = account
        self._password_file = password_file
        self._token = ""

    def __enter__(self) -> Self:
        """Sign in."""
        headers = {
            "X-Rucio-Account": self._account,
            "X-Rucio-Username": self._account,
            "X-Rucio-Password": self._password_file.read_text().strip(),
        }
        try:
            answer = self._send("GET", "/auth/userpass", headers=headers)
        except LakeError:
            self._connection.close()
            raise
        self._token = answer.headers["X-Rucio-Auth-Token"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def call(self, method: str, where: str, body: object = None) -> list[Any]:
        """Send one request and give what it answers: a list, also of one item or of none.

        Raises
        ------
        LakeError — Rucio refused, or could not be reached.
        """
        answer = self._send(
            method,
            where,
            headers={"X-Rucio-Auth-Token": self._token, "Content-Type": "application/json"},
            body=None if body is None else json.dumps(body),
        )
        if "json" not in answer.headers.get("Content-Type", ""):
            return []
        return [json.loads(line) for line in answer.text.splitlines() if line.strip()]

    def add_files(
        self, site: str, files: Iterable[dict[str, object]], *, chunk: int = _CHUNK
    ) -> None:
        """Register files and their replicas at ``site``.

        Parameters
        ----------
        files : of dicts with ``scope``, ``name``, ``bytes``, ``adler32`` and perhaps ``md5``,
            ``meta``.
        chunk : int — files a request.
        """
        for some in _chunks(list(files), chunk):
            self.call(
                "POST", "/replicas", {"rse": site, "files": some, "ignore_availability": True}
            )

    def attach(
        self, scope: str, name: str, children: Iterable[tuple[str, str]], *, chunk: int = _CHUNK
    ) -> None:
        """Put DIDs into a dataset or container that exists."""
        dids = [{"scope": child[0], "name": child[1]} for child in children]
        for some in _chunks(dids, chunk):
            self.call("POST", path("dids", scope, name, "dids"), {"dids": some})

    def _send(
        self, method: str, where: str, *, headers: dict[str, str], body: str | None = None
    ) -> "_Answer":
        try:
            self._connection.request(method, where, body=body, headers=headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise LakeError(
                f"The lake's Rucio did not answer: {error}",
                "Check it with `escape-vre lake status`; start it with `escape-vre lake start`.",
            ) from error
        if answer.status >= 300:
            said = answer.headers.get("ExceptionMessage", text[:300])
            raise LakeError(
                f"Rucio refused {method} {where}: {answer.status} {said}",
                "See the lake's log/rucio.log.",
            )
        return _Answer(answer.headers, text)


class _Answer:
    def __init__(self, headers: http.client.HTTPMessage, text: str) -> None:
        self.headers = headers
        self.text = text


def _chunks(items: list[_Item], size: int) -> Iterable[list[_Item]]:
    return (items[first : first + size] for first in range(0, len(items), size))
