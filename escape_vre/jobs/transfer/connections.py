"""Kept-alive connections to storages, a few for each worker thread."""

import http.client
import socket
import ssl
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    EscapeError,
    NotFoundError,
    RemoteError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.control import Control

CONNECT_TIMEOUT_S = 15.0
MAX_REDIRECTS = 5
KEPT_PER_WORKER = 4
SHORT_BYTES = 64 * 1024

_SCHEMES = {"https": 443, "davs": 443, "http": 80, "dav": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads: whether by TLS, host and port."""

    secure: bool
    host: str
    port: int

    @classmethod
    def of(cls, parts: SplitResult) -> "Origin":
        """Read the origin of a URL; ``davs`` is https under another name."""
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise BadResponseError(
                f"The catalogue names a replica with a scheme that cannot be fetched:"
                f" {parts.scheme or 'none'}.",
                hint="Fetch another replica, or ask the site for https access.",
            )
        port = parts.port or _SCHEMES[parts.scheme]
        return cls(parts.scheme in ("https", "davs"), parts.hostname, port)


class Connection:
    """One connection, and a second handle on its socket.

    The handle is there before the first packet is sent, so that a job can be stopped while a
    storage hangs in the handshake; shutting it never touches the state of TLS.
    """

    def __init__(self, origin: Origin, context: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._context = context
        self.handle: socket.socket | None = None
        self.http: http.client.HTTPConnection
        if context is None:
            self.http = http.client.HTTPConnection(origin.host, origin.port)
        else:
            self.http = http.client.HTTPSConnection(origin.host, origin.port, context=context)

    def open(self, control: Control, *, timeout_s: float) -> None:
        """Connect, unless it is connected; either way the job can shut it from now on."""
        if self.http.sock is not None:
            control.watch(self.handle)
            return
        plain = self._connected(control)
        plain.settimeout(timeout_s)
        try:
            if self._context is None:
                self.http.sock = plain
            else:
                self.http.sock = self._context.wrap_socket(plain, server_hostname=self._origin.host)
        except BaseException:
            plain.close()
            raise

    def _connected(self, control: Control) -> socket.socket:
        """Try the host's addresses in turn."""
        last: OSError | None = None
        where = (self._origin.host, self._origin.port)
        for family, kind, proto, _, address in socket.getaddrinfo(*where, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind, proto)
            self.handle = plain.dup()
            try:
                plain.settimeout(CONNECT_TIMEOUT_S)
                control.watch(self.handle)
                plain.connect(address)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as e:
                control.unwatch(self.handle)
                self.handle.close()
                plain.close()
                control.check()
                last = e
                continue
            except BaseException:
                plain.close()
                raise
            return plain
        raise last or OSError("no address")

    def close(self) -> None:
        """Close both handles."""
        self.http.close()
        if self.handle is not None:
            self.handle.close()
            self.handle = None


class Connections:
    """One worker's connections; not shared between threads."""

    def __init__(self, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._kept: OrderedDict[tuple[Origin, ssl.SSLContext | None], Connection] = OrderedDict()

    def get(
        self, url: str, *, access: StorageAccess, control: Control, extra: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, "Connection"]:
        """Ask for a file, following redirects.

        Credentials go to the storage that the catalogue named and to no other: where a redirect
        leads to another origin, it is followed without them. Credentials that it refuses are
        renewed once.

        Raises
        ------
        EscapeError
            The storage cannot be reached, or refuses.
        """
        first = Origin.of(urlsplit(url))
        refused: dict[str, str] = {}
        hops = 0
        while hops <= MAX_REDIRECTS:
            parts = urlsplit(url)
            origin = Origin.of(parts)
            trusted = origin == first
            sign_in: dict[str, str] = {}
            if trusted:
                sign_in = dict(access.headers(url, refused=refused, check=control.check))
            headers = {"Accept-Encoding": "identity", **extra, **sign_in}
            context = None
            if origin.secure:
                context = access.tls(url) if trusted else ssl.create_default_context()
            path = parts.path or "/"
            response, connection = self._ask(
                origin, context, f"{path}?{parts.query}" if parts.query else path, headers, control
            )
            if response.status == 401 and sign_in and not refused:
                # Its token has ended meanwhile: another one, and from where the part ends.
                refused = sign_in
                self._put_by(response, connection, control)
                continue
            if response.status not in (301, 302, 303, 307, 308):
                return response, connection
            where = response.getheader("Location", "")
            self._put_by(response, connection, control)
            url = urljoin(url, where)
            hops += 1
        raise BadResponseError(
            f"The storage {first.host} redirects without end.", hint="Try another replica."
        )

    def _put_by(
        self, response: http.client.HTTPResponse, connection: "Connection", control: Control
    ) -> None:
        """Finish with an answer that is not the file; its connection stays if it was short."""
        try:
            response.read(SHORT_BYTES)
        except (OSError, http.client.HTTPException):
            self.drop(connection)
        control.unwatch(connection.handle)
        if not response.isclosed():
            self.drop(connection)

    def _ask(
        self,
        origin: Origin,
        context: ssl.SSLContext | None,
        path: str,
        headers: dict[str, str],
        control: Control,
    ) -> tuple[http.client.HTTPResponse, "Connection"]:
        """Send a GET; over a kept connection that the other end has closed, once more."""
        while True:
            kept = self._kept.pop((origin, context), None)
            connection = kept or Connection(origin, context)
            try:
                connection.open(control, timeout_s=self._timeout_s)
                connection.http.request("GET", path, headers=headers)
                response = connection.http.getresponse()
            except (OSError, http.client.HTTPException) as e:
                control.unwatch(connection.handle)
                connection.close()
                control.check()
                if kept is not None and not isinstance(e, TimeoutError):
                    continue
                raise storage_error(e, origin.host) from e
            except BaseException:
                connection.close()
                raise
            self._keep(origin, context, connection)
            return response, connection

    def _keep(
        self,
        origin: Origin,
        context: ssl.SSLContext | None,
        connection: "Connection",
    ) -> None:
        self._kept[(origin, context)] = connection
        while len(self._kept) > KEPT_PER_WORKER:
            self._kept.popitem(last=False)[1].close()

    def drop(self, connection: "Connection") -> None:
        """Close a connection whose response was not read to its end."""
        for key, kept in list(self._kept.items()):
            if kept is connection:
                del self._kept[key]
        connection.close()

    def close(self) -> None:
        """Close them all."""
        while self._kept:
            self._kept.popitem()[1].close()


class HostLimits:
    """How many connections may be in use to one host at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}

    def slot(self, host: str) -> threading.BoundedSemaphore:
        """Return the host's semaphore, to be held while a connection is used."""
        with self._lock:
            return self._slots.setdefault(host, threading.BoundedSemaphore(self._per_host))


def storage_error(error: Exception, host: str) -> EscapeError:
    """Say what a failed connection means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return RemoteError(
            f"The certificate of the storage {host} is not to be trusted: {error.verify_message}.",
            hint="The site must mend its certificate, or its authority must be put into ca_file.",
        )
    if isinstance(error, ssl.SSLError):
        return RemoteError(
            f"The storage {host} refuses the encrypted connection"
            f" ({(error.reason or 'TLS error').replace('_', ' ').lower()}).",
            hint="Check that your certificate or proxy is there and not expired.",
        )
    if isinstance(error, TimeoutError):
        return RemoteTimeoutError(
            f"The storage {host} has stopped answering.", hint="Try again later."
        )
    return RemoteUnavailableError(
        f"The storage {host} cannot be reached.", hint="Try again later, or tell the site."
    )


def refusal(status: int, reason: str, host: str) -> EscapeError:
    """Say what a storage's refusal means."""
    if status in (401, 403):
        return AuthError(
            f"The storage {host} does not let you read this file ({status}).",
            hint="Sign in again, or ask the data's owner for access.",
        )
    if status in (404, 410):
        return NotFoundError(
            f"The storage {host} does not have the file that the catalogue says it has.",
            hint="Tell the site; another replica may serve.",
        )
    if status in (429, 500, 502, 503, 504):
        return RemoteUnavailableError(
            f"The storage {host} answers {status} {reason}.", hint="Try again later."
        )
    return BadResponseError(
        f"The storage {host} answers {status} {reason}.", hint="Tell the site, or try again."
    )
