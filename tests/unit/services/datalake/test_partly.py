"""An optional part never fails the whole: what is known is shown, and what is missing is said."""

import argparse

import pytest

from escape_vre.core.errors import RemoteError
from escape_vre.services.datalake import api
from escape_vre.services.datalake.cli import add_commands
from escape_vre.testing.rucio import HANGS_UP, Answer, fixed, listed, refused

FILE = {"scope": "t", "name": "a", "type": "FILE", "bytes": 3, "adler32": "00000001"}
DATASET = {"scope": "t", "name": "ds", "type": "DATASET", "bytes": 9, "length": 3}
CONTAINER = {"scope": "t", "name": "c", "type": "CONTAINER"}
AT_A = {"scope": "t", "name": "ds", "rse": "A", "state": "AVAILABLE", "length": 3}
BAD = [
    Answer(status=500),
    Answer(status=503),
    HANGS_UP,
    refused("AccessDenied", "no", status=403),
    refused("DataIdentifierNotFound"),
    Answer(b"<html>"),
]
pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture(params=BAD, ids=["500", "503", "hangs up", "403", "404", "no JSON"])
def bad(request):
    return request.param


def test_a_did_without_its_metadata(agent, rucio, bad):
    rucio.says("/dids/t/a", fixed(FILE))
    rucio.says("/dids/t/a/meta", bad)
    status, found = agent.ask("/datalake/did", ref="t:a")
    assert (status, found["bytes"], found["metadata"]) == (200, 3, {})
    assert found["note"].startswith("Its metadata could not be read: ")


def test_a_did_that_rucio_fails_to_count(agent, rucio):
    rucio.says("/dids/t/c", Answer(status=500), fixed(CONTAINER))
    status, found = agent.ask("/datalake/did", ref="t:c")
    assert (status, found["type"], found["bytes"]) == (200, "container", None)
    assert found["note"].startswith("Its size could not be read: ")


def test_a_did_with_all_its_parts_has_no_note(agent, rucio):
    rucio.says("/dids/t/a", fixed(FILE))
    rucio.says("/dids/t/a/meta", fixed({"project": "x"}))
    found = agent.ask("/datalake/did", ref="t:a")[1]
    assert (found["metadata"], found["note"]) == ({"project": "x"}, None)


def test_a_did_that_is_not_there_is_not_found_though_scopes_fail(agent, rucio):
    rucio.says("/dids/t/a", refused("DataIdentifierNotFound"))
    rucio.says("/scopes/", Answer(status=500))
    status, found = agent.ask("/datalake/did", ref="t:a")
    assert (status, found["error"]["code"]) == (404, "not_found")


def test_an_empty_list_is_one_though_scopes_fail(agent, rucio):
    rucio.says("/scopes/", Answer(status=500))
    status, lines = agent.ask("/datalake/dids", scope="t")
    assert (status, lines) == (200, [{"end": {"count": 0, "truncated": False, "skipped": 0}}])


def test_who_we_are_without_the_servers_version(agent, rucio, bad):
    rucio.says("/ping", bad)
    status, found = agent.ask("/datalake/whoami")
    assert (status, found["account"], found["version"]) == (200, "jdoe", "unknown")
    assert found["note"].startswith("The version of Rucio could not be read: ")


def container_of(rucio, **answers):
    """Have a container of datasets, each of which answers so when its sites are asked for."""
    rucio.says("/dids/t/c", fixed(CONTAINER))
    rows = [{**DATASET, "name": name} for name in answers]
    rucio.says("/dids/t/c/dids", listed(*rows))
    for name, answer in answers.items():
        rucio.says(f"/replicas/t/{name}/datasets", answer)


def test_the_sites_of_a_container_without_those_of_one_dataset(agent, rucio, bad):
    container_of(rucio, one=listed(AT_A), two=bad, three=listed({**AT_A, "rse": "B"}))
    status, found = agent.ask("/datalake/replicas", ref="t:c")
    assert status == 200
    assert [site["rse"] for site in found["sites"]] == ["A", "B"]
    assert found["note"].startswith("The sites of some datasets could not be read: ")


def test_the_sites_of_a_container_of_which_nothing_is_known_are_an_error(agent, rucio):
    container_of(rucio, one=Answer(status=500), two=Answer(status=500))
    status, found = agent.ask("/datalake/replicas", ref="t:c")
    assert (status, found["error"]["code"]) == (503, "remote_unavailable")


def test_a_site_without_a_name_is_counted(agent, rucio):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/t/ds/datasets", listed(AT_A, {**AT_A, "rse": None}))
    found = agent.ask("/datalake/replicas", ref="t:ds")[1]
    assert [site["rse"] for site in found["sites"]] == ["A"]
    assert found["note"].startswith("1 row of the catalogue ")


STATES = {"refs": ["rucio:t:a", "rucio:t:ds"]}
BULK = ["/dids/bulkmeta", "/replicas/list", "/replicas/datasets_bulk"]


@pytest.fixture
def states(rucio):
    """All that is asked for two rows."""
    rucio.says(BULK[0], listed(FILE, DATASET))
    rucio.says(BULK[1], listed({**FILE, "states": {"A": "AVAILABLE"}}))
    rucio.says(BULK[2], listed(AT_A))


def test_rows_with_all_their_parts_have_no_note(agent, states):
    rows = agent.ask("/datalake/states", STATES)[1]["rows"]
    assert [row["bytes"] for row in rows] == [3, 9]
    assert [row["sites"] for row in rows] == [["A"], ["A"]]
    assert [row["note"] for row in rows] == [None, None]


@pytest.mark.parametrize("path", BULK)
def test_rows_without_a_part(agent, rucio, states, path, bad):
    rucio.says(path, bad)
    status, found = agent.ask("/datalake/states", STATES)
    if path == BULK[0] and bad.status == 403:
        assert (status, found["error"]["code"]) == (403, "denied")
        return
    assert status == 200
    for row in found["rows"]:
        assert "could not be read: Lab " in row["note"]
        assert row["problem"] is None  # nothing is claimed that is not known
        assert row["bytes"] == (None if path == BULK[0] else 3 if row["ref"] == "rucio:t:a" else 9)


def test_a_row_that_makes_no_sense_is_not_gone_from_the_catalogue(agent, rucio, states):
    rucio.says(BULK[0], listed(FILE, {**DATASET, "name": None}))
    rows = agent.ask("/datalake/states", STATES)[1]["rows"]
    assert [row["problem"] for row in rows] == [None, None]
    assert rows[1]["note"].startswith("1 row of the catalogue ")


def test_what_the_catalogue_does_not_know_is_gone_from_it(agent, rucio, states):
    rucio.says(BULK[0], listed(FILE))
    rows = agent.ask("/datalake/states", STATES)[1]["rows"]
    assert rows[1]["problem"] == "it is no longer in the catalogue"


def test_a_completion_ends_with_what_is_known(agent, rucio):
    rucio.says("/dids/t/dids/search", listed(FILE, cut=True))
    assert agent.ask("/datalake/complete", text="t:a") == (200, {"matches": ["t:a"]})


def test_a_collection_that_cannot_be_counted_is_said(agent, rucio):
    rucio.says(BULK[0], listed({**CONTAINER, "did_type": "CONTAINER"}))
    rucio.says("/dids/t/c", Answer(status=500))
    (row,) = agent.ask("/datalake/states", {"refs": ["rucio:t:c"]})[1]["rows"]
    assert row["length"] is None
    assert row["note"].startswith("The size of some collections could not be read: ")


class Told:
    """An agent whose lists are whole, and whose states are what a test says."""

    name = "told"

    def __init__(self, states):
        self._states = states

    def stream(self, *_, **__):
        ref = {"ref": "rucio:t:a", "scope": "t", "name": "a", "type": "file", "bytes": 3}
        return iter([ref, {"end": {"count": 1, "truncated": False, "skipped": 2}}])

    def post(self, *_, **__):
        if isinstance(self._states, Exception):
            raise self._states
        return {"rows": [self._states]}


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"ref": "rucio:t:a", "note": "Sites could not be read: busy."}, "Sites could not be read"),
        (RemoteError("Busy."), "Some states could not be read: Busy."),
        ({"ref": "rucio:t:a", "note": None}, "were skipped."),
    ],
)
def test_a_list_says_below_it_what_is_not_known(monkeypatch, states, said):
    monkeypatch.setattr(api, "AgentClient", lambda: Told(states))
    table = api.ls("t:*")
    assert table.note.startswith("2 rows of the catalogue made no sense and were skipped.")
    assert said in table.note
    assert table.note in repr(table)


def test_whoami_says_what_is_not_known(monkeypatch):
    who = {"account": "jdoe", "instance": "lab", "url": "https://lab", "version": "unknown"}
    who |= {"latency_ms": 3.0, "note": "The version of Rucio could not be read: Busy."}
    monkeypatch.setattr(api, "whoami", lambda **_: who)
    parser = argparse.ArgumentParser()
    add_commands(parser)
    args = parser.parse_args(["whoami"])
    assert args.run(args).endswith("answers in 3 ms. The version of Rucio could not be read: Busy.")
