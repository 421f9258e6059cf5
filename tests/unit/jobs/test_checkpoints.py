"""A crash after a remote was asked to make something: the next agent finds it."""

import json
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest


class Remote(ThreadingHTTPServer):
    """Makes things, and answers the first time only when it is let go."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.things = []
        self.asked = threading.Event()
        self.let_go = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/things"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        (name,) = parse_qs(urlsplit(self.path).query)["name"]
        things = self.server.things
        self.say(things.index(name) if name in things else None)

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["name"]
        self.server.things.append(name)
        self.server.asked.set()
        self.server.let_go.wait(60)
        self.say(self.server.things.index(name))

    def say(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return  # it was killed

    def log_message(self, *_):
        pass


@pytest.fixture
def remote():
    with Remote() as remote:
        thread = threading.Thread(target=remote.serve_forever)
        thread.start()
        yield remote
        remote.let_go.set()
        remote.shutdown()
        thread.join()


def agent(state, remote):
    state.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "tests.unit.jobs.posting", str(state), remote.url]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_a_kill_after_the_post_makes_no_orphan(tmp_path, remote):
    first = agent(tmp_path / "state", remote)
    assert remote.asked.wait(60)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    remote.let_go.set()
    said, _ = agent(tmp_path / "state", remote).communicate(timeout=60)
    job = json.loads(said)
    assert (job["state"], job["result"]) == ("done", {"id": 0})
    assert remote.things == ["only-this-job"]
