"""What a row says of a file that cannot be fetched as usual, before it is asked for."""

import pytest

from escape_vre.services.datalake.shown import state
from escape_vre.testing.rucio import fixed, listed

FILE = {"scope": "t", "name": "a", "type": "FILE", "did_type": "FILE", "bytes": 3}
ZIPPED = {"domain": "zip", "client_extract": True}
AVAILABLE = {"S": "AVAILABLE"}
HTTPS, ROOT, SRM = "https://s/a", "root://s//a", "srm://s/a"
UNZIP = "https://s/b/all%20of.zip?xrdcl.unzip=a"


def replica(pfns, states=AVAILABLE):
    return FILE | {
        "pfns": {url: {"rse": "S", "type": "DISK"} | about for url, about in pfns.items()},
        "rses": {"S": list(pfns)},
        "states": states,
    }


def row_of(agent, rucio, replicas):
    rucio.says("/dids/t/a", fixed(FILE))
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says("/replicas/list", listed(replicas))
    (row,) = agent.ask("/datalake/states", {"refs": ["rucio:t:a"]})[1]["rows"]
    sites = agent.ask("/datalake/replicas", ref="t:a")[1]
    assert row["problem"] or row["obstacle"] == sites["obstacle"]
    return row


@pytest.mark.parametrize(
    ("pfns", "kind", "words", "message"),
    [
        ({ROOT: {}}, "protocol", "no https (S)", "S offers it by root only, "),
        ({ROOT: {}, SRM: {}}, "protocol", "no https (S)", "S offers it by root and srm only, "),
        ({"file:///mnt/a": {}}, "protocol", "no https (S)", "S offers it by file only, "),
        ({UNZIP: ZIPPED}, "archive", "in an archive (S)", "It is inside the archive all of.zip, "),
        ({HTTPS: {"type": "TAPE"}}, "tape", "on tape (S)", "S has it on tape only, "),
        ({}, "address", "no address (S)", "S gives no address for it."),
    ],
)
def test_a_row_says_why_a_file_cannot_be_fetched_as_usual(agent, rucio, pfns, kind, words, message):
    row = row_of(agent, rucio, replica(pfns))
    assert row["obstacle"]["kind"] == kind
    assert row["obstacle"]["message"].startswith(message)
    assert row["obstacle"]["hint"]
    assert state(row) == words
    # One question for all rows, as before.
    assert rucio.asked["/replicas/list"] == 2


@pytest.mark.parametrize(
    "pfns",
    [
        {HTTPS: {}},
        {HTTPS: {}, ROOT: {}},
        {"davs://s/a": {"type": "TAPE"}, HTTPS: {}},
        {UNZIP: ZIPPED, HTTPS: {}},
        {HTTPS: {"rse": None, "type": 5}},
    ],
)
def test_one_replica_on_disk_by_https_is_enough(agent, rucio, pfns):
    row = row_of(agent, rucio, replica(pfns))
    assert (row["obstacle"], state(row)) == (None, "elsewhere (S)")


def test_a_replica_that_is_not_available_does_not_count(agent, rucio):
    states = {"S": "AVAILABLE", "T": "COPYING"}
    row = row_of(agent, rucio, replica({ROOT: {}, HTTPS: {"rse": "T"}}, states))
    assert row["obstacle"]["kind"] == "protocol"
    assert row["obstacle"]["message"].startswith("S offers it by root only, ")
    nowhere = row_of(agent, rucio, replica({HTTPS: {}}, {"S": "UNAVAILABLE"}))
    assert (nowhere["obstacle"], state(nowhere)) == (
        None,
        "failed: no site has an available replica",
    )
