"""Datasets, containers and metadata: what is refused before anything is written, and by Rucio."""

import pytest

from escape_vre.services.datalake.accounts import service as accounts
from escape_vre.services.datalake.collections.cli import value
from escape_vre.testing.rucio import Answer, fixed, listed, refused

DATASET = {"scope": "t", "name": "ds", "type": "DATASET", "open": True, "length": 2, "bytes": 9}
FILES = [{"scope": "t", "name": f"f{n}", "did_type": "FILE"} for n in range(2)]
BELOW = {"ref": "t:ds", "contents": ["t:f0", "t:f1"]}


@pytest.fixture
def lake(agent, rucio, monkeypatch):
    monkeypatch.setattr(accounts._NAMES, "seconds", 0.0)
    rucio.says("/accounts/jdoe/scopes/", fixed(["t"]))
    rucio.says("/accounts/jdoe/attr/", fixed([]))
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/dids/t/ds/meta", fixed({"project": "x"}))
    rucio.says("/dids/bulkmeta", listed(*FILES))
    return agent


def sent(rucio, path):
    return [body for asked, body in rucio.bodies if asked == path and body]


def test_a_dataset_is_made_with_its_metadata(lake, rucio):
    rucio.says("/dids/t/new", Answer(b"Created", 201))
    body = {"ref": "t:new", "metadata": {"run": 3}, "lifetime_s": 60}
    status, found = lake.ask("/datalake/collections", body)
    assert (status, found["already"]) == (200, False)
    assert found["message"] == "Dataset t:new was made."
    assert sent(rucio, "/dids/t/new") == [{"type": "DATASET", "meta": {"run": 3}, "lifetime": 60}]


EXISTS = refused("DataIdentifierAlreadyExists", "t:ds", status=409)


@pytest.mark.parametrize("kind", ["dataset", "container"])
def test_what_is_there_is_left_as_it_is_or_in_the_way(lake, rucio, kind):
    rucio.says("/dids/t/ds", EXISTS, fixed(DATASET))
    status, found = lake.ask("/datalake/collections", {"ref": "t:ds", "type": kind})
    if kind == "dataset":
        assert (status, found["already"]) == (200, True)
    else:
        assert (status, found["error"]["code"]) == (409, "conflict")
        assert (
            found["error"]["message"] == "t:ds exists already, and is a dataset, not a container."
        )


def test_a_name_that_the_schema_refuses(lake, rucio):
    said = "Problem validating did: 'a b' does not match '^[A-Z]*$'\n\nFailed validating"
    rucio.says("/dids/t/a b", refused("InvalidObject", said, status=400))
    status, found = lake.ask("/datalake/collections", {"ref": "t:a b"})
    assert (status, found["error"]["message"]) == (400, "Lab does not allow this name.")


WRITES = [
    ("collections", {"ref": "cms:x"}),
    ("collections/attach", {"ref": "cms:x", "contents": ["t:f0"]}),
    ("collections/detach", {"ref": "cms:x", "contents": ["t:f0"]}),
    ("collections/status", {"ref": "cms:x", "open": False}),
    ("metadata", {"ref": "cms:x", "set": {"a": 1}}),
    ("erase", {"ref": "cms:x"}),
]


@pytest.mark.parametrize(("route", "body"), WRITES)
def test_a_scope_of_another_account_is_not_written_to(lake, rucio, route, body):
    status, found = lake.ask(f"/datalake/{route}", body)
    assert (status, found["error"]["code"]) == (403, "denied")
    said = "Account jdoe does not own scope cms, so it may not write there."
    assert found["error"]["message"] == said
    assert found["error"]["hint"] == "Use a scope of your own: t."
    assert not rucio.bodies


@pytest.mark.parametrize("unknown", ["administrator", "scopes", "attributes"])
def test_a_scope_is_left_to_rucio_where_its_owner_is_not_known(lake, rucio, unknown):
    rucio.says("/dids/cms/x", Answer(b"Created", 201))
    if unknown == "scopes":
        rucio.says("/accounts/jdoe/scopes/", refused("AccessDenied", "no", status=401))
    elif unknown == "attributes":
        rucio.says("/accounts/jdoe/attr/", Answer(status=500))
    else:
        rucio.says("/accounts/jdoe/attr/", fixed([{"key": "admin", "value": True}]))
    assert lake.ask("/datalake/collections", {"ref": "cms:x"})[0] == 200


@pytest.mark.parametrize("status", [401, 500])
def test_what_rucio_does_not_allow_is_one_sentence_and_is_not_sent_again(lake, rucio, status):
    denied = refused("AccessDenied", "Account jdoe can not add this. ", status=status)
    rucio.says("/dids/t/new", denied)
    found = lake.ask("/datalake/collections", {"ref": "t:new"})[1]
    assert found["error"]["message"] == "Lab does not allow this: Account jdoe can not add this."
    assert len(sent(rucio, "/dids/t/new")) == 1


def test_dids_are_attached_in_one_request(lake, rucio):
    status, found = lake.ask("/datalake/collections/attach", BELOW)
    assert (status, found["message"]) == (200, "2 DIDs are attached to t:ds.")
    (body,) = sent(rucio, "/dids/attachments")
    names = [did["name"] for did in body["attachments"][0]["dids"]]
    assert (body["ignore_duplicate"], names) == (True, ["f0", "f1"])


@pytest.mark.parametrize(
    ("change", "says", "message"),
    [
        ({}, {"open": False}, "The dataset t:ds is closed, so nothing can be attached."),
        ({}, {"type": "FILE"}, "t:ds is a file, not a dataset or container."),
        ({}, {"type": "CONTAINER"}, "t:f0 is a file, and a container holds datasets and"),
        ({"contents": ["t:ds"]}, {}, "t:ds cannot hold itself."),
        ({"contents": ["t:f0", "t:none"]}, {}, "There is no t:none in Lab."),
    ],
)
def test_what_cannot_be_attached_reaches_no_server(lake, rucio, change, says, message):
    rucio.says("/dids/t/ds", fixed({**DATASET, **says}))
    rucio.says("/dids/t/none", refused("DataIdentifierNotFound"))
    found = lake.ask("/datalake/collections/attach", {**BELOW, **change})[1]
    assert found["error"]["message"].startswith(message)
    assert found["error"]["hint"]
    assert not sent(rucio, "/dids/attachments")


def test_dids_are_detached(lake, rucio):
    status, found = lake.ask("/datalake/collections/detach", BELOW)
    assert (status, found["open"]) == (200, True)
    assert len(sent(rucio, "/dids/t/ds/dids")[0]["dids"]) == 2


@pytest.mark.parametrize("wanted", [True, False])
def test_a_dataset_is_closed_or_reopened_once(lake, rucio, wanted):
    status, found = lake.ask("/datalake/collections/status", {"ref": "t:ds", "open": wanted})
    assert (status, found["open"], found["already"]) == (200, wanted, wanted)
    assert sent(rucio, "/dids/t/ds/status") == ([] if wanted else [{"open": False}])


def test_metadata_is_set_and_removed_a_key_at_a_time(lake, rucio):
    body = {"ref": "t:ds", "set": {"run": 3, "target": "M31"}, "unset": ["old"]}
    status, found = lake.ask("/datalake/metadata", body)
    assert (status, found["metadata"]) == (200, {"project": "x"})
    assert sent(rucio, "/dids/t/ds/meta/run") == [{"value": 3, "recursive": False}]
    assert sent(rucio, "/dids/t/ds/meta/target") == [{"value": "M31", "recursive": False}]
    assert rucio.asked["/dids/t/ds/meta"] == 2  # the removal, and what is so then


@pytest.mark.parametrize("key", ["a.b", "a/b", "", " ", "x" * 256, "bytes", "lifetime", "a\x1b"])
@pytest.mark.parametrize("what", ["set", "unset"])
def test_a_key_that_cannot_be_set_reaches_no_server(lake, rucio, key, what):
    change = {"set": {"good": 1, key: 1}} if what == "set" else {"unset": [key]}
    status, found = lake.ask("/datalake/metadata", {"ref": "t:ds", **change})
    assert (status, found["error"]["code"]) == (400, "usage")
    assert not rucio.bodies


def test_metadata_that_is_not_there_is_not_removed(lake, rucio):
    rucio.says("/dids/t/ds/meta", refused("KeyNotFound", "old"))
    status, found = lake.ask("/datalake/metadata", {"ref": "t:ds", "unset": ["old"]})
    assert (status, found["error"]["message"]) == (404, "t:ds has no metadata old.")


def test_a_column_of_rucios_cannot_be_removed(lake, rucio):
    said = refused("NotImplementedError", "Feature not in current database", status=409)
    rucio.says("/dids/t/ds/meta", said)
    found = lake.ask("/datalake/metadata", {"ref": "t:ds", "unset": ["datatype"]})[1]
    assert found["error"]["message"].startswith("Lab cannot remove this key")


def test_nothing_to_change_is_an_error(lake, rucio):
    assert lake.ask("/datalake/metadata", {"ref": "t:ds"})[1]["error"]["code"] == "usage"


# ── erasing ─────────────────────────────────────────────────────────────────────────────────


def rule(name, **fields):
    return {"id": "r", "scope": "t", "name": name, **fields}


@pytest.fixture
def full(lake, rucio):
    """A dataset of two files, with a rule, in a container with one too."""
    rucio.says("/dids/t/ds/rules", listed(rule("ds")))
    rucio.says("/dids/t/ds/files", listed(*FILES))
    rucio.says("/dids/t/ds/parents", listed({"scope": "t", "name": "c"}))
    for n in range(2):
        rucio.says(f"/dids/t/f{n}/associated_rules", listed(rule("ds"), rule("c")))
    return lake


def test_what_would_be_erased(full):
    status, found = full.ask("/datalake/erase", ref="t:ds")
    assert (status, found["rules"], found["files"], found["unprotected"]) == (200, 1, 2, 2)
    said = "This erases the dataset t:ds and its 1 rule. All 2 of its files are kept by no other"
    assert found["message"].startswith(said)
    assert found["expires"] is None


@pytest.mark.parametrize(
    ("other", "left", "said"),
    [
        (rule("else"), 1, "1 of its files are kept by no other rule"),
        (rule("else", expires_at="Thu, 01 Jan 2026 00:00:00 UTC"), 2, "All 2 of its files"),
    ],
)
def test_a_rule_of_another_dataset_keeps_a_file_until_it_ends(full, rucio, other, left, said):
    rucio.says("/dids/t/f0/associated_rules", listed(rule("ds"), other))
    found = full.ask("/datalake/erase", ref="t:ds")[1]
    assert found["unprotected"] == left
    assert said in found["message"]


def test_a_large_dataset_is_not_checked_file_by_file(full, rucio):
    rucio.says("/dids/t/ds", fixed({**DATASET, "length": 100_000}))
    found = full.ask("/datalake/erase", ref="t:ds")[1]
    assert found["unprotected"] is None
    assert not any("associated" in path for path in rucio.asked)


def test_a_file_and_a_container_say_what_goes(lake, rucio):
    rucio.says("/dids/t/f0", fixed({"scope": "t", "name": "f0", "type": "FILE", "bytes": 1000}))
    found = lake.ask("/datalake/erase", ref="t:f0")[1]
    assert "all of its replicas are deleted for good" in found["message"]
    rucio.says("/dids/t/c", fixed({**DATASET, "type": "CONTAINER", "name": "c"}))
    assert "Its datasets stay" in lake.ask("/datalake/erase", ref="t:c")[1]["message"]


@pytest.mark.parametrize(
    ("body", "seconds"), [({}, 86400), ({"lifetime_s": 60}, 60), ({"undo": True}, None)]
)
def test_a_lifetime_erases_and_its_removal_does_not(full, rucio, body, seconds):
    status, found = full.ask("/datalake/erase", {"ref": "t:ds", **body})
    assert status == 200
    assert sent(rucio, "/dids/t/ds/meta/lifetime") == [{"value": seconds, "recursive": False}]
    assert (found["expires"] is None) == (seconds is None)


def test_a_lifetime_in_the_past_erases_nothing(full, rucio):
    body = {"ref": "t:ds", "until": "2020-01-01T00:00:00Z"}
    assert full.ask("/datalake/erase", body)[1]["error"]["code"] == "usage"
    assert not rucio.bodies


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("run=3", ("run", 3)),
        ("x=1.5", ("x", 1.5)),
        ("good=true", ("good", True)),
        ("none=null", ("none", None)),
        ("t=M31", ("t", "M31")),
        ('t="3"', ("t", "3")),
        ("e=a=b", ("e", "a=b")),
        ("l=[1]", ("l", "[1]")),
        ("empty=", ("empty", "")),
    ],
)
def test_a_value_as_it_is_typed(written, read):
    assert value(written) == read
