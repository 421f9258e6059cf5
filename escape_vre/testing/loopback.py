"""HTTP servers on loopback, in threads of this process: what every fake here is made of."""

import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Self

POLL_S = 0.02
"""How often a server looks whether it should end, seconds; Python's own half second adds up."""


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, and logs nothing."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle's algorithm the second waits 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def send(
        self,
        status: int,
        body: bytes,
        kind: str = "application/json",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Send a whole answer."""
        self.send_response(status)
        fixed = {"Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in {**fixed, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Serves as soon as it is made; ``with Server(MyHandler) as server``."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler],
        *,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.scheme = "http"
        if tls is not None:
            self.use_tls(tls)
        threading.Thread(target=self.serve_forever, args=(POLL_S,), daemon=True).start()

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https"

    @property
    def origin(self) -> str:
        """The URL of the server, without a path."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def end(self) -> None:
        """Listen no longer; connections in use are not waited for."""
        self.shutdown()
        self.server_close()

    def __exit__(self, *_: object) -> None:
        self.end()

    def handle_error(self, request: object, client_address: Any) -> None:
        """Say nothing of readers that go, as tests make them."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Fake:
    """Something that answers HTTP as a test says; ``with`` starts and ends it."""

    tls: ssl.SSLContext | None = None
    _server: Server | None = None

    def handler(self) -> type[Handler]:
        """Return a class that answers for this fake."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._server = Server(self.handler(), tls=self.tls)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.end()

    @property
    def server(self) -> Server:
        """The running server."""
        assert self._server is not None
        return self._server

    @property
    def origin(self) -> str:
        """The URL of the server, without a path."""
        return self.server.origin
