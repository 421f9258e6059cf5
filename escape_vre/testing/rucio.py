"""A Rucio that answers what a test says, and misbehaves on request.

What a real Rucio answers is tested in ``tests/integration``, on a real lake.
"""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from escape_vre.testing.loopback import Fake, Handler


@dataclass(slots=True)
class Answer:
    """One answer.

    Parameters
    ----------
    cut : bool
        Close the connection after the body, which is announced as longer.
    stays : bool
        Announce no length, send the body, and then nothing more until the reader has gone.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    stays: bool = False


HANGS_UP = Answer(cut=True, status=0)
"""No answer: the connection is closed."""


def fixed(found: Any) -> Answer:
    """Answer with one JSON value."""
    return Answer(json.dumps(found).encode())


def listed(*rows: Any, **how: Any) -> Answer:
    """Answer with a row a line; text and bytes are lines as they are."""
    lines = [
        row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=True).encode()
        for row in rows
    ]
    return Answer(b"".join(line + b"\n" for line in lines), **how)


def refused(kind: str, message: str = "", *, status: int = 404) -> Answer:
    """Answer with an exception of Rucio's."""
    fields = {"ExceptionClass": kind, "ExceptionMessage": message}
    return Answer(json.dumps(fields).encode(), status)


@dataclass
class FakeRucio(Fake):
    """A threaded HTTP server on loopback; ``with FakeRucio() as rucio``."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By path, in the order they are given; the last one for ever. Other paths are empty lists."""
    asked: Counter[str] = field(default_factory=Counter)
    heads: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers of every request."""
    queries: list[tuple[str, str]] = field(default_factory=list)
    """Path of every request, and its query as it was sent."""
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    """Path and JSON of every request that has a body; None where it is not JSON."""
    tls: ssl.SSLContext | None = None
    ahead_s: float = 0.0
    """How far its clock is ahead, seconds."""
    left: threading.Event = field(default_factory=threading.Event)
    """Whether a reader has gone before an answer that stays had its end."""

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Answer as at first."""
        self.answers.clear()
        self.asked.clear()
        self.heads.clear()
        self.queries.clear()
        self.bodies.clear()
        self.left.clear()
        self.ahead_s = 0.0
        self.says("/ping", fixed({"version": "41.5.1"}))
        self.says("/scopes/", fixed(["t"]))
        self.says("/accounts/whoami", fixed({"account": "jdoe"}))
        ends = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() + 3600))
        given = {"X-Rucio-Auth-Token": "t0ken", "X-Rucio-Auth-Token-Expires": ends}
        self.says("/auth/userpass", Answer(headers=given))

    def says(self, path: str, *answers: Answer) -> None:
        """Answer so at a path."""
        self.answers[path] = list(answers)

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        rucio = self

        class Answers(Handler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                rucio._answer(self, body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + rucio.ahead_s)

            do_POST = do_PUT = do_DELETE = do_GET

        return Answers

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self.origin

    def headers_of(self, path: str) -> dict[str, str]:
        """Return the headers of the last request for a path, their names in small letters."""
        return next(headers for asked, headers in reversed(self.heads) if asked == path)

    def _answer(self, handler: Handler, body: bytes) -> None:
        sent = urlsplit(handler.path)
        path = unquote(sent.path)
        if body:
            try:
                self.bodies.append((path, json.loads(body)))
            except ValueError:
                self.bodies.append((path, None))
        self.asked[path] += 1
        self.queries.append((path, sent.query))
        self.heads.append((path, {name.lower(): value for name, value in handler.headers.items()}))
        answers = self.answers.get(path) or [Answer()]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        handler.close_connection = answer.cut or answer.stays
        if not answer.status:
            return
        handler.send_response(answer.status)
        length = {} if answer.stays else {"Content-Length": str(len(answer.body) + answer.cut)}
        for name, value in {**length, **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(answer.body)
            if answer.stays and not handler.connection.recv(1):
                self.left.set()
        except OSError:
            self.left.set()
