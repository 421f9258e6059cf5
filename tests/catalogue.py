"""A small Rucio whose scopes, names and messages are what a test says, at the HTTP edge."""

import fnmatch
import hashlib
import json
import time
import zlib
from urllib.parse import parse_qs, unquote, urlsplit

from escape_vre.testing.loopback import Fake, Handler

BODY = b"observation,1\n" * 500


class Catalogue(Fake):
    """Answers what Rucio 41 answers for these DIDs; ``with Catalogue(...) as catalogue``.

    Parameters
    ----------
    dids : list of (str, str)
        Type and name, in the order in which a search finds them; callable for a long list.
    contents : dict
        Names of collections, and what is in them: (type, name) each.
    metadata : dict
        What every DID's metadata hold.
    scope : str
        The only scope.
    """

    def __init__(self, dids=(), *, contents=None, metadata=None, scope="t", version="41.5.1"):
        self.dids, self.contents, self.metadata = dids, contents or {}, metadata or {}
        self.scope, self.version = scope, version
        self.refusal = None  # (status, message): the answer to whatever is no sign-in
        self.asked = []  # the types of the searches, in order
        self.sent = 0  # rows of searches
        self.storage_body = BODY
        self.replicas = {}  # by file: an address in place of ours, and what is said of it
        self._known = {name: type_ for type_, name in self._all()}
        for children in self.contents.values():
            self._known.update({name: type_ for type_, name in children})

    def _all(self):
        return () if callable(self.dids) else self.dids

    def handler(self):
        catalogue = self

        class Answers(Handler):
            def do_GET(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                catalogue._answer(self)

            do_POST = do_GET

        return Answers

    @property
    def url(self):
        return self.origin

    def _answer(self, http):
        split = urlsplit(http.path)
        path, query = unquote(split.path), parse_qs(split.query)
        if path.startswith("/storage/"):
            return _give(http, 200, self.storage_body)
        if self.refusal is not None and not path.startswith("/auth/"):
            status, message = self.refusal
            said = {"ExceptionClass": "AccessDenied", "ExceptionMessage": message}
            return _give(http, status, json.dumps(said).encode())
        fixed = {
            "/ping": {"version": self.version},
            "/scopes/": [self.scope],
            "/accounts/jdoe": {"account": "jdoe"},
        }
        if path in fixed:
            return _give(http, 200, json.dumps(fixed[path]).encode())
        if path == "/accounts/whoami":
            return _give(http, 303, b"", Location="jdoe")
        if path == f"/dids/{self.scope}/dids/search":
            return self._search(http, query)
        if path == "/replicas/list":
            dids = json.loads(http.body)["dids"]
            return _rows(http, (self._replica(n) for d in dids for n in self._files(d["name"])))
        if path == "/dids/bulkmeta":
            return _rows(http, (self._did(did["name"]) for did in json.loads(http.body)["dids"]))
        if path.startswith(start := f"/dids/{self.scope}/"):
            return self._one(http, path.removeprefix(start))
        return _rows(http, ())

    def _search(self, http, query):
        type_, pattern = query["type"][0], query["name"][0]
        self.asked.append(type_)
        found = self.dids(type_) if callable(self.dids) else (n for t, n in self.dids if t == type_)
        matching = (name for name in found if fnmatch.fnmatchcase(name, pattern))
        _rows(http, self._counted(matching, type_))

    def _counted(self, names, type_):
        for name in names:
            self.sent += 1
            yield {"scope": self.scope, "name": name, "did_type": type_.upper(), "bytes": 1}

    def _one(self, http, rest):
        name, _, tail = rest.rpartition("/")
        if tail in ("files", "dids") and name in self._known:
            found = self._files(name) if tail == "files" else [n for _, n in self.contents[name]]
            return _rows(http, (self._did(one) for one in found))
        if tail == "meta" and name in self._known:
            return _give(http, 200, json.dumps(self._did(name) | self.metadata).encode())
        if rest in self._known:
            return _give(http, 200, json.dumps(self._did(rest)).encode())
        return _give(http, 404, b'{"ExceptionClass": "DataIdentifierNotFound"}')

    def _files(self, name):
        children = self.contents.get(name)
        if children is None:
            return [name]
        return [file for _, child in children for file in self._files(child)]

    def _did(self, name):
        type_ = self._known[name].upper()
        found = {"scope": self.scope, "name": name, "type": type_, "did_type": type_}
        body = self.storage_body if type_ == "FILE" else None
        return found | {
            "account": "jdoe",
            "bytes": body and len(body),
            "adler32": body and f"{zlib.adler32(body):08x}",
            "md5": body and hashlib.md5(body).hexdigest(),
            "length": None,
        }

    def _replica(self, name):
        url = f"{self.url}/storage/{len(name)}"
        about = {"rse": "SITE", "type": "DISK", "priority": 1, "domain": "wan"}
        url, changed = self.replicas.get(name, (url, {}))
        more = {
            "pfns": {url: about | changed},
            "rses": {"SITE": [url]},
            "states": {"SITE": "AVAILABLE"},
        }
        return self._did(name) | more


def _give(http, status, body, **headers):
    http.send_response(status)
    ends = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() + 3600))
    given = {"X-Rucio-Auth-Token": "tok", "X-Rucio-Auth-Token-Expires": ends}
    for name, value in {**given, "Content-Length": str(len(body)), **headers}.items():
        http.send_header(name, value)
    http.end_headers()
    http.wfile.write(body)


def _rows(http, rows):
    """Stream rows, until the reader has gone."""
    http.send_response(200)
    http.send_header("Content-Type", "application/x-json-stream")
    http.send_header("Transfer-Encoding", "chunked")
    http.end_headers()
    ready = []

    def send():
        body = b"".join(ready)
        ready.clear()
        http.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))

    try:
        for row in rows:
            ready.append(json.dumps(row).encode() + b"\n")
            if len(ready) == 500:
                send()
        if ready:
            send()
        http.wfile.write(b"0\r\n\r\n")
    except OSError:
        http.close_connection = True
