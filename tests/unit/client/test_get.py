"""Getting goes by the scheme of a ref, whichever word or function it is typed in."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

import escape_vre
from escape_vre.core import registry
from escape_vre.core.errors import UsageError
from escape_vre.core.location import locate
from escape_vre.core.plugin import Plugin
from escape_vre.display.commands import service_commands
from escape_vre.display.parsing import Parser


class Agent(BaseHTTPRequestHandler):
    """Answers that every get is done, with one file named by the service."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        service = self.path.split("/")[2]
        row = {"path": f"/data/{service}", "state": "here"}
        lines = {"/agent": [{"api": 1, "apis": [1]}]}.get(self.path, [row, {"end": {}}])
        self.answer("".join(json.dumps(line) + "\n" for line in lines))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        service = self.path.split("/")[1]
        self.server.asked.append((self.path, body["refs"], body.get("instance")))
        progress = {"unit": "bytes", "done": 3, "total": 3, "parts": []}
        job = {"id": service, "title": service, "state": "done", "path": "/data", "note": None}
        self.answer(json.dumps({**job, "progress": progress, "counts": {}}))

    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return super().get_request()[0], ("agent", 0)


@pytest.fixture
def asked(monkeypatch):
    """What a fake agent was asked: beside the data lake, there are toys and pictures."""

    def plugin(name, *capabilities):
        return Plugin(name, name.title(), (name,), capabilities, "", f"{name}:s", f"{name}:r")

    more = {"toys": plugin("toys", "fetchable"), "pictures": plugin("pictures")}
    found = registry.Installed({**registry.plugins(), **more})
    monkeypatch.setattr(registry, "installed", lambda: found)
    location = locate()
    location.make_runtime()
    with Server(str(location.socket), Agent) as server:
        server.asked = []
        running = threading.Thread(target=server.serve_forever, args=(0.01,))
        running.start()
        yield server.asked
        server.shutdown()
        running.join()


def test_refs_of_several_services_are_got_from_each_in_their_order(asked):
    files = escape_vre.get("demo:a", "rucio:demo:b", "toys:bear", "demo:c", progress=False)
    assert asked == [
        ("/datalake/get", ["demo:a", "rucio:demo:b"], None),
        ("/toys/get", ["toys:bear"], None),
        ("/datalake/get", ["demo:c"], None),
    ]
    assert [file.name for file in files] == ["datalake", "toys", "datalake"]


def test_the_command_of_a_service_gets_those_of_others(asked, capsys):
    parser = Parser(prog="dl")
    service_commands()["dl"].add_to(parser)
    args = parser.parse_args(["get", "toys:bear"])
    assert [file.name for file in args.run(args)] == ["toys"]
    assert asked == [("/toys/get", ["toys:bear"], None)]
    assert "toys: 1 file, 3 B" in capsys.readouterr().err


def test_what_has_no_scheme_is_read_by_the_service_whose_word_was_typed(asked):
    escape_vre.get("bear", service="toys", instance="den", progress=False)
    escape_vre.get("unknown:bear", progress=False)
    assert asked == [("/toys/get", ["bear"], "den"), ("/datalake/get", ["unknown:bear"], None)]


def test_a_service_without_files_says_so_before_anything_is_got(asked):
    with pytest.raises(UsageError, match="Pictures has no files to get"):
        escape_vre.get("demo:a", "pictures:sea")
    with pytest.raises(UsageError, match="Nothing was named"):
        escape_vre.get()
    assert asked == []


def test_without_a_service_that_reads_short_refs_the_schemes_are_named(asked, monkeypatch):
    toys = registry.Installed({"toys": registry.plugins()["toys"]})
    monkeypatch.setattr(registry, "installed", lambda: toys)
    with pytest.raises(UsageError) as caught:
        escape_vre.get("demo:a")
    assert caught.value.hint == "A ref begins with one of: toys."
