"""An HTTP proxy on loopback: forwards nothing but CONNECT, and remembers whom it was asked for."""

import contextlib
import select
import socket
from dataclasses import dataclass, field

from escape_vre.testing.loopback import Fake, Handler


@dataclass
class FakeProxy(Fake):
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

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        proxy = self

        class Answers(Handler):
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

        return Answers

    @property
    def url(self) -> str:
        """The URL of the proxy."""
        return f"{self.origin}"


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
