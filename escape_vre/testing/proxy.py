"""An HTTP proxy on loopback: forwards nothing but CONNECT, and remembers whom it was asked for."""

import contextlib
import select
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(slots=True)
class FakeProxy:
    """A proxy that leads every CONNECT to one address; ``with FakeProxy(port) as proxy``.

    Parameters
    ----------
    port : int
        Where it leads, on loopback, whatever host is asked for: that host need not exist.
    refuses : bool
        Whether it answers 403 instead.
    """

    port: int
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    """``host:port`` of every CONNECT."""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_CONNECT(self) -> None:
                proxy.asked.append(self.path)
                self.close_connection = True
                if proxy.refuses:
                    self.send_error(403)
                    return
                with socket.create_connection(("127.0.0.1", proxy.port)) as there:
                    self.send_response(200)
                    self.end_headers()
                    _tunnel(self.connection, there)

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

    @property
    def url(self) -> str:
        """The URL of the proxy."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"


def _tunnel(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until a side has ended."""
    ways = {one: other, other: one}
    with contextlib.suppress(OSError):
        while True:
            ready, _, _ = select.select(list(ways), [], [])
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                ways[side].sendall(data)
