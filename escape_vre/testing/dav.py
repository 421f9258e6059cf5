"""A storage that takes files by WebDAV, and misbehaves on request.

A real one is that of the local lake, which ``tests/integration`` puts files on.
"""

import hashlib
import posixpath
import threading
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

from escape_vre.testing.loopback import Fake, Handler


@dataclass
class FakeDav(Fake):
    """A threaded WebDAV server on loopback; ``with FakeDav() as storage``.

    Parameters
    ----------
    sums : "digest", "propfind" or None
        How it tells checksums: in ``Digest`` to who wants it, as a property, or not at all.
    keeps_folders : bool
        Whether a folder must be made before something is put into it.
    keeps : int or None
        How many bytes of a file it keeps, whatever it has answered; None for all.
    forgets : bool
        Answer 201 to PUT, and keep nothing.
    refuses : dict
        Answer such a method with this status, so many times (-1 for ever).
    sends_to : str
        Another origin to which a PUT is redirected.
    token : str or None
        The bearer token that it accepts; None for any.
    held : threading.Event or None
        Take no byte of a body until it is set.
    """

    sums: Literal["digest", "propfind"] | None = "digest"
    keeps_folders: bool = False
    keeps: int | None = None
    forgets: bool = False
    refuses: dict[str, tuple[int, int]] = field(default_factory=dict)
    sends_to: str = ""
    token: str | None = None
    held: threading.Event | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"/"})
    asked: Counter[str] = field(default_factory=Counter)
    received: int = 0
    """Bytes of bodies that have come."""
    credentials: list[str] = field(default_factory=list)
    """The Authorization header of every request, or an empty text."""

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self.origin}{path}"

    def handler(self) -> type[Handler]:
        """Return what answers for this fake."""
        storage = self

        class Answers(Handler):
            def _any(self) -> None:
                storage._answer(self)

            do_GET = do_HEAD = do_PUT = do_DELETE = _any
            do_MKCOL = do_MOVE = do_PROPFIND = _any

            def handle_expect_100(self) -> bool:
                if status := storage._refusal("PUT", self):
                    storage.asked["PUT"] += 1
                    storage._end(self, status)
                    return False
                return super().handle_expect_100()

        return Answers

    def _refusal(self, method: str, handler: Handler) -> int | None:
        sent = handler.headers.get("Authorization", "")
        if self.token is not None and sent != f"Bearer {self.token}":
            return 401
        if method == "PUT" and self.sends_to:
            return 307
        status, times = self.refuses.get(method, (0, 0))
        if not times:
            return None
        self.refuses[method] = (status, times - 1 if times > 0 else times)
        return status

    def _end(self, handler: Handler, status: int, **headers: str) -> None:
        handler.send_response(status)
        if status == 307:
            handler.send_header("Location", f"{self.sends_to}{handler.path}")
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    def _answer(self, handler: Handler) -> None:
        method = handler.command
        self.asked[method] += 1
        self.credentials.append(handler.headers.get("Authorization", ""))
        body = self._body(handler)
        if body is None:
            return
        if status := self._refusal(method, handler):
            self._end(handler, status)
            return
        path = unquote(urlsplit(handler.path).path)
        getattr(self, f"_{method.lower()}")(handler, path, body)

    def _body(self, handler: Handler) -> bytes | None:
        """Return the body of a request; None if it broke off."""
        left = int(handler.headers.get("Content-Length") or 0)
        if left and self.held is not None:
            self.held.wait()
        pieces = []
        while left:
            piece = handler.rfile.read1(min(left, 64 * 1024))
            if not piece:
                handler.close_connection = True
                return None
            pieces.append(piece)
            left -= len(piece)
            self.received += len(piece)
        return b"".join(pieces)

    def _put(self, handler: Handler, path: str, body: bytes) -> None:
        if self.keeps_folders and posixpath.dirname(path) not in self.folders:
            self._end(handler, 409)
            return
        if not self.forgets:
            self.files[path] = body if self.keeps is None else body[: self.keeps]
        self._end(handler, 201)

    def _mkcol(self, handler: Handler, path: str, _: bytes) -> None:
        path = path.rstrip("/")
        if path in self.folders:
            self._end(handler, 405)
        elif posixpath.dirname(path) not in self.folders:
            self._end(handler, 409)
        else:
            self.folders.add(path)
            self._end(handler, 201)

    def _move(self, handler: Handler, path: str, _: bytes) -> None:
        to = unquote(urlsplit(handler.headers["Destination"]).path)
        if path not in self.files:
            self._end(handler, 404)
        elif to in self.files and handler.headers.get("Overwrite") == "F":
            self._end(handler, 412)
        else:
            self.files[to] = self.files.pop(path)
            self._end(handler, 201)

    def _delete(self, handler: Handler, path: str, _: bytes) -> None:
        self._end(handler, 204 if self.files.pop(path, None) is not None else 404)

    def _head(self, handler: Handler, path: str, _: bytes) -> None:
        if path not in self.files:
            self._end(handler, 404)
            return
        found = self.files[path]
        headers = {"Content-Length": str(len(found))}
        if self.sums == "digest" and "adler32" in handler.headers.get("Want-Digest", ""):
            headers["Digest"] = f"adler32={zlib.adler32(found):08x}"
        self._end(handler, 200, **headers)

    def _propfind(self, handler: Handler, path: str, _: bytes) -> None:
        if path not in self.files:
            self._end(handler, 404)
            return
        found = self.files[path]
        sums = ""
        if self.sums == "propfind":
            md5 = hashlib.md5(found, usedforsecurity=False).hexdigest()
            sums = f"<oc:checksums><oc:checksum>MD5:{md5}</oc:checksum></oc:checksums>"
        handler.send(
            207,
            f"<D:multistatus><D:prop><D:getcontentlength>{len(found)}</D:getcontentlength>{sums}"
            "</D:prop></D:multistatus>".encode(),
            "application/xml",
        )

    def _get(self, handler: Handler, path: str, _: bytes) -> None:
        if path in self.files:
            handler.send(200, self.files[path], "application/octet-stream")
        else:
            self._end(handler, 404)
