"""Kept-alive connections to storages, a few for each worker thread."""

import http.client
import socket
import ssl
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from escape_vre.core.errors import BadResponseError, RemoteError
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.transfer.address import Address, Origin, location
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.pace import Pace
from escape_vre.jobs.transfer.refusals import storage_error

CONNECT_TIMEOUT_S = 15.0
MAX_REDIRECTS = 5
KEPT_PER_WORKER = 4
SHORT_BYTES = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Route:
    """How an origin is reached: by TLS with which context, through which proxy."""

    origin: Origin
    context: ssl.SSLContext | None
    proxy: str | None


@dataclass(slots=True)
class Answer:
    """A storage's answer, its body still to be read.

    ``address`` is where it came from in the end, after redirects.
    """

    response: http.client.HTTPResponse
    connection: "Connection"
    address: Address


class Connection:
    """One connection, and a second handle on its socket.

    The handle is there before the first packet is sent, so that a job can be stopped while a
    storage hangs in the handshake; shutting it never touches the state of TLS.
    """

    def __init__(self, route: Route) -> None:
        self._route = route
        self.handle: socket.socket | None = None
        origin = route.origin
        self.http: http.client.HTTPConnection
        if route.context is None:
            self.http = http.client.HTTPConnection(origin.host, origin.port)
        else:
            self.http = http.client.HTTPSConnection(origin.host, origin.port, context=route.context)

    def open(self, control: Control, pace: Pace, *, timeout_s: float) -> None:
        """Connect, unless it is connected; either way the job can shut it from now on."""
        if self.http.sock is not None:
            control.watch(self.handle)
            pace.expect(self.handle, timeout_s)
            return
        plain = self._connected(control)
        pace.expect(self.handle, timeout_s + CONNECT_TIMEOUT_S)
        plain.settimeout(timeout_s)
        origin = self._route.origin
        try:
            if self._route.proxy and origin.secure:
                _tunnel(plain, origin, _credentials(self._route.proxy))
            if self._route.context is None:
                self.http.sock = plain
            else:
                self.http.sock = self._route.context.wrap_socket(plain, server_hostname=origin.host)
        except BaseException:
            plain.close()
            raise

    def ask(self, address: Address, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Send a GET; returns the answer once its headers are there."""
        proxy, secure = self._route.proxy, self._route.origin.secure
        plain_proxy = proxy if proxy and not secure else None
        sent = {**headers, **(_credentials(plain_proxy) if plain_proxy else {})}
        self.http.request("GET", str(address) if plain_proxy else address.target, headers=sent)
        return self.http.getresponse()

    def _connected(self, control: Control) -> socket.socket:
        """Try the host's addresses in turn."""
        last: OSError | None = None
        where = (self._route.origin.host, self._route.origin.port)
        if self._route.proxy:
            proxy = urlsplit(self._route.proxy)
            where = (proxy.hostname or "", proxy.port or 3128)
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
        self.timeout_s = timeout_s
        self.pace = Pace()
        self._kept: OrderedDict[Route, Connection] = OrderedDict()

    def get(
        self,
        first: Address,
        *,
        access: StorageAccess,
        control: Control,
        extra: Mapping[str, str],
        has_checksum: bool,
    ) -> Answer:
        """Ask for a file, following redirects.

        Every hop has the instance's TLS context. Credentials go to the storage that the catalogue
        named, and where the site lists others, to them; ``access`` decides. A token that is
        refused is renewed once.

        Parameters
        ----------
        has_checksum : bool
            What comes is compared with a checksum, so that a listed host may send it without TLS.

        Raises
        ------
        EscapeError
            The storage cannot be reached, or redirects where we do not follow.
        """
        address = first
        refused: dict[str, str] = {}
        hops = 0
        while hops <= MAX_REDIRECTS:
            origin = address.origin
            assert origin is not None  # noqa: S101 — files of this machine are not asked for here
            sign_in: dict[str, str] = {}
            if origin == first.origin or access.follows(str(address)):
                sign_in = dict(access.headers(str(address), refused=refused, check=control.check))
            headers = {"Accept-Encoding": "identity", **extra, **sign_in}
            context = access.tls() if origin.secure else None
            route = Route(origin, context, access.proxy(str(address)))
            response, connection = self._ask(route, address, headers, control)
            if response.status == 401 and sign_in and not refused:
                # Its token has ended meanwhile: another one, and from where the part ends.
                refused = sign_in
                self._put_by(response, connection, control)
                continue
            if response.status not in REDIRECTS:
                return Answer(response, connection, address)
            where = location(response.getheader("Location", ""))
            self._put_by(response, connection, control)
            address = _next(address, where, access, has_checksum=has_checksum)
            hops += 1
        raise BadResponseError(
            f"The storage {first.host} redirects too many times.", hint="Contact the site."
        )

    def _put_by(
        self, response: http.client.HTTPResponse, connection: Connection, control: Control
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
        self, route: Route, address: Address, headers: Mapping[str, str], control: Control
    ) -> tuple[http.client.HTTPResponse, Connection]:
        """Send a GET; over a kept connection that the other end has closed, once more."""
        while True:
            kept = self._kept.pop(route, None)
            connection = kept or Connection(route)
            try:
                connection.open(control, self.pace, timeout_s=self.timeout_s)
                response = connection.ask(address, headers)
            except (OSError, http.client.HTTPException, UnicodeError, ValueError) as e:
                control.unwatch(connection.handle)
                connection.close()
                control.check()
                overdue = self.pace.overdue
                if kept is not None and not overdue and not isinstance(e, TimeoutError):
                    continue
                raise storage_error(e, address.host, overdue=overdue) from e
            except BaseException:
                connection.close()
                raise
            finally:
                self.pace.answered()
            self._keep(route, connection)
            return response, connection

    def _keep(self, route: Route, connection: Connection) -> None:
        self._kept[route] = connection
        while len(self._kept) > KEPT_PER_WORKER:
            self._kept.popitem(last=False)[1].close()

    def drop(self, connection: Connection) -> None:
        """Close a connection whose response was not read to its end."""
        for key, kept in list(self._kept.items()):
            if kept is connection:
                del self._kept[key]
        connection.close()

    def close(self) -> None:
        """Close them all."""
        while self._kept:
            self._kept.popitem()[1].close()


def _next(address: Address, where: str, access: StorageAccess, *, has_checksum: bool) -> Address:
    """Return where a redirect leads; TLS is given up only where the site says so."""
    if not where:
        raise BadResponseError(
            f"The storage {address.host} redirects without saying where.",
            hint="Tell the site; another replica may work.",
        )
    found = Address.read(where, base=address)
    before, after = address.origin, found.origin
    assert before is not None and after is not None  # noqa: S101, PT018 — see Address.read
    if (
        before.secure
        and not after.secure
        and not (has_checksum and access.may_be_plain(str(found)))
    ):
        raise RemoteError(
            f"The storage {before.host} redirects from https to http at {after.host},"
            " which is not followed.",
            hint="Ask the site for https; an administrator can allow the host in plain_hosts"
            " for files that have a checksum.",
        )
    return found


def _tunnel(plain: socket.socket, origin: Origin, headers: Mapping[str, str]) -> None:
    """Have an HTTP proxy connect to an origin (CONNECT, RFC 9110 section 9.3.6)."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    lines = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    plain.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = http.client.HTTPResponse(plain, method="CONNECT")
    answer.begin()
    # Its buffered reader is left behind: a proxy sends nothing more until we speak TLS.
    if answer.status != 200:
        raise OSError(f"the proxy refuses the connection ({answer.status})")


def _credentials(proxy: str) -> dict[str, str]:
    """Return the header that a proxy's user name and password go into."""
    parts = urlsplit(proxy)
    if not parts.username:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(pair).decode()}"}
