"""``escape-vre doctor`` on a real lake, with a fault at a time."""

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from email.utils import formatdate
from pathlib import Path

import pytest

from escape_vre.cli import main
from escape_vre.client.wire import SocketConnection, read_json
from escape_vre.core.caller import CONTENTS_HEADER
from escape_vre.core.errors import UsageError
from escape_vre.core.location import locate
from escape_vre.testing.loopback import Handler, Server
from tests.integration.conftest import asleep

AHEAD_S = 7200


@pytest.fixture(scope="module")
def slow_clock(lake):
    """The lake's Rucio behind a server whose clock is two hours behind."""
    context = ssl.create_default_context(cafile=str(lake.layout.ca))

    class Forward(Handler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) or None
            where = lake.status()["url"] + self.path
            headers = {name: self.headers[name] for name in self.headers if name != "Host"}
            request = urllib.request.Request(where, body, headers, method=self.command)
            try:
                answer = urllib.request.urlopen(request, context=context)
            except urllib.error.HTTPError as e:
                answer = e
            with answer:
                body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower().startswith(("x-rucio", "content-type")):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def date_time_string(self, timestamp=None):
            del timestamp
            return formatdate(time.time() - AHEAD_S, usegmt=True)

    server = Server(Forward)
    yield server.origin
    server.end()


@pytest.fixture
def faults(lake, slow_clock, configure, tmp_path):
    """The lake as it is, and the same with one thing wrong each."""
    good = lake.instance()
    (tmp_path / "other").write_text("wr0ng-pass")
    (tmp_path / "other").chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"https://127.0.0.1:{free.getsockname()[1]}"
    wrong = {
        "down": {"url": closed},
        "nowhere": {"url": "https://rucio.invalid"},
        "password": {"password_file": str(tmp_path / "other")},
        "authority": {"ca_file": str(Path(ssl.get_default_verify_paths().openssl_cafile))},
        "clock": {"url": slow_clock},
    }
    if not Path(wrong["authority"]["ca_file"]).exists():
        wrong["authority"]["ca_file"] = None
    entries = [good | {"name": "good", "title": "good"}]
    entries += [good | {"name": name, "title": name} | more for name, more in wrong.items()]
    configure(DataLake={"instances": entries})


def checks(capsys, *words):
    code = main(["doctor", "--json", *words])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, rows


def of(rows, subject):
    return {row["name"]: row for row in rows if row["subject"] == subject}


def test_each_fault_is_said_with_what_to_do_and_hides_no_other(faults, lake, capsys):
    del faults
    code, rows = checks(capsys)
    assert code == 1
    good = of(rows, "good")
    assert {row["state"] for row in good.values()} == {"ok"}
    assert "account demo" in good["sign-in"]["message"]
    assert "valid for" in good["sign-in"]["message"]
    for site in lake.sites:
        assert of(rows, f"good, {site}")["read"]["state"] == "ok"
    faulty = {
        "down": ("connection", "Nothing answers"),
        "nowhere": ("name", "cannot be found"),
        "password": ("sign-in", "password"),
        "authority": ("certificate", "cannot be trusted"),
        "clock": ("clock", "ahead of the server"),
    }
    for subject, (name, said) in faulty.items():
        check = of(rows, subject)[name]
        assert check["state"] == "failed", subject
        assert said in check["message"]
        assert check["hint"]
        others = {row["name"] for row in of(rows, subject).values() if row["state"] == "failed"}
        assert others == {name}, subject
    assert of(rows, "down")["sign-in"]["state"] == "skipped"
    assert of(rows, "Agent")["process"]["state"] == "ok"
    said = json.dumps(rows) + locate().log.read_text()
    secrets = ["wr0ng-pass", lake.layout.password("demo").read_text().strip()]
    assert not [secret for secret in secrets if secret in said]


@pytest.mark.one_agent
def test_a_storage_that_does_not_answer_is_named(dl, lake, capsys):
    del dl
    north, south = lake.sites
    with asleep(lake, north):
        code, rows = checks(capsys, "--deadline", "5")
    assert code == 1
    title = lake.instance()["title"]
    assert of(rows, f"{title}, {north}")["read"]["state"] == "failed"
    assert of(rows, f"{title}, {south}")["read"]["state"] == "ok"


@pytest.mark.one_agent
def test_storages_are_written_to_only_when_asked(dl, lake, capsys):
    before = _files(lake)
    code, rows = checks(capsys)
    assert (code, "write" in {row["name"] for row in rows}) == (0, False)
    code, rows = checks(capsys, "--write")
    assert code == 0
    title = lake.instance()["title"]
    for site in lake.sites:
        assert "removed" in of(rows, f"{title}, {site}")["write"]["message"]
    closed = of(rows, f"{title}, EAST-ARCHIVE")["write"]
    assert (closed["state"], closed["message"]) == (
        "warning",
        "Rucio says that it cannot be written to now.",
    )
    assert _files(lake) == before
    with pytest.raises(UsageError, match="browser"):
        _as_browser(dl)


@pytest.mark.one_agent
def test_a_person_reads_a_line_a_check_and_a_verdict(dl, capsys):
    del dl
    assert main(["doctor"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    # Nothing was put on some RSEs: there is nothing to read.
    assert all(line.startswith(("✓ ok ", "– skipped ")) for line in lines)
    ok = sum(line.startswith("✓ ok ") for line in lines)
    assert last == f"Everything works: {ok} checks."


def _files(lake):
    return sorted(
        str(file) for site in lake.sites for file in lake.layout.site(site).rglob("*doctor*")
    )


def _as_browser(client):
    """Ask as the server extension does for a browser."""
    connection = SocketConnection(client.location.socket, timeout_s=60)
    try:
        connection.request("GET", "/doctor?write=true", headers={CONTENTS_HEADER: "/"})
        return read_json(connection.getresponse())
    finally:
        connection.close()
