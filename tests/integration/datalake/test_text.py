"""Text from elsewhere is text: no name, message or metadata of a lake controls a terminal."""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.location import locate
from tests.catalogue import Catalogue

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07"  # clear, title, clipboard
    "\x9b31m\x9d52;c;aGk=\x9c"  # the same in C1
    "\u202egpj.\u2066exe\u2069\u200f"  # bidirectional overrides and isolates
    "\r\n\t\x00\x7f\u2028\u2029\u200b"
)
NAME = HOSTILE.replace("\0", "")  # with which no request could ask for anything
NAMES = {"file": f"file{NAME}.csv", "dataset": f"set{NAME}", "container": f"all{NAME}"}
ASKABLE = "in \x9b31m\u202e.csv"  # a name that a person can type in a DID
OUR_CODES = re.compile(r"\r\x1b\[2K")
COMMAND = [sys.executable, "-m", "escape_vre"]


@pytest.fixture
def catalogue(configure, tmp_path):
    """A lake whose every text is hostile."""
    dids = [*NAMES.items(), ("dataset", "plain"), ("file", ASKABLE)]
    contents = {"plain": [("file", NAMES["file"]), ("file", ASKABLE)]}
    contents |= {NAMES["dataset"]: [], NAMES["container"]: []}
    metadata = {f"key{HOSTILE}": f"value{HOSTILE}", "title": HOSTILE}
    with Catalogue(dids, contents=contents, metadata=metadata, version=f"41{HOSTILE}") as running:
        (tmp_path / "token").write_text("tok")
        entry = {"name": "lab", "title": f"Lab{HOSTILE}", "auth": "token_file"}
        entry |= {"url": running.url, "token_file": str(tmp_path / "token")}
        configure(DataLake={"instances": [entry]}, Agent={"data_dir": str(tmp_path / "data")})
        yield running


def controls(text):
    """Return what would control a terminal, or hide in it, but our own lines and columns."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {c for c in text if unicodedata.category(c) in kinds} - {"\n", "\t"}


def in_a_pipe(*words):
    done = subprocess.run([*COMMAND, *words], capture_output=True, timeout=120, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


def on_a_terminal(*words):
    """Run a command with a terminal of its own; returns what that was sent."""
    ours, its = pty.openpty()
    with subprocess.Popen([*COMMAND, *words], stdin=its, stdout=its, stderr=its) as running:
        os.close(its)
        sent = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not piece:
                break
            sent += piece
        running.wait(timeout=120)
    os.close(ours)
    return running.returncode, sent.decode().replace("\r\n", "\n")


LISTING = [
    ("dl", "ls"),
    ("dl", "ls", "t"),
    ("dl", "ls", "t", "--json"),
    ("dl", "ls", "t:plain"),
    ("dl", "ls", f"t:{ASKABLE}"),
    ("dl", "info", f"t:{ASKABLE}"),
    ("dl", "info", "t:plain", "--json"),
    ("dl", "whoami"),
    ("dl", "whoami", "--json"),
    ("dl", "get", "t:plain"),
    ("dl", "get", "t:plain", "--json"),
    ("dl", "jobs"),
    ("dl", "jobs", "--json"),
    ("dl", "login"),
    ("agent", "status"),
]
MISTAKES = [
    ("dl", "ls", "t:gone\x1b]52;c;aGk=\x07*", "--strict"),
    ("dl", "ls", "\x1b[2J"),
    ("dl", "info", "t:\x9b31m\u202e"),
    ("dl", "get", "t:gone"),
    ("dl", "get", "t:\x1b[2J"),
    ("dl", "cancel", "\x1b[2J"),
    ("dl", "logout"),
    ("dl", "ls", "--instance", "\x1b[2J"),
    ("dl", "l\x1b[2Js"),
    ("dl", "ls", "--\x1b[2J"),
    ("dl", "ls", "--type", "\x1b[2J"),
    ("with-token", "rucio", "--", "no-such-\x1b[2J"),
    ("with-token", "\x1b[2J", "--", "true"),
    ("\x1b[2J",),
]


@pytest.mark.parametrize("run", [in_a_pipe, on_a_terminal], ids=lambda run: run.__name__)
def test_no_text_of_a_lake_controls_what_shows_it(catalogue, run):
    for words in LISTING:
        code, said = run(*words)
        assert code == 0, (words, said)
        assert not controls(OUR_CODES.sub("", said)), words
    assert "\\x9b31m\\u202e.csv" in run("dl", "ls", "t:plain")[1]
    for words in MISTAKES:
        code, said = run(*words)
        assert code, (words, said)
        assert not controls(OUR_CODES.sub("", said)), words
    whole = ("dl", "ls", "t"), ("dl", "info", "t:plain"), ("dl", "get", "t:plain", "--to", "x")
    for status, words in zip((400, 401, 403, 404, 409, 500), 2 * whole, strict=True):
        catalogue.refusal = status, f"No{HOSTILE}\ud800"
        code, said = run(*words)
        assert code == 1, (words, said)
        assert not controls(OUR_CODES.sub("", said)), (status, words)
        assert len(said.strip().splitlines()) <= 3


def test_json_has_names_as_they_are(catalogue):
    code, said = in_a_pipe("dl", "ls", "t", "--json")
    rows = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert {row["name"] for row in rows} == {*NAMES.values(), "plain", ASKABLE}


def test_the_agents_log_can_be_shown(catalogue):
    in_a_pipe("dl", "get", "t:plain")
    catalogue.refusal = 500, HOSTILE
    in_a_pipe("dl", "get", "t:plain", "--to", "other")
    log = locate().log.read_text()
    assert log
    assert not controls(log)


def test_no_completion_inserts_what_controls_a_terminal(catalogue):
    matches = AgentClient().get("/datalake/complete", text="t:")["matches"]
    assert matches == ["t:plain"]
