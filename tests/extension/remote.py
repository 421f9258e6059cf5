"""The shelf itself: a small HTTP server, which a test holds, stops and looks into."""

import json
import threading
import zlib
from urllib.parse import parse_qs, unquote, urlsplit

from escape_vre.testing.loopback import Handler, Server

STEPS = 3


class Shelf:
    """What is on it, and how it behaves; ``with Shelf() as shelf``."""

    def __init__(self):
        self.files = {}
        self.bindings = {}
        self.begun = []
        self.ended = []
        self.free = threading.Event()
        """While it is not set, a list stops after its first row, a file in its middle, and a
        binding before its end."""
        self.free.set()
        self.left = threading.Event()
        """Set when a reader has gone before the end."""

    def __enter__(self):
        self._server = Server(type("OfThisShelf", (Answers,), {"shelf": self}))
        self.url = self._server.origin
        return self

    def __exit__(self, *_):
        self.free.set()
        self.stop()

    def stop(self):
        """Answer no longer."""
        if self._server:
            self._server.end()
            self._server = None

    def item(self, name):
        body = self.files[name]
        return {"name": name, "size": len(body), "adler32": f"{zlib.adler32(body):08x}"}

    def step(self, name):
        """Do one step of a binding, except the last one while it is held."""
        if self.bindings[name] < STEPS - 1 or self.free.is_set():
            self.bindings[name] += 1
        return {"done": min(self.bindings[name], STEPS), "of": STEPS}


class Answers(Handler):
    shelf: Shelf

    def do_GET(self):
        at = urlsplit(self.path)
        _, kind, *name = unquote(at.path).split("/", 2)
        if kind == "items" and not name:
            self.list(parse_qs(at.query).get("q", [""])[0])
        elif kind == "items" and name[0] in self.shelf.files:
            self.send(200, json.dumps(self.shelf.item(name[0])).encode())
        elif kind == "files" and name[0] in self.shelf.files:
            self.bytes(self.shelf.files[name[0]])
        elif kind == "bindings" and name[0] in self.shelf.bindings:
            self.send(200, json.dumps(self.shelf.step(name[0])).encode())
        else:
            self.send(404, b"")

    def list(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for name in sorted(self.shelf.files):
            if text in name:
                self.slowly(json.dumps(self.shelf.item(name)).encode() + b"\n")

    def bytes(self, body):
        first, _, last = self.headers.get("Range", "bytes=0-")[6:].partition("-")
        begin, whole = int(first), len(body)
        body = body[: int(last) + 1] if last else body
        part = begin > 0 or len(body) < whole
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(len(body) - begin))
        self.send_header("Accept-Ranges", "bytes")
        if part:
            self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{whole}")
        self.end_headers()
        middle = max(begin, len(body) // 2)
        self.slowly(body[begin:middle])
        self.slowly(body[middle:])

    def slowly(self, part):
        try:
            self.wfile.write(part)
            self.wfile.flush()
            while not self.shelf.free.wait(0.05):
                if not self.connected():
                    raise ConnectionError
        except OSError:
            self.shelf.left.set()
            raise

    def connected(self):
        self.connection.settimeout(0.01)
        try:
            return bool(self.connection.recv(1))
        except TimeoutError:
            return True
        finally:
            self.connection.settimeout(None)

    def do_PUT(self):
        name = unquote(self.path).removeprefix("/files/")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.shelf.files.setdefault(name, body) != body:
            self.send(409, b"")
        else:
            self.send(201, b"{}")

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["name"]
        self.shelf.begun.append(name)
        self.shelf.bindings[name] = 0
        self.send(201, b"{}")

    def do_DELETE(self):
        name = unquote(self.path).removeprefix("/bindings/")
        self.shelf.ended.append(name)
        self.shelf.bindings.pop(name, None)
        self.send(200, b"{}")
