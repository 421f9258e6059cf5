"""Subscriptions, broken replicas and the lake's state: also what an ordinary account may not."""

import pytest

from escape_vre.services.datalake.accounts import service as accounts
from escape_vre.services.datalake.status.api import status_table
from escape_vre.testing.rucio import Answer, fixed, listed, refused

DENIED = refused("AccessDenied", "Account jdoe can not do this. ", status=401)
NONE = refused("SubscriptionNotFound", "Subscription for account 'jdoe' not found")
ROW = {
    "id": "1",
    "name": "raw",
    "account": "jdoe",
    "state": "ACTIVE",
    "filter": '{"scope": ["t"]}',
    "replication_rules": '[{"copies": 1, "rse_expression": "A"}]',
    "comments": "hi",
    "policyid": 3,
}
FILE = {"scope": "t", "name": "f", "type": "FILE"}
REPLICA = {**FILE, "rses": {"A": ["davs://a/f"]}, "states": {"A": "AVAILABLE"}}


@pytest.fixture
def lake(agent, rucio, monkeypatch):
    monkeypatch.setattr(accounts._NAMES, "seconds", 0.0)
    rucio.says("/rses/", listed({"rse": "A"}))
    rucio.says("/subscriptions/jdoe", listed(ROW))
    rucio.says("/dids/t/f", fixed(FILE))
    rucio.says("/replicas/list", listed(REPLICA))
    return agent


def sent(rucio, path):
    return [body for asked, body in rucio.bodies if asked == path and body]


def test_subscriptions_are_read_from_rucios_texts(lake, rucio):
    broken = {**ROW, "name": "b", "filter": "{", "replication_rules": 3, "state": "BROKEN"}
    rucio.says("/subscriptions/jdoe", listed(ROW, broken, {"name": None}))
    odd, found = lake.ask("/datalake/subscriptions")[1]["subscriptions"]
    assert (found["filter"], found["rules"][0]["rse_expression"]) == ({"scope": ["t"]}, "A")
    assert (found["state"], found["active"], found["comment"]) == ("ACTIVE", True, "hi")
    assert (odd["filter"], odd["rules"], odd["active"]) == ({}, [], False)


def test_no_subscriptions_are_none(lake, rucio):
    rucio.says("/subscriptions/jdoe", NONE)
    rucio.says("/subscriptions/", NONE)
    assert lake.ask("/datalake/subscriptions") == (200, {"subscriptions": []})
    assert lake.ask("/datalake/subscriptions", everybody="true")[1] == {"subscriptions": []}


NEW = {"name": "raw", "filter": {"scope": ["t"]}, "expression": "A", "lifetime_s": 60}


def test_a_subscription_is_made_as_it_is_wished(lake, rucio):
    rucio.says("/subscriptions/jdoe/raw", Answer(b"id", 201))
    status, found = lake.ask("/datalake/subscriptions", NEW)
    assert (status, found["name"]) == (201, "raw")
    (body,) = sent(rucio, "/subscriptions/jdoe/raw")
    rule = {"rse_expression": "A", "copies": 1, "activity": "User Subscriptions", "lifetime": 60}
    assert body["options"]["filter"] == {"scope": ["t"]}
    assert body["options"]["replication_rules"] == [rule]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filter": {}}, "The filter is empty, so all new data would match."),
        ({"copies": 2}, "2 copies were asked for, and 1 RSEs match A."),
        ({"expression": "A|"}, "The expression ends where a term should follow"),
        ({"lifetime_s": -1}, "The lifetime must be longer than 0"),
    ],
)
def test_a_subscription_that_makes_no_sense_is_not_sent(lake, rucio, change, message):
    status, found = lake.ask("/datalake/subscriptions", {**NEW, **change})
    assert (status, found["error"]["code"]) == (400, "usage")
    assert found["error"]["message"].startswith(message)
    assert not rucio.bodies


def test_an_ordinary_account_is_told_what_it_may_do_instead(lake, rucio):
    rucio.says("/subscriptions/jdoe/raw", DENIED)
    for route, body in (("", NEW), ("/active", {"name": "raw", "active": False})):
        status, found = lake.ask(f"/datalake/subscriptions{route}", body)
        assert (status, found["error"]["code"]) == (403, "denied")
        assert found["error"]["hint"].startswith("Ask the administrators of Lab, or make a rule")


@pytest.mark.parametrize(("active", "bodies"), [(True, []), (False, [{"options": {"state": "I"}}])])
def test_a_subscription_is_paused_once(lake, rucio, active, bodies):
    status, _ = lake.ask("/datalake/subscriptions/active", {"name": "raw", "active": active})
    assert (status, sent(rucio, "/subscriptions/jdoe/raw")) == (200, bodies)


def test_a_subscription_that_is_not_there_names_the_nearest(lake):
    found = lake.ask("/datalake/subscriptions/active", {"name": "rwa", "active": False})[1]
    assert found["error"]["hint"] == "Did you mean raw?"


BROKEN = {"ref": "t:f", "rse": "A", "reason": "wrong checksum"}


def test_a_replica_is_declared_bad(lake, rucio):
    rucio.says("/replicas/bad", Answer(b"{}", 201))
    status, found = lake.ask("/datalake/replicas/declare", BROKEN)
    assert (status, "is bad now" in found["message"]) == (200, True)
    replica = {"scope": "t", "name": "f", "rse": "A"}
    body = {"replicas": [replica], "reason": "wrong checksum"}
    assert sent(rucio, "/replicas/bad") == [body]


def test_everybody_may_say_that_a_replica_is_suspicious(lake, rucio):
    rucio.says("/replicas/bad", DENIED)
    status, found = lake.ask("/datalake/replicas/declare", BROKEN)
    assert (status, found["error"]["code"]) == (403, "denied")
    assert found["error"]["hint"].startswith("Add --suspicious, which everybody may")
    rucio.says("/replicas/suspicious", Answer(b"{}", 201))
    status, found = lake.ask("/datalake/replicas/declare", {**BROKEN, "suspicious": True})
    assert (status, "is suspicious now" in found["message"]) == (200, True)
    assert sent(rucio, "/replicas/suspicious")[0]["pfns"] == ["davs://a/f"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": " "}, "A reason is missing."),
        ({"rse": "B"}, "B has no replica of t:f."),
        ({"ref": "t:ds"}, "t:ds is a dataset, not a file."),
        ({"ref": "t:none"}, "There is no t:none in Lab."),
    ],
)
def test_what_is_no_replica_is_not_declared(lake, rucio, change, message):
    rucio.says("/dids/t/ds", fixed({"scope": "t", "name": "ds", "type": "DATASET"}))
    rucio.says("/dids/t/none", refused("DataIdentifierNotFound"))
    found = lake.ask("/datalake/replicas/declare", {**BROKEN, **change})[1]
    assert found["error"]["message"] == message
    assert not sent(rucio, "/replicas/bad")


def test_what_rucio_did_not_declare_is_said(lake, rucio):
    rucio.says("/replicas/bad", Answer(b'{"A": ["t:f Already declared"]}', 201))
    status, found = lake.ask("/datalake/replicas/declare", BROKEN)
    assert (status, found["error"]["code"]) == (409, "conflict")
    assert "t:f Already declared" in found["error"]["message"]


RULE = {"id": "r1", "scope": "t", "name": "ds", "account": "jdoe", "state": "STUCK"}
METRICS = {
    "src_rse": "A",
    "dst_rse": "B",
    "files": {"queued-total": 3, "done-total-1h": 5, "failed-total-1h": 1},
    "bytes": {"queued-total": 900},
    "distance": 1,
}


def test_the_state_of_the_lake_as_an_administrator_sees_it(lake, rucio):
    rule = {**RULE, "locks_replicating_cnt": 2, "locks_stuck_cnt": 1}
    rucio.says("/rules/", listed(rule))
    idle = {"src_rse": "B", "dst_rse": "A", "distance": 1}
    rucio.says("/requests/metrics", listed(METRICS, idle, {"src_rse": None}))
    status, found = lake.ask("/datalake/status")
    assert (status, found["note"]) == (200, None)
    assert [rse["name"] for rse in found["rses"]] == ["A"]
    mine = {"rules": 1, "replicating": 2, "stuck": 1, "stuck_rules": ["r1"]}
    assert found["mine"] == mine
    (link,) = found["links"]
    assert (link["queued"], link["queued_bytes"], link["done"], link["failed"]) == (3, 900, 5, 1)
    said = status_table(found).note
    assert "2 replicas on their way, 1 stuck. Run %dl rule show r1 to see why." in said
    assert "A → B: 3 queued, 5 done and 1 failed in the last hour." in said


def test_the_state_of_the_lake_as_everybody_else_sees_it(lake, rucio):
    rucio.says("/requests/metrics", refused("AccessDenied", "no", status=500))
    found = lake.ask("/datalake/status")[1]
    assert (found["links"], found["note"]) == (None, None)
    assert "Only administrators see the transfers" in status_table(found).note


def test_the_state_of_the_lake_without_a_part(lake, rucio):
    rucio.says("/rules/", Answer(status=500))
    found = lake.ask("/datalake/status")[1]
    assert found["mine"] is None
    assert found["note"].startswith("Your rules could not be read: ")
