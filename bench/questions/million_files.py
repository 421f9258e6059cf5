"""One job of a million files: the memory that it takes, and how soon it can be cancelled."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from bench.fixtures import Bench
from bench.measure import BenchError, forget_peak, peak_mb
from bench.table import Row, row
from escape_vre.client import AgentClient
from escape_vre.display.amounts import amount

TITLE = "one job of a million files: the agent's memory, and the time until a cancel has ended it"

_MB = 300.0
_CANCEL_S = 2.0
_CHUNK = 1000
_LISTED_S = 1800.0
_MOVED_S = 20.0
_PAUSE_S = 0.2


def measure(bench: Bench) -> Iterator[Row]:
    """Get a dataset from a catalogue that streams its rows, and a storage that has no file."""
    peaks: list[float] = []
    cancels: list[float] = []
    listed: list[float] = []
    for _ in range(2):
        catalogue = _catalogue(bench.sizes.job_files, bench.scratch / "token")
        with catalogue as instance, bench.user(instance) as user:
            pid = user.start_agent()
            forget_peak(pid)
            client = AgentClient()
            began = time.perf_counter()
            job = client.post("/datalake/get", {"refs": ["bench:many"], "client": client.name})
            while not amount(job, "files")["total"]:
                if job["state"] == "failed" or time.perf_counter() - began > _LISTED_S:
                    raise BenchError(f"the files were not listed: {job}")
                job = client.get(f"/jobs/{job['id']}", wait_s=0.5)
            listed.append(time.perf_counter() - began)
            if amount(job, "files")["total"] != bench.sizes.job_files:
                raise BenchError(f"{amount(job, 'files')['total']} files were listed")
            time.sleep(_MOVED_S)
            began = time.perf_counter()
            ended = client.post(f"/jobs/{job['id']}/cancel")
            cancels.append(time.perf_counter() - began)
            if ended["state"] != "cancelled":
                raise BenchError(f"the job was not cancelled: {ended}")
            peaks.append(peak_mb(pid) or 0.0)
    many = f"{bench.sizes.job_files:,} files"
    yield row(
        "million-files.memory",
        peaks,
        unit="MB",
        limit=_MB,
        bar=f"≤ {_MB:.0f} MB at most (VmHWM) for a million files",
        note=f"{many}, listed and then moved for {_MOVED_S:.0f} s from a storage that has none of"
        f" them; the list took {min(listed):.0f} s, catalogue and agent on the same cores",
    )
    yield row(
        "million-files.cancel",
        cancels,
        unit="s",
        limit=_CANCEL_S,
        bar=f"≤ {_CANCEL_S:.0f} s from the cancel to the end of the job",
        note=many,
    )


@contextmanager
def _catalogue(count: int, token: Path) -> Iterator[dict[str, Any]]:
    """Run a catalogue of one dataset, whose storage answers 404; yields the instance."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        fixed: ClassVar[dict[str, Any]] = {
            "/ping": {"version": "41"},
            "/accounts/whoami": {"account": "bench"},
            "/scopes/": ["bench"],
            "/dids/bench/many": {"scope": "bench", "name": "many", "type": "DATASET"},
        }

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            if path in ("/replicas/list", "/dids/bench/many/files"):
                self._rows(replicas=path == "/replicas/list")
            elif path in self.fixed:
                self._give(200, json.dumps(self.fixed[path]).encode())
            elif path.startswith("/data/"):
                time.sleep(_PAUSE_S)  # a job that is under way when it is cancelled
                self._give(404, b"")
            else:
                self._give(200, b"")

        do_POST = do_GET

        def _give(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            with contextlib.suppress(OSError):  # the job was cancelled meanwhile
                self.end_headers()
                self.wfile.write(body)

        def _rows(self, *, replicas: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-json-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for first in range(0, count, _CHUNK):
                rows = [_row(n, port, replicas) for n in range(first, min(count, first + _CHUNK))]
                self.wfile.write("".join(rows).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    port = server.server_port
    token.write_text("any")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield {
            "name": "bench",
            "url": f"http://127.0.0.1:{port}",
            "auth": "token_file",
            "token_file": str(token),
        }
    finally:
        server.shutdown()
        server.server_close()


def _row(n: int, port: int, replicas: bool) -> str:
    name = f"events.run{n:08}.fits"
    file = f'"scope":"bench","name":"{name}","bytes":1000,"adler32":"0a0b0c0d","md5":null'
    if not replicas:
        return f"{{{file}}}\n"
    at = f'"http://127.0.0.1:{port}/data/bench/{name}":{{"type":"DISK","priority":1}}'
    return f'{{{file},"pfns":{{{at}}},"rses":{{"SITE":[]}}}}\n'
