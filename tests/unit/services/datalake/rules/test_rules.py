"""Rules that exist: listed, explained, changed, deleted."""

import pytest

from escape_vre.services.datalake.rules.read import error_of, rule_of, transfer_of
from escape_vre.testing.rucio import Answer, fixed, listed, refused
from tests.unit.services.datalake.rules.conftest import ID, OTHER, RULE

pytestmark = pytest.mark.usefixtures("at_once")
LOCKS = [
    {"scope": "t", "name": "f1", "rse": "A", "state": "OK"},
    {"scope": "t", "name": "f2", "rse": "A", "state": "REPLICATING"},
]
DENIED = refused("AccessDenied", "Account jdoe can not update this replication rule. ", status=401)


def test_the_rules_of_a_dataset(lake, rucio):
    rucio.says("/dids/t/ds/rules", listed(RULE, {**RULE, "id": OTHER, "account": "else"}, {}))
    status, lines = lake.ask("/datalake/rules", ref="t:ds")
    ours, theirs, end = lines
    assert (status, end["end"]["skipped"]) == (200, 1)
    assert (ours["mine"], theirs["mine"]) == (True, False)
    assert (ours["state"], ours["ok"], ours["replicating"], ours["fraction"]) == (
        "REPLICATING",
        1,
        1,
        0.5,
    )
    assert ours["expires"] == "2027-11-26T11:20:04Z"


def test_a_file_has_the_rules_of_its_datasets(lake, rucio):
    rucio.says("/dids/t/f1", fixed({"scope": "t", "name": "f1", "type": "FILE"}))
    rucio.says("/dids/t/f1/associated_rules", listed(RULE))
    assert lake.ask("/datalake/rules", ref="t:f1")[1][0]["name"] == "ds"


def test_the_rules_of_the_account(lake, rucio):
    rucio.says("/rules/", listed(RULE))
    assert [row.get("id") for row in lake.ask("/datalake/rules")[1]] == [ID, None]


def test_a_rule_with_its_progress(lake, rucio):
    rucio.says(f"/rules/{ID}/locks", listed(*LOCKS))
    rucio.says(f"/rules/{ID}/history", listed({"state": "R", "locks_ok_cnt": 0}))
    waits = {"state": "QUEUED", "source_rse": "B", "retry_count": 1}
    rucio.says("/requests/t/f2/A", fixed(waits))
    status, found = lake.ask("/datalake/rule", id=ID)
    assert (status, found["note"]) == (200, None)
    assert found["progress"] == [{"rse": "A", "ok": 1, "replicating": 1, "stuck": 0}]
    (late,) = found["troubles"]
    assert (late["ref"], late["reason"], late["source"]) == (
        "rucio:t:f2",
        "it waits for its turn",
        "B",
    )
    assert late["attempts"] == 2
    assert found["history"][0]["state"] == "REPLICATING"


STUCK = {**RULE, "state": "STUCK", "locks_replicating_cnt": 0, "locks_stuck_cnt": 1}
TRANSFER = {
    "scope": "t",
    "name": "f2",
    "rse": "A",
    "attempts": 4,
    "last_error": "RequestState.NO_SOURCES",
    "last_source": None,
    "sources": [["B", False], ["C", True]],
}


def stuck(rucio):
    rucio.says(f"/rules/{ID}", fixed({**STUCK, "error": "MissingSourceReplica"}))
    rucio.says(f"/rules/{ID}/locks", listed(LOCKS[0], {**LOCKS[1], "state": "STUCK"}))
    rucio.says(f"/rules/{ID}/analysis", fixed({"transfers": [TRANSFER]}))


def test_a_stuck_rule_says_why_in_words(lake, rucio):
    stuck(rucio)
    rucio.says("/requests/history/t/f2/A", refused("AccessDenied", "no", status=500))
    found = lake.ask("/datalake/rule", id=ID)[1]
    assert found["why"] == "no RSE has an available replica of some files"
    (late,) = found["troubles"]
    assert late["reason"] == "no RSE that can be read has an available replica"
    assert (late["attempts"], late["sources"]) == (4, ["C"])


def test_who_may_read_the_history_of_transfers_sees_their_errors(lake, rucio):
    stuck(rucio)
    last = {"state": "FAILED", "err_msg": "connection refused", "source_rse": "B"}
    rucio.says("/requests/history/t/f2/A", fixed(last))
    (late,) = lake.ask("/datalake/rule", id=ID)[1]["troubles"]
    assert (late["reason"], late["source"]) == ("the copy failed: connection refused", "B")


def test_a_rule_without_a_part_says_so(lake, rucio):
    rucio.says(f"/rules/{ID}/locks", Answer(status=500))
    status, found = lake.ask("/datalake/rule", id=ID)
    assert (status, found["ok"], found["progress"]) == (200, 1, [])
    assert found["note"].startswith("Its progress at each RSE could not be read: ")


def test_a_rucio_that_takes_the_id_for_a_did_is_asked_by_did(lake, rucio):
    rucio.says(f"/rules/{ID}/history", refused("ValueError", "Could not parse", status=400))
    rows = [{"rule_id": ID, "state": "OK"}, {"rule_id": OTHER, "state": "STUCK"}]
    rucio.says("/rules/t/ds/history", listed(*rows))
    found = lake.ask("/datalake/rule", id=ID)[1]
    assert [change["state"] for change in found["history"]] == ["OK"]


@pytest.mark.parametrize("rule_id", ["zz", "", "../x", ID[:-1], ID + "0"])
def test_what_is_no_id_reaches_no_server(lake, rucio, rule_id):
    before = rucio.asked.total()
    status, found = lake.ask("/datalake/rule", id=rule_id)
    assert (status, found["error"]["code"]) == (400, "usage")
    assert rucio.asked.total() == before


def test_a_rule_that_is_not_there(lake, rucio):
    rucio.says(f"/rules/{ID}", refused("RuleNotFound", "No rule with the id found"))
    assert lake.ask("/datalake/rule", id=ID)[0] == 404


def sent(rucio, path):
    """Return the bodies of the requests for a path."""
    return [body for asked, body in rucio.bodies if asked == path and body]


def test_what_is_changed_and_nothing_else(lake, rucio):
    body = {"rule": ID, "priority": 5, "lifetime_s": 60}
    assert lake.ask("/datalake/rule/update", body)[0] == 200
    assert sent(rucio, f"/rules/{ID}") == [{"options": {"priority": 5, "lifetime": 60}}]


def test_the_end_of_a_rule_is_removed(lake, rucio):
    lake.ask("/datalake/rule/update", {"rule": ID, "endless": True})
    assert sent(rucio, f"/rules/{ID}") == [{"options": {"lifetime": None}}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Nothing is to be changed."),
        ({"lifetime_s": -1}, "The lifetime must be longer than 0 and at most 100 years."),
        ({"until": "2020-01-01T00:00:00Z"}, "2020-01-01 00:00 UTC is in the past."),
        ({"lifetime_s": 9, "until": "2090-01-01T00:00:00Z"}, "Both a lifetime and a date"),
    ],
)
def test_a_change_that_makes_no_sense_reaches_no_server(lake, rucio, body, message):
    status, found = lake.ask("/datalake/rule/update", {"rule": ID, **body})
    assert (status, found["error"]["code"]) == (400, "usage")
    assert found["error"]["message"].startswith(message)
    assert not sent(rucio, f"/rules/{ID}")


@pytest.mark.parametrize("what", ["update", "delete"])
def test_what_only_administrators_may_says_whom_to_ask(lake, rucio, what):
    rucio.says(f"/rules/{ID}", fixed(RULE), DENIED)
    body = {"rule": ID, **({"priority": 4} if what == "update" else {})}
    status, found = lake.ask(f"/datalake/rule/{what}", body)
    assert (status, found["error"]["code"]) == (403, "denied")
    assert "Account jdoe can not update this replication rule" in found["error"]["message"]
    assert found["error"]["hint"].startswith("Ask the administrators of Lab to ")
    assert len(sent(rucio, f"/rules/{ID}")) == 1


def test_a_locked_rule_is_not_even_asked_to_be_deleted(lake, rucio):
    rucio.says(f"/rules/{ID}", fixed({**RULE, "locked": True}))
    status, found = lake.ask("/datalake/rule/delete", {"rule": ID})
    assert (status, found["error"]["code"]) == (409, "conflict")
    assert not sent(rucio, f"/rules/{ID}")


def test_a_deleted_rule_is_shown_as_it_ends(lake, rucio):
    ends = {**RULE, "expires_at": "Thu, 26 Nov 2026 12:20:04 UTC"}
    rucio.says(f"/rules/{ID}", fixed(RULE), Answer(), fixed(ends))
    assert lake.ask("/datalake/rule/delete", {"rule": ID})[1]["expires"] == "2026-11-26T12:20:04Z"


# ── what would be lost ──────────────────────────────────────────────────────────────────────


def test_files_that_no_other_rule_keeps_would_be_lost(lake, rucio):
    rucio.says(f"/rules/{ID}/locks", listed(*LOCKS))
    rucio.says("/dids/t/f1/associated_rules", listed(RULE, {**RULE, "id": OTHER}))
    rucio.says("/dids/t/f2/associated_rules", listed(RULE))
    found = lake.ask("/datalake/rule/loss", id=ID)[1]
    assert (found["files"], found["unprotected"], found["checked"]) == (2, 1, True)
    assert found["examples"] == ["rucio:t:f2"]
    assert found["message"].startswith("1 of its 2 files are kept by no other rule")


@pytest.mark.parametrize(
    ("rules", "unprotected"), [([RULE], None), ([RULE, {**RULE, "id": OTHER}], 0)]
)
def test_of_many_files_only_the_rules_of_the_dataset_are_checked(
    lake, rucio, monkeypatch, rules, unprotected
):
    monkeypatch.setattr("escape_vre.services.datalake.rules.service.CHECKED_FILES", 1)
    rucio.says(f"/rules/{ID}/locks", listed(*LOCKS))
    rucio.says("/dids/t/ds/rules", listed(*rules))
    found = lake.ask("/datalake/rule/loss", id=ID)[1]
    assert (found["files"], found["unprotected"], found["checked"]) == (2, unprotected, False)
    assert not any("associated" in path for path in rucio.asked)


def test_a_rule_of_a_container_above_keeps_the_dataset(lake, rucio, monkeypatch):
    monkeypatch.setattr("escape_vre.services.datalake.rules.service.CHECKED_FILES", 1)
    rucio.says(f"/rules/{ID}/locks", listed(*LOCKS))
    rucio.says("/dids/t/ds/rules", listed(RULE))
    rucio.says("/dids/t/ds/parents", listed({"scope": "t", "name": "c", "type": "CONTAINER"}))
    rucio.says("/dids/t/c/rules", listed({**RULE, "id": OTHER, "name": "c"}))
    assert lake.ask("/datalake/rule/loss", id=ID)[1]["unprotected"] == 0


def test_nothing_is_lost_with_a_rule_that_keeps_no_file(lake, rucio):
    found = lake.ask("/datalake/rule/loss", id=ID)[1]
    assert (found["files"], found["unprotected"]) == (2, None)  # it has locks that are not listed
    rucio.says(f"/rules/{ID}", fixed({**RULE, "locks_ok_cnt": 0, "locks_replicating_cnt": 0}))
    found = lake.ask("/datalake/rule/loss", id=ID)[1]
    assert (found["files"], found["unprotected"]) == (0, 0)


# ── what Rucio writes ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "row",
    [
        {"id": None},
        {"name": ""},
        {"scope": 3},
        {"state": 7, "copies": "x", "expires_at": "never", "comments": ["a"], "locked": "yes"},
        {"locks_ok_cnt": -1, "account": None, "error": {"a": 1}, "rse_expression": None},
    ],
)
def test_a_hostile_row_is_no_rule_or_a_plain_one(row):
    found = rule_of({**RULE, **row}, "jdoe")
    assert found is None or found.id == ID


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("RequestState.FAILED", "the copy failed"),
        ("SUBMITTED", "it is being copied"),
        ("NEW_STATE", "the state of its transfer is NEW_STATE"),
        (None, "not known"),
    ],
)
def test_a_transfer_in_words(said, words):
    assert transfer_of(said) == words


def test_an_error_that_is_not_known_is_shown_as_it_is():
    assert error_of("[TRANSFER] something odd.") == "[TRANSFER] something odd"
    assert error_of(None) is None
