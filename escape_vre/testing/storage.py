"""A storage that misbehaves on request: slow, cut short, wrong bytes, no Range.

HTTP semantics as in RFC 9110 sections 13 and 14; a real WebDAV storage is tested too, in
``tests/integration``, which shows that both answer alike when nothing is faulty.
"""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote, urlsplit


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
        Wait before every 64 KiB, seconds.
    status : int or None
        Answer with this status instead.
    location : str
        Redirect there.
    """

    body: bytes = b""
    cut_after: int | None = None
    ranges: bool = True
    pause_s: float = 0.0
    status: int | None = None
    location: str = ""
    etag: str = ""


@dataclass(slots=True)
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    sent: int = 0


@dataclass(slots=True)
class FakeStorage:
    """A threaded HTTP server on loopback; ``with FakeStorage() as storage``."""

    files: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    token: str | None = None
    """The bearer token that opens every file; None for an open storage."""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        storage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                storage.connections += 1
                super().setup()

            def do_GET(self) -> None:
                storage._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/{path}"

    def put(self, path: str, body: bytes, **behaviour: object) -> str:
        """Serve a file and return its URL."""
        self.files[path] = Behaviour(
            body=body,
            etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            **behaviour,  # type: ignore[arg-type]
        )
        return self.url(path)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path).lstrip("/")
        seen = Seen(path, dict(handler.headers.items()))
        self.seen.append(seen)
        sent = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.token is not None and sent != self.token:
            self._head(handler, 401, 0, {"WWW-Authenticate": "Bearer"})
            return
        file = self.files.get(path)
        if file is None or file.status is not None:
            self._head(handler, file.status if file and file.status else 404, 0, {})
            return
        if file.location:
            self._head(handler, 302, 0, {"Location": file.location})
            return
        start = self._start(handler, file)
        if start > len(file.body):
            self._head(handler, 416, 0, {"Content-Range": f"bytes */{len(file.body)}"})
            return
        headers = {"ETag": file.etag, "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(file.body) - 1}/{len(file.body)}"
        self._head(handler, 206 if start else 200, len(file.body) - start, headers)
        self._send(handler, file, start, seen)

    def _start(self, handler: BaseHTTPRequestHandler, file: Behaviour) -> int:
        asked = handler.headers.get("Range", "")
        condition = handler.headers.get("If-Range", "")
        if not file.ranges or not asked or (condition and condition != file.etag):
            return 0
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def _head(
        self, handler: BaseHTTPRequestHandler, status: int, length: int, headers: dict[str, str]
    ) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    def _send(
        self, handler: BaseHTTPRequestHandler, file: Behaviour, start: int, seen: Seen
    ) -> None:
        step = 64 * 1024
        body = memoryview(file.body)
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
