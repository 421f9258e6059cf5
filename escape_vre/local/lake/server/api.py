"""Rucio's REST API on https."""

import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from rucio.web.rest.flaskapi.v1.main import application

from .daemons import Application

_THREADS = 20


class Server(wsgi.Server):
    """A server on a socket that already listens: its port was taken before Rucio was loaded."""

    keep_alive_conn_limit = 500

    def __init__(self, listener: socket.socket, app: Application) -> None:
        super().__init__(listener.getsockname(), app, numthreads=_THREADS, request_queue_size=128)
        self.listener = listener

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Do not log clients that disconnect: the log would grow with every one."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().error_log(msg, level, traceback)

    def bind(self, _family: int, _kind: int, _protocol: int = 0) -> socket.socket:
        """Use the given socket."""
        self.socket = self.listener
        return self.listener


class LateHandshake(BuiltinSSLAdapter):
    """Shakes hands in the thread that serves the connection.

    cheroot does so in the one thread that accepts: a client that connects and stays silent
    would hold up all others for ten seconds.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Prepare an accepted socket; its first read shakes hands."""
        tls = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return tls, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def server(
    listener: socket.socket, identity: Path, watch: Callable[[Application], Application]
) -> Server:
    """Make the server; the caller prepares and serves it.

    Parameters
    ----------
    listener : socket — bound to the port and listening.
    identity : Path — PEM with certificate and key.
    watch : wraps the application.
    """
    made = Server(listener, watch(application))
    made.ssl_adapter = LateHandshake(str(identity), str(identity))
    return made
