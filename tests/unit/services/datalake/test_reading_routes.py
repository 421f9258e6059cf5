"""What the agent tells a kernel that reads a file itself, and whom it tells nothing."""

import logging
from hashlib import sha256

import pytest

from escape_vre.core.caller import CONTENTS_HEADER
from escape_vre.jobs.kinds.get import Get
from escape_vre.jobs.manifest import Copy
from escape_vre.services.datalake.plugin import plugin
from escape_vre.testing.rucio import Answer, listed
from tests.unit.services.datalake.conftest import Agent

FILE = {"scope": "t", "name": "a/b", "did_type": "FILE", "bytes": 3, "adler32": "024d0127"}
REPLICA = {
    **FILE,
    "pfns": {
        "https://two.org/a": {"type": "DISK", "priority": 2},
        "https://one.org/a": {"type": "DISK", "priority": 1},
    },
    "rses": {"S": []},
}


@pytest.fixture
def with_token(rucio, tmp_path):
    """An agent of an instance whose storages are shown the token."""
    (tmp_path / "token").write_text("s3cret")
    entry = {"name": "lab", "url": rucio.url, "auth": "token_file"}
    entry |= {"token_file": str(tmp_path / "token"), "storage_token": "rucio"}
    entry |= {"storage_hosts": ["*.one.org"]}
    with Agent(rucio, tmp_path, {"DataLake": {"instances": [entry]}}) as running:
        yield running


def test_a_file_and_what_lets_us_in(with_token, rucio, caplog):
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says("/replicas/list", listed(REPLICA))
    with caplog.at_level(logging.DEBUG):
        status, found = with_token.ask("/datalake/sources", {"path": "t/a/b"})
    assert (status, found["path"]) == (200, None)
    assert found["urls"] == ["https://one.org/a", "https://two.org/a"]
    assert found["file"] == {
        "path": "t/a/b",
        "type": "file",
        "ref": "rucio:t:a/b",
        "bytes": 3,
        "adler32": "024d0127",
        "md5": None,
    }
    credentials = found["credentials"]
    assert credentials["token"] == "s3cret"
    assert credentials["token_hosts"] == ["127.0.0.1", "*.one.org"]
    assert credentials["redirect_hosts"] == ["*.one.org"]
    assert "s3cret" not in caplog.text
    assert rucio.asked["/dids/bulkmeta"] == rucio.asked["/replicas/list"] == 1


def test_a_token_that_was_refused_is_replaced(with_token, rucio, tmp_path):
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says("/replicas/list", listed(REPLICA))
    with_token.ask("/datalake/sources", {"path": "t/a/b"})
    (tmp_path / "token").write_text("n3w")
    refused = {"path": "t/a/b", "refused": sha256(b"s3cret").hexdigest()}
    _, found = with_token.ask("/datalake/sources", refused)
    assert found["credentials"]["token"] == "n3w"


def test_storages_that_want_no_token_are_told_none(agent, rucio):
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says("/replicas/list", listed(REPLICA))
    _, found = agent.ask("/datalake/sources", {"path": "t/a/b"})
    assert found["credentials"]["token"] is None
    assert found["credentials"]["token_hosts"] == []


def test_no_browser_is_told(agent, rucio):
    assert not {"POST /sources", "GET /path"} & set(plugin.browser)
    rucio.says("/dids/bulkmeta", listed(FILE))
    headers = {CONTENTS_HEADER: "/"}
    status, found = agent.ask("/datalake/sources", {"path": "t/a/b"}, headers=headers)
    assert (status, "credentials" in found) == (404, False)


def test_what_is_here_needs_no_network(agent, rucio, tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    agent.desk.kind(Get).manifest.record("lab", "rucio:t:here", Copy.of(tmp_path / "a"))
    status, found = agent.ask("/datalake/sources", {"path": "t:here"})
    assert (status, found["path"], found["credentials"]) == (200, str(tmp_path / "a"), None)
    assert agent.ask("/datalake/path", at="t/here")[1]["bytes"] == 3
    assert not rucio.asked


def test_a_dataset_is_no_file(agent, rucio):
    rucio.says("/dids/bulkmeta", listed({"scope": "t", "name": "ds", "did_type": "DATASET"}))
    status, found = agent.ask("/datalake/sources", {"path": "t/ds"})
    assert (status, found["error"]["message"]) == (400, "“t/ds” is a dataset, not a file.")


def test_a_file_that_no_site_has(agent, rucio):
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says("/replicas/list", listed({**FILE, "pfns": {}, "rses": {}}))
    status, found = agent.ask("/datalake/sources", {"path": "t/a/b"})
    assert status == 404
    assert "names no replica of t:a/b" in found["error"]["message"]


@pytest.mark.parametrize("path", ["t", "t/", "t:"])
def test_a_scope(agent, rucio, path):
    assert agent.ask("/datalake/path", at=path)[1]["type"] == "scope"
    assert agent.ask("/datalake/path", at="no")[0] == 404


@pytest.mark.parametrize("path", ["/x", ":x", "t/\x01", "t/a\x7f"])
def test_what_is_no_path(agent, rucio, path):
    assert agent.ask("/datalake/path", at=path)[0] in (400, 404)


def test_what_a_collection_of_another_scope_holds(agent, rucio):
    """Container in t, dataset and file in u: each part of the path is looked at."""
    known = [
        {"scope": "t", "name": "c", "did_type": "CONTAINER"},
        {"scope": "u", "name": "ds/1", "did_type": "DATASET"},
        {"scope": "u", "name": "f", "did_type": "FILE", "bytes": 1},
    ]
    rucio.says("/dids/bulkmeta", listed(), listed(*known))
    rucio.says("/dids/u/ds/1/parents", listed({"scope": "t", "name": "c", "type": "CONTAINER"}))
    rucio.says("/dids/u/f/parents", listed({"scope": "u", "name": "ds/1", "type": "DATASET"}))
    assert agent.ask("/datalake/path", at="t/c/u:ds/1/f")[1]["ref"] == "rucio:u:f"
    rucio.says("/dids/bulkmeta", listed(), listed(*known))
    rucio.says("/dids/u/f/parents", listed())
    rucio.says("/dids/t/c/u:ds/1/f", Answer(status=404))
    assert agent.ask("/datalake/path", at="t/c/u:ds/1/f")[0] == 404
