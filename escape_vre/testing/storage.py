"""A storage that misbehaves on request: slow, cut short, wrong bytes, no Range.

HTTP semantics as in RFC 9110 sections 13 and 14; a real WebDAV storage is tested too, in
``tests/integration``, which shows that both answer alike when nothing is faulty.
"""

import hashlib
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from escape_vre.testing.loopback import Fake, Handler


@dataclass(slots=True)
class Behaviour:
    """How one path is served.

    Parameters
    ----------
    cut_after : int or None
        Close the connection after this many bytes of the body, once.
    ranges : bool
        Whether Range is honoured.
    pause_s : float
        Wait so long before every step, seconds.
    step : int
        Send so many bytes at a time.
    status : int or None
        Answer this instead; only the first ``times`` times, if that is given.
    headers : dict
        Send these headers too, or in place of ours.
    unsized : bool
        Name no length, and close the connection at the end.
    held : threading.Event or None
        Answer nothing until it is set.
    location : str
        Redirect there; sent as Latin-1, so that any bytes can be sent.
    """

    body: bytes = b""
    cut_after: int | None = None
    ranges: bool = True
    pause_s: float = 0.0
    step: int = 64 * 1024
    status: int | None = None
    times: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    unsized: bool = False
    held: threading.Event | None = None
    location: str = ""
    etag: str = ""


@dataclass(slots=True)
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    sent: int = 0


@dataclass
class FakeStorage(Fake):
    """A threaded HTTP server on loopback; ``with FakeStorage() as storage``."""

    files: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    """A server's context, for one that speaks TLS."""
    token: str | None = None
    """The bearer token that opens every file; None for an open storage."""

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        storage = self

        class Answers(Handler):
            def setup(self) -> None:
                storage.connections += 1
                super().setup()

            def do_GET(self) -> None:
                storage._answer(self)

        return Answers

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self.origin}/{path}"

    def put(self, path: str, body: bytes, **behaviour: object) -> str:
        """Serve a file and return its URL."""
        self.files[path] = Behaviour(
            body=body,
            etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            **behaviour,  # type: ignore[arg-type]
        )
        return self.url(path)

    def _answer(self, handler: Handler) -> None:
        path = unquote(urlsplit(handler.path).path).lstrip("/")
        seen = Seen(path, dict(handler.headers.items()))
        self.seen.append(seen)
        sent = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.token is not None and sent != self.token:
            self._head(handler, 401, 0, {"WWW-Authenticate": "Bearer"})
            return
        file = self.files.get(path)
        if file is None:
            self._head(handler, 404, 0, {})
            return
        if file.held is not None:
            file.held.wait()
        if file.status is not None and file.times != 0:
            if file.times is not None:
                file.times -= 1
            self._head(handler, file.status, 0, file.headers)
            return
        if file.location:
            self._head(handler, 302, 0, {"Location": file.location, **file.headers})
            return
        start, stop = self._part(handler, file)
        if start > len(file.body):
            self._head(handler, 416, 0, {"Content-Range": f"bytes */{len(file.body)}"})
            return
        headers = {"ETag": file.etag, "Accept-Ranges": "bytes"}
        partial = start > 0 or stop < len(file.body)
        if partial:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(file.body)}"
        length = None if file.unsized else stop - start
        handler.close_connection = file.unsized
        self._head(handler, 206 if partial else 200, length, headers | file.headers)
        self._send(handler, file, start, stop, seen)

    def _part(self, handler: Handler, file: Behaviour) -> tuple[int, int]:
        """Return where the part that is asked for starts, and where it stops."""
        whole = len(file.body)
        asked = handler.headers.get("Range", "")
        condition = handler.headers.get("If-Range", "")
        if not file.ranges or not asked or (condition and condition != file.etag):
            return 0, whole
        first, _, last = asked.removeprefix("bytes=").partition("-")
        return int(first), min(int(last) + 1, whole) if last else whole

    def _head(
        self,
        handler: Handler,
        status: int,
        length: int | None,
        headers: dict[str, str],
    ) -> None:
        handler.send_response(status)
        if length is not None:
            handler.send_header("Content-Length", str(length))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    def _send(self, handler: Handler, file: Behaviour, start: int, stop: int, seen: Seen) -> None:
        step = file.step
        body = memoryview(file.body)[:stop]
        for at in range(start, len(body), step):
            time.sleep(file.pause_s)
            piece = body[at : at + step]
            if file.cut_after is not None and seen.sent + len(piece) > file.cut_after:
                piece = piece[: file.cut_after - seen.sent]
                file.cut_after = None
                handler.close_connection = True
                handler.wfile.write(piece)
                handler.wfile.flush()
                handler.connection.shutdown(2)
                return
            seen.sent += len(piece)  # before, as the client may look as soon as it has them
            try:
                handler.wfile.write(piece)
            except OSError:
                return  # the client has gone, which tests do on purpose
