"""One site's storage: WebDAV over TLS from a folder.

It stands on :mod:`http.server`, with a thread for each connection. wsgidav on cheroot shakes hands
in the thread that accepts, which makes many connections wait for each other, and Rucio needs
answers that it does not give (parent folders made on PUT and MOVE).
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import shutil
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import cast

from ..behaviour import Current
from .bearer import Bearer
from .webdav import UNFINISHED, Site, StorageHandler


class StorageServer(Site):
    """Listens for one site.

    Parameters
    ----------
    listener : socket — bound and listening; the caller chose address and port.
    root : Path — folder that is ``/`` to clients.
    tls : SSLContext — asks for, but does not insist on, a client certificate.
    token : str — bearer token that grants the same access as a certificate.
    bearer : Bearer — validates other tokens.
    behaviour : Current — what is wrong with the site at the moment.
    """

    daemon_threads = True

    def __init__(
        self,
        listener: socket.socket,
        *,
        root: Path,
        tls: ssl.SSLContext,
        token: str,
        bearer: Bearer,
        behaviour: Current,
    ) -> None:
        super().__init__(listener.getsockname(), StorageHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.root = root
        self.tls = tls
        self.authorization = f"Bearer {token}".encode()
        self.bearer = bearer
        self.behaviour = behaviour
        (root / UNFINISHED).mkdir(parents=True, exist_ok=True)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Handshake in the connection's own thread: a silent client does not block others."""
        plain = cast("socket.socket", request)
        plain.settimeout(60)
        try:
            secure = self.tls.wrap_socket(plain, server_side=True)
        except OSError:
            self.shutdown_request(plain)
            return
        super().process_request_thread(secure, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """Do not log clients that disconnect; log our own errors."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(
    listener: socket.socket,
    *,
    root: Path,
    ca: Path,
    identity: Path,
    token: str,
    bearer: Bearer,
    behaviour: Current,
) -> threading.Thread:
    """Serve a site until the process ends.

    Parameters
    ----------
    listener : socket — bound and listening.
    root : Path — the site's folder; made if missing.
    ca : Path — PEM; client certificates signed by it are accepted.
    identity : Path — PEM with this server's key and certificate.
    token : str — bearer token that grants the same access.
    bearer : Bearer — validates users' tokens.
    behaviour : Current — what is wrong with the site at the moment.

    Returns
    -------
    Thread — the running accept loop.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity)
    tls.load_verify_locations(ca)
    tls.verify_mode = ssl.CERT_OPTIONAL
    server = StorageServer(
        listener, root=root, tls=tls, token=token, bearer=bearer, behaviour=behaviour
    )
    shutil.rmtree(root / UNFINISHED, ignore_errors=True)
    (root / UNFINISHED).mkdir(parents=True)
    thread = threading.Thread(target=server.serve_forever, name="storage", daemon=True)
    thread.start()
    return thread
