"""WebDAV, as much of it as Rucio and its users speak.

Served: RFC 4918 class 1 without COPY, PROPPATCH and locks; ranges of RFC 9110.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import email.utils
import errno
import hmac
import http.server
import os
import secrets
import shutil
import ssl
import time
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape

from ..behaviour import Current, bytes_stored
from ..rses import PREFIXES, TAPE_PREFIX
from .bearer import Bearer, BearerError, Person
from .digest import digest

UNFINISHED = ".unfinished"
"""Folder at the top of a site that holds uploads until they are complete."""

_BLOCK = 1 << 20
_SMALL = 256 * 1024
_READING = ("OPTIONS", "GET", "HEAD", "PROPFIND")
_CHALLENGE = 'Bearer realm="escape-vre"'
_METHODS = "OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, MOVE, PROPFIND"


class RefusedError(Exception):
    """The request ends with a status and no content.

    Parameters
    ----------
    status : HTTPStatus — the status of the answer.
    headers : header lines that belong to the status.
    """

    def __init__(self, status: HTTPStatus, **headers: str) -> None:
        super().__init__(status.phrase)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Site(http.server.ThreadingHTTPServer):
    """What a handler knows of the server of its site."""

    root: Path
    authorization: bytes
    bearer: Bearer
    behaviour: Current


class StorageHandler(http.server.BaseHTTPRequestHandler):
    """Answers one connection's requests, in order."""

    protocol_version = "HTTP/1.1"
    server_version = "escape-vre-lake"
    sys_version = ""
    disable_nagle_algorithm = True
    rbufsize = 64 * 1024
    timeout = 120
    server: Site
    connection: ssl.SSLSocket

    def setup(self) -> None:
        """Remember whether the client's certificate was ours: it holds for the connection."""
        super().setup()
        self.known = bool(self.connection.getpeercert())
        self._tape = self.server.root / TAPE_PREFIX.strip("/")

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log: it is never read, and would grow without limit."""

    def _guarded(self) -> None:
        """Authenticate, carry out, and turn what went wrong into a status."""
        length = self.headers.get("Content-Length", "0")
        self.unread = int(length) if length.isdecimal() else 0
        self.chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        self.answered = False
        if not length.isdecimal():
            self.close_connection = True
            self._answer(HTTPStatus.BAD_REQUEST, headers={"Connection": "close"})
            return
        try:
            self.fault = self._fault()
            self.person = self._authenticate()
            path = self._path(self.path)
            self._authorize(path)
            getattr(self, f"_{self.command.lower()}")(path)
        except RefusedError as refused:
            self._answer(refused.status, headers=refused.headers)
        except FileNotFoundError:
            self._answer(HTTPStatus.NOT_FOUND)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True
        except OSError as error:
            if self.answered:
                # Half of the content has left: only a broken connection tells the client so.
                self.close_connection = True
                return
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._answer(HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.CONFLICT)

    do_OPTIONS = do_GET = do_HEAD = do_PUT = do_DELETE = _guarded
    do_MKCOL = do_MOVE = do_PROPFIND = _guarded

    def _fault(self) -> str:
        """Return what is wrong with the site; nothing but an answer if it is down."""
        fault = self.server.behaviour().faults.get(self.server.root.name, "")
        if fault == "down":
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE)
        return fault

    def _authenticate(self) -> Person | None:
        """Return whose token it is; None for the lake's own people, who may do everything."""
        given = self.headers.get("Authorization", "")
        if self.known or hmac.compare_digest(given.encode(), self.server.authorization):
            return None
        scheme, _, token = given.partition(" ")
        try:
            # Without a token there is no error to tell (RFC 6750, section 3.1).
            if scheme.lower() != "bearer" or token.count(".") != 2:
                raise RefusedError(HTTPStatus.UNAUTHORIZED, WWW_Authenticate=_CHALLENGE)
            return self.server.bearer.person(token.strip())
        except BearerError as error:
            said = f'{_CHALLENGE}, error="invalid_token", error_description="{error}"'
            raise RefusedError(HTTPStatus.UNAUTHORIZED, WWW_Authenticate=said) from error

    def _authorize(self, path: Path) -> None:
        """Let a person read everything and change what is their own."""
        if self.command in _READING:
            return
        if self.fault == "refuses":
            raise RefusedError(HTTPStatus.FORBIDDEN)
        if self.person is None:
            return
        own = self.person.own
        prefix, *parts = path.relative_to(self.server.root).parts or ("",)
        inside = own is not None and tuple(parts[: len(own)]) == own and len(parts) > len(own)
        if f"/{prefix}" not in PREFIXES or not inside:
            raise RefusedError(HTTPStatus.FORBIDDEN)

    def _path(self, target: str) -> Path:
        parts = [
            part for part in unquote(urlsplit(target).path).split("/") if part not in ("", ".")
        ]
        if ".." in parts or any("\0" in part for part in parts) or parts[:1] == [UNFINISHED]:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        return self.server.root.joinpath(*parts)

    # --- answers ---------------------------------------------------------------------------

    def _answer(
        self, status: HTTPStatus, content: bytes = b"", *, headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole answer in one write, small content with it."""
        if self.unread or self.chunked:
            # What the client still wants to send must not be read as its next request.
            self.close_connection = True
            self._start(status, {"Connection": "close", **(headers or {})}, len(content))
        else:
            self._start(status, headers or {}, len(content))
        if self.command != "HEAD":
            self._headers_buffer.append(content)  # type: ignore[attr-defined]
        self.flush_headers()

    def _start(self, status: HTTPStatus, headers: dict[str, str], length: int) -> None:
        self.answered = True
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(length))
        self._headers_buffer.append(b"\r\n")  # type: ignore[attr-defined]

    # --- reading ---------------------------------------------------------------------------

    def _options(self, _path: Path) -> None:
        self._answer(HTTPStatus.OK, headers={"Allow": _METHODS, "DAV": "1"})

    def _head(self, path: Path) -> None:
        self._get(path)

    def _get(self, path: Path) -> None:
        if path.is_dir():
            names = sorted(entry.name + "/" * entry.is_dir() for entry in _visible(path))
            self._answer(HTTPStatus.OK, "".join(f"{name}\n" for name in names).encode())
            return
        if self.command == "GET" and path.is_relative_to(self._tape) and path.exists():
            # In the words of dCache; only a transfer brings it to disk.
            said = b"Permission denied. File not online. Staging not allowed.\n"
            self._answer(HTTPStatus.FORBIDDEN, said)
            return
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            etag = _etag(status)
            headers = {
                "Content-Type": "application/octet-stream",
                "Accept-Ranges": "bytes",
                "ETag": etag,
                "Last-Modified": email.utils.formatdate(status.st_mtime, usegmt=True),
            }
            given = digest(path, self.headers.get("Want-Digest", ""))
            if given is not None and self.fault != "no-digest":
                headers["Digest"] = given
            if etag in self.headers.get("If-None-Match", ""):
                self._answer(HTTPStatus.NOT_MODIFIED, headers=headers)
                return
            first, end = self._range(status.st_size, etag)
            code = HTTPStatus.OK
            if end - first != status.st_size:
                code = HTTPStatus.PARTIAL_CONTENT
                headers["Content-Range"] = f"bytes {first}-{end - 1}/{status.st_size}"
            file.seek(first)
            self._send(file, code, headers, end - first)

    def _range(self, size: int, etag: str) -> tuple[int, int]:
        """Return first byte and end of what is asked; several ranges at once get the whole file."""
        asked = self.headers.get("Range", "")
        unchanged = self.headers.get("If-Range", etag) == etag
        if (
            self.command == "HEAD"
            or not asked.startswith("bytes=")
            or "," in asked
            or not unchanged
        ):
            return 0, size
        low, _, high = asked[6:].strip().partition("-")
        if not (low.isdigit() or (not low and high.isdigit())) or (high and not high.isdigit()):
            return 0, size
        if not low:
            first, end = max(0, size - int(high)), size
        else:
            first, end = int(low), min(size, int(high) + 1) if high else size
            if high and int(high) < first:
                return 0, size
        if first >= size or first >= end:
            raise RefusedError(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, Content_Range=f"bytes */{size}"
            )
        return first, end

    def _send(self, file: BinaryIO, code: HTTPStatus, headers: dict[str, str], length: int) -> None:
        if (length <= _SMALL and self.fault != "slow") or self.command == "HEAD":
            content = b"" if self.command == "HEAD" else file.read(length)
            self._start(code, headers, length)
            self._headers_buffer.append(content)  # type: ignore[attr-defined]
            self.flush_headers()
            return
        self._start(code, headers, length)
        self.flush_headers()
        block = memoryview(bytearray(min(self._block(), length)))
        while length:
            count = file.readinto(block[: min(len(block), length)])  # type: ignore[attr-defined]
            if not count:
                raise ConnectionAbortedError(f"{file.name} shrank while it was read")
            self.connection.sendall(block[:count])
            self._linger()
            length -= count

    def _propfind(self, path: Path) -> None:
        self._discard()
        depth = self.headers.get("Depth", "infinity")
        if depth not in ("0", "1"):
            raise RefusedError(HTTPStatus.FORBIDDEN)
        base = unquote(urlsplit(self.path).path)
        found = [_properties(base, path)]
        if depth == "1" and path.is_dir():
            stem = base.rstrip("/")
            found += [_properties(f"{stem}/{entry.name}", Path(entry)) for entry in _visible(path)]
        body = (
            '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">'
            + "".join(found)
            + "</D:multistatus>\n"
        )
        kind = {"Content-Type": 'application/xml; charset="utf-8"'}
        self._answer(HTTPStatus.MULTI_STATUS, body.encode(), headers=kind)

    # --- writing ---------------------------------------------------------------------------

    def _put(self, path: Path) -> None:
        if path.is_dir():
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD, PROPFIND")
        if self.fault == "full":
            raise RefusedError(HTTPStatus.INSUFFICIENT_STORAGE)
        self._make_room(self.unread, path)
        part = self.server.root / UNFINISHED / secrets.token_hex(16)
        try:
            with part.open("w+b", buffering=0) as file:
                self._receive(file)
                self._make_room(file.tell(), path)
                self._spoil(file)
            if self.fault == "forgets":
                self._answer(HTTPStatus.CREATED)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            # Rucio takes 200 and 201 for stored, but not the equally correct 204.
            status = HTTPStatus.OK if path.exists() else HTTPStatus.CREATED
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._answer(status, headers={"ETag": _etag(path.stat())})

    def _make_room(self, size: int, path: Path) -> None:
        """Refuse what does not fit; of a file that is replaced only the new bytes count."""
        root = self.server.root
        capacity = self.server.behaviour().capacity.get(root.name)
        if capacity is None:
            return
        before = path.stat().st_size if path.exists() else 0
        if bytes_stored(root) - before + size > capacity:
            raise RefusedError(HTTPStatus.INSUFFICIENT_STORAGE)

    def _spoil(self, file: BinaryIO) -> None:
        """Do to what was received what the fault does."""
        size = file.tell()
        if self.fault == "truncates":
            file.truncate(size // 2)
        elif self.fault == "corrupts" and size:
            os.pwrite(file.fileno(), bytes([os.pread(file.fileno(), 1, size - 1)[0] ^ 1]), size - 1)

    def _block(self) -> int:
        return 64 * 1024 if self.fault == "slow" else _BLOCK

    def _linger(self) -> None:
        if self.fault == "slow":
            time.sleep(0.2)

    def _receive(self, file: BinaryIO) -> None:
        if not self.chunked:
            block = memoryview(bytearray(min(self._block(), self.unread) or 1))
            if self.fault == "drops":
                raise ConnectionError
            while self.unread:
                count = self.rfile.readinto(block[: min(len(block), self.unread)])
                if not count:
                    raise ConnectionError
                file.write(block[:count])
                self.unread -= count
                self._linger()
            return
        while size := int(self.rfile.readline(1024).split(b";")[0] or b"0", 16):
            while size:
                data = self.rfile.read(min(size, _BLOCK))
                if not data:
                    raise ConnectionError
                file.write(data)
                size -= len(data)
            self.rfile.readline(8)
        while self.rfile.readline(65536).strip():
            pass
        self.chunked = False

    def _discard(self) -> None:
        while self.unread:
            data = self.rfile.read(min(self.unread, _BLOCK))
            if not data:
                raise ConnectionError
            self.unread -= len(data)

    def _mkcol(self, path: Path) -> None:
        if self.unread or self.chunked:
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            path.mkdir()
        except FileExistsError:
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED) from None
        except FileNotFoundError:
            raise RefusedError(HTTPStatus.CONFLICT) from None
        self._answer(HTTPStatus.CREATED)

    def _move(self, path: Path) -> None:
        self._discard()
        destination = urlsplit(self.headers.get("Destination", ""))
        if not destination.path:
            raise RefusedError(HTTPStatus.BAD_REQUEST)
        if destination.netloc not in ("", self.headers.get("Host", "")):
            raise RefusedError(HTTPStatus.BAD_GATEWAY)
        target = self._path(destination.path)
        self._authorize(target)
        if not path.exists():
            raise RefusedError(HTTPStatus.NOT_FOUND)
        if self.server.root in (path, target) or path in (target, *target.parents):
            raise RefusedError(HTTPStatus.FORBIDDEN)
        replaced = target.exists()
        if replaced and self.headers.get("Overwrite", "T").upper() == "F":
            raise RefusedError(HTTPStatus.PRECONDITION_FAILED)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            shutil.rmtree(target)
        path.replace(target)
        self._answer(HTTPStatus.NO_CONTENT if replaced else HTTPStatus.CREATED)

    def _delete(self, path: Path) -> None:
        self._discard()
        if path == self.server.root:
            raise RefusedError(HTTPStatus.FORBIDDEN)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        self._answer(HTTPStatus.NO_CONTENT)


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [entry for entry in entries if entry.name != UNFINISHED]


def _etag(status: os.stat_result) -> str:
    return f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'


def _properties(href: str, path: Path) -> str:
    """Return one ``response`` element (RFC 4918, section 14.24); sizes in bytes."""
    status = path.stat()
    if path.is_dir():
        href = href.rstrip("/") + "/"
        kind = "<D:resourcetype><D:collection/></D:resourcetype>"
    else:
        kind = (
            f"<D:resourcetype/><D:getcontentlength>{status.st_size}</D:getcontentlength>"
            f"<D:getetag>{escape(_etag(status))}</D:getetag>"
        )
    modified = email.utils.formatdate(status.st_mtime, usegmt=True)
    # Rucio compares this text with its own unquoted path: quote only what a URL forbids.
    link = escape(quote(href, safe="/~:@!$&'()*+,;="))
    return (
        f"<D:response><D:href>{link}</D:href><D:propstat><D:prop>{kind}"
        f"<D:getlastmodified>{modified}</D:getlastmodified></D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
