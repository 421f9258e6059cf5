"""A new rule: what it would do, what is refused before anything is written, and making it."""

import pytest

from escape_vre.testing.rucio import Answer, fixed, listed, refused
from tests.unit.services.datalake.rules.conftest import DATASET, ID, RSES, RULE, quota
from tests.unit.services.datalake.rules.test_rules import sent

WISH = {"refs": ["t:ds"], "expression": "A|B"}


def test_what_a_rule_would_do(lake, rucio):
    status, found = lake.ask("/datalake/rules/preview", {**WISH, "lifetime_s": 3600})
    assert (status, found["refusal"]) == (200, None)
    assert [rse["name"] for rse in found["rses"]] == ["A", "B"]
    assert (found["usable"], found["bytes"], found["files"]) == (["A", "B"], 30, 2)
    assert found["expires"]
    assert found["warnings"] == []
    assert not sent(rucio, "/rules/")


def test_what_to_mind_is_said(lake, rucio):
    rucio.says("/dids/t/ds", fixed({**DATASET, "open": True}))
    tape = [{**RSES[0], "rse_type": "TAPE"}, RSES[1]]
    rucio.says("/rses/", listed({"rse": "A"}, {"rse": "B"}), listed(*tape))
    open_, endless, on_tape = lake.ask("/datalake/rules/preview", WISH)[1]["warnings"]
    assert open_.startswith("t:ds is open")
    assert endless.startswith("Without a lifetime the rule stays")
    assert on_tape.startswith("A: reading from tape")


def test_a_rule_is_made_as_it_is_wished(lake, rucio):
    rucio.says("/rules/", Answer(f'["{ID}"]'.encode(), 201))
    wish = {"copies": 2, "priority": 5, "comment": "c", "grouping": "ALL", "expression": " A | B"}
    status, found = lake.ask("/datalake/rules", {**WISH, **wish})
    assert (status, found["rules"]) == (201, [ID])
    (body,) = sent(rucio, "/rules/")
    assert body == {
        "account": "jdoe",
        "copies": 2,
        "rse_expression": "A|B",
        "lifetime": None,
        "grouping": "ALL",
        "priority": 5,
        "comment": "c",
        "activity": None,
        "dids": [{"scope": "t", "name": "ds"}],
    }


def test_a_rule_that_is_there_already_is_left_as_it_is(lake, rucio):
    rucio.says("/dids/t/ds/rules", listed({**RULE, "rse_expression": "A|B"}))
    status, found = lake.ask("/datalake/rules", WISH)
    assert (status, found["rules"]) == (201, [ID])
    assert found["warnings"][0] == f"Rule {ID} for t:ds is there already."
    assert not sent(rucio, "/rules/")


def test_a_rule_of_another_account_or_number_is_another_one(lake, rucio):
    rows = [{**RULE, "rse_expression": "A|B", "copies": 2}, {**RULE, "account": "else"}]
    rucio.says("/dids/t/ds/rules", listed(*rows))
    rucio.says("/rules/", Answer(f'["{ID}"]'.encode(), 201))
    lake.ask("/datalake/rules", WISH)
    assert len(sent(rucio, "/rules/")) == 1


REFUSED = [
    ({"expression": " "}, "The rule has no RSE expression."),
    ({"expression": "A|"}, "The expression ends where a term should follow"),
    ({"copies": 0}, "A rule needs at least one copy."),
    ({"copies": 3}, "3 copies were asked for, but only 2 RSEs match A|B."),
    ({"priority": 9}, "The priority must be 1 to 5, not 9."),
    ({"comment": "x" * 251}, "The comment has 251 characters, at most 250 are possible."),
    ({"lifetime_s": 0}, "The lifetime must be longer than 0"),
    ({"until": "2020-01-01T00:00:00Z"}, "2020-01-01 00:00 UTC is in the past."),
    ({"refs": ["t:none"]}, "There is no t:none in Lab."),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_is_refused_before_anything_is_written(lake, rucio, change, message):
    rucio.says("/dids/t/none", refused("DataIdentifierNotFound"))
    status, found = lake.ask("/datalake/rules", {**WISH, **change})
    assert status in (400, 404)
    assert found["error"]["message"].startswith(message)
    assert found["error"]["hint"]
    assert not sent(rucio, "/rules/")


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_a_preview_says_the_same(lake, rucio, change, message):
    rucio.says("/dids/t/none", refused("DataIdentifierNotFound"))
    status, found = lake.ask("/datalake/rules/preview", {**WISH, **change})
    assert status == 200
    assert found["refusal"].startswith(message)
    assert found["hint"]


@pytest.mark.parametrize(
    ("quotas", "change", "message"),
    [
        ([], {}, "Account jdoe has no quota left at A, B."),
        ([quota("A", 100)], {"copies": 2}, "Account jdoe has no quota left at B."),
        ([quota("A", 5), quota("B", 5)], {}, "Not enough quota at A, B: 30 B needed, 10 B left."),
        ([quota("A", 20), quota("B", 20)], {"grouping": "ALL"}, "Not enough quota at A, B: "),
        ([quota("A", 20), quota("B", 20)], {}, None),
        ([quota("A", -1)], {}, None),
    ],
)
def test_what_exceeds_the_quota(lake, rucio, quotas, change, message):
    rucio.says("/accounts/jdoe/usage/local", listed(*quotas))
    found = lake.ask("/datalake/rules/preview", {**WISH, **change})[1]
    if message is None:
        assert found["refusal"] is None
        return
    assert found["refusal"].startswith(message)
    status, answer = lake.ask("/datalake/rules", {**WISH, **change})
    assert (status, answer["error"]["code"]) == (507, "quota")
    assert not sent(rucio, "/rules/")


def test_rses_that_cannot_be_written_to(lake, rucio):
    rows = [{**rse, "availability_write": False} for rse in RSES]
    rucio.says("/rses/", listed({"rse": "A"}, {"rse": "B"}), listed(*rows))
    found = lake.ask("/datalake/rules/preview", WISH)[1]
    assert found["refusal"] == "None of the RSEs that match A|B can be written to now."
    assert found["usable"] == []


def test_a_staging_area_needs_a_lifetime(lake, rucio):
    rows = [{**RSES[0], "staging_area": True}, RSES[1]]
    rucio.says("/rses/", listed({"rse": "A"}, {"rse": "B"}), listed(*rows))
    found = lake.ask("/datalake/rules/preview", WISH)[1]
    assert found["refusal"] == "A rule for a staging area needs a lifetime."


@pytest.mark.parametrize(
    ("kind", "status", "code", "message"),
    [
        ("InsufficientAccountLimit", 409, "quota", "Your account has no quota left at the RSEs"),
        ("RSEWriteBlocked", 409, "conflict", "No RSE that matches the expression can be written"),
        ("DuplicateRule", 409, "conflict", "Your account has the same rule already"),
        ("InvalidReplicationRule", 409, "usage", "Lab does not accept the rule: why."),
        ("AccessDenied", 500, "denied", "Lab does not allow this: why."),
        ("StagingAreaRuleRequiresLifetime", 409, "usage", "A rule for a staging area needs"),
        ("InvalidObject", 500, "usage", "Lab does not accept the rule: 'x' is not of type"),
    ],
)
def test_what_rucio_refuses_is_one_sentence_and_is_not_sent_again(
    lake, rucio, kind, status, code, message
):
    said = "Problem validating rule: 'x' is not of type 'integer'\n\nFailed validating 'type'"
    rucio.says("/rules/", refused(kind, said if kind == "InvalidObject" else "why", status=status))
    answer = lake.ask("/datalake/rules", WISH)[1]["error"]
    assert answer["code"] == code
    assert answer["message"].startswith(message)
    assert answer["hint"]
    assert len(sent(rucio, "/rules/")) == 1


def test_near_is_nothing_where_the_site_says_nothing(lake):
    assert lake.ask("/datalake/near", ref="t:ds") == (200, None)


def test_near_is_what_the_site_says(lake, rucio, monkeypatch):
    (settings,) = [lake.lake._instances._settings["lab"]]
    monkeypatch.setitem(
        lake.lake._instances._settings, "lab", settings.model_copy(update={"near": "A"})
    )
    rucio.says("/rses/", listed({"rse": "A"}), listed(*RSES))
    here = {"rse": "A", "length": 2, "available_length": 2, "state": "AVAILABLE"}
    rucio.says("/replicas/t/ds/datasets", listed(here))
    found = lake.ask("/datalake/near", ref="t:ds")[1]
    assert (found["expression"], found["rses"], found["there"]) == ("A", ["A"], True)
