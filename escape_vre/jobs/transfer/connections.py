"""Kept-alive connections to storages, a few for each worker thread."""

import http.client
import socket
import ssl
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
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
ASKED_FROM_BYTES = 1024 * 1024
"""A storage is asked whether it takes a body of so many bytes before they are sent."""
INVITED_S = 1.0
"""How long it may think about that, seconds (RFC 9110 section 10.1.1), before they are sent."""
STORES_BYTES_S = 20e6
"""How fast a storage at least puts away what it has got, bytes/s, before it answers."""


class Sent(Protocol):
    """The body of a request, which may have to be sent more than once."""

    size: int

    def blocks(self) -> Iterator[memoryview]:
        """Yield all of it, from the beginning."""
        ...


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
        self.torn = False
        """It owes the other end the rest of a body, and can carry no further request."""
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

    def ask(
        self,
        method: str,
        address: Address,
        headers: Mapping[str, str],
        body: Sent | None,
        pace: Pace,
    ) -> http.client.HTTPResponse:
        """Send a request; returns the answer once its headers are there."""
        proxy, secure = self._route.proxy, self._route.origin.secure
        plain_proxy = proxy if proxy and not secure else None
        sent = {**headers, **(_credentials(plain_proxy) if plain_proxy else {})}
        target = str(address) if plain_proxy else address.target
        if body is None:
            self.http.request(method, target, headers=sent)
            return self.http.getresponse()
        return self._give(method, target, sent, body, pace)

    def _give(
        self, method: str, target: str, headers: Mapping[str, str], body: Sent, pace: Pace
    ) -> http.client.HTTPResponse:
        """Send a body, unless the storage refuses it, or sends it elsewhere, beforehand."""
        asks = body.size >= ASKED_FROM_BYTES
        self.http.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            self.http.putheader(name, value)
        self.http.putheader("Content-Length", str(body.size))
        if asks:
            self.http.putheader("Expect", "100-continue")
        self.http.endheaders()
        timeout_s = self.http.sock.gettimeout() or 0.0
        answer = self._invited(method) if asks else None
        pace.answered()  # how quickly a body goes is judged block by block
        if not self.torn:
            try:
                for block in body.blocks():
                    self.http.send(block)
            except (ConnectionError, ssl.SSLError):
                self.torn = True  # it may have said why before it hung up
        patience_s = timeout_s + body.size / STORES_BYTES_S
        self.http.sock.settimeout(patience_s)
        pace.expect(self.handle, patience_s)
        if answer is not None:
            self.http.response_class = lambda *_, **__: answer  # type: ignore[assignment]
        try:
            return self.http.getresponse()
        finally:
            self.http.response_class = http.client.HTTPResponse
            if self.http.sock is not None:
                self.http.sock.settimeout(timeout_s)

    def _invited(self, method: str) -> http.client.HTTPResponse | None:
        """Wait for the answer to ``Expect: 100-continue``; None where there is none in time.

        What has begun to come is left in the response, which skips 100 itself.
        """
        timeout_s = self.http.sock.gettimeout()
        answer = http.client.HTTPResponse(self.http.sock, method=method)
        self.http.sock.settimeout(INVITED_S)
        try:
            head = answer.fp.peek(12)
        except TimeoutError:
            answer.close()
            return None
        finally:
            self.http.sock.settimeout(timeout_s)
        self.torn = not head[:12].endswith(b" 100")
        return answer

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
        """Ask for a file; see :meth:`send`."""
        return self.send(
            "GET", first, access=access, control=control, extra=extra, has_checksum=has_checksum
        )

    def send(
        self,
        method: str,
        first: Address,
        *,
        access: StorageAccess,
        control: Control,
        extra: Mapping[str, str],
        has_checksum: bool,
        body: Sent | None = None,
    ) -> Answer:
        """Send a request, following redirects.

        Every hop has the instance's TLS context. Credentials go to the storage that the catalogue
        named, and where the site lists others, to them; ``access`` decides. A token that is
        refused is renewed once.

        Parameters
        ----------
        has_checksum : bool
            What comes, or goes, is compared with a checksum, so that a listed host may be asked
            without TLS.
        body : Sent, optional
            What to send along.

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
            response, connection = self._ask(method, route, address, headers, body, control)
            if response.status == 401 and sign_in and not refused:
                # Its token has ended meanwhile: another one, and from where the part ends.
                refused = sign_in
                self.put_by(Answer(response, connection, address), control)
                continue
            if response.status not in REDIRECTS:
                return Answer(response, connection, address)
            where = location(response.getheader("Location", ""))
            self.put_by(Answer(response, connection, address), control)
            address = _next(address, where, access, has_checksum=has_checksum)
            hops += 1
        raise BadResponseError(
            f"The storage {first.host} redirects too many times.", hint="Contact the site."
        )

    def put_by(self, answer: Answer, control: Control) -> bytes:
        """Finish with an answer that is no file, and return its beginning.

        Its connection stays if it was short.
        """
        response, connection = answer.response, answer.connection
        said = b""
        try:
            said = response.read(SHORT_BYTES)
        except (OSError, http.client.HTTPException):
            self.drop(connection)
        control.unwatch(connection.handle)
        if not response.isclosed() or connection.torn:
            self.drop(connection)
        return said

    def _ask(
        self,
        method: str,
        route: Route,
        address: Address,
        headers: Mapping[str, str],
        body: Sent | None,
        control: Control,
    ) -> tuple[http.client.HTTPResponse, Connection]:
        """Send a request; over a kept connection that the other end has closed, once more."""
        while True:
            kept = self._kept.pop(route, None)
            connection = kept or Connection(route)
            try:
                connection.open(control, self.pace, timeout_s=self.timeout_s)
                response = connection.ask(method, address, headers, body, self.pace)
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
