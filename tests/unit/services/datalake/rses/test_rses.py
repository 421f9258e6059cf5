"""RSEs, what an expression matches, and what is wrong with one that matches nothing."""

import pytest

from escape_vre.services.datalake.rses import service
from escape_vre.testing.rucio import Answer, fixed, listed, refused

NORTH = {"rse": "NORTH", "rse_type": "DISK", "deterministic": True, "staging_area": False}
NORTH |= {"availability_read": True, "availability_write": True, "availability_delete": True}
TAPE = {**NORTH, "rse": "VAULT", "rse_type": "TAPE", "availability_write": False}
USAGE = [
    {"source": "rucio", "used": 10, "free": None, "total": 10},
    {"source": "storage", "used": 12, "free": 88, "updated_at": "Thu, 26 Nov 2026 11:20:07 UTC"},
]
EMPTY = refused("InvalidRSEExpression", "RSE Expression resulted in an empty set.", status=400)


@pytest.fixture
def lake(agent, rucio, monkeypatch):
    """Two RSEs with attributes; the account has 50 bytes left at one."""
    monkeypatch.setattr(service._KNOWN, "seconds", 0.0)
    rucio.says("/rses/", listed(NORTH, TAPE))
    rucio.says("/rses/NORTH/attr/", fixed({"NORTH": True, "site": "north", "fast": True, "q": 5}))
    rucio.says("/rses/VAULT/attr/", fixed({"VAULT": True, "site": "south", "x": None}))
    rucio.says("/rses/NORTH/usage", listed(*USAGE))
    rucio.says("/accounts/jdoe/attr/", fixed([]))
    rucio.says("/accounts/jdoe/scopes/", fixed(["user.jdoe"]))
    quota = {"rse": "NORTH", "bytes": 50, "files": 2, "bytes_limit": 100}
    rucio.says("/accounts/jdoe/usage/local", listed(quota))
    return agent


def rses(lake, **query):
    status, lines = lake.ask("/datalake/rses", **query)
    assert (status, lines[-1]["end"]["truncated"]) == (200, False)
    return lines[:-1]


def test_an_rse_with_its_room_and_the_quota_there(lake):
    north, vault = rses(lake)
    assert (north["used"], north["free"], north["total"]) == (12, 88, 100)
    assert north["quota"] == {"used": 50, "files": 2, "limit": 100, "left": 50}
    assert north["attributes"] == {"site": "north", "fast": True, "q": 5}
    assert (north["tape"], north["writable"], north["note"]) == (False, True, None)
    assert (vault["tape"], vault["writable"], vault["free"]) == (True, False, None)
    assert vault["quota"]["left"] == 0


def test_those_that_match_and_no_others(lake, rucio):
    rucio.says("/rses/", listed({"rse": "VAULT"}), listed(NORTH, TAPE))
    assert [rse["name"] for rse in rses(lake, expression="site = south".replace(" ", ""))] == [
        "VAULT"
    ]
    assert not any("NORTH" in path for path in rucio.asked if path.startswith("/rses/"))


def test_an_rse_without_its_usage_says_so(lake, rucio):
    rucio.says("/rses/NORTH/usage", refused("AccessDenied", "no", status=401))
    north = rses(lake)[0]
    assert north["note"].startswith("The usage of NORTH could not be read: ")
    assert north["attributes"]["site"] == "north"


def test_rses_of_an_account_whose_quota_is_unknown(lake, rucio):
    rucio.says("/accounts/jdoe/usage/local", Answer(status=500))
    assert rses(lake)[0]["quota"]["left"] == 0
    account = lake.ask("/datalake/account")[1]
    assert account["note"].startswith("The account's quotas could not be read: ")


@pytest.mark.parametrize(
    ("expression", "message", "hint", "near", "at"),
    [
        ("sit=north", "No RSE has an attribute sit", "Did you mean site?", "site=north", 0),
        ("fast&site=noth", "No RSE has site=noth", "Did you mean site=north?", "site=north", 5),
        ("NORHT", "There is no RSE and no attribute NORHT", "Did you mean NORTH?", "NORTH", 0),
        ("site", "site is an attribute with values", "", "site=north", 0),
        ("q<much", "much is not a number, which < compares", "", None, 0),
        ("fast&VAULT", "No RSE matches fast&VAULT.", "Each part of it exists", None, None),
    ],
)
def test_an_expression_that_matches_nothing_says_why(
    lake, rucio, expression, message, hint, near, at
):
    rucio.says("/rses/", EMPTY, listed(NORTH, TAPE))
    status, found = lake.ask("/datalake/rses", expression=expression)
    assert (status, found["error"]["code"]) == (400, "usage")
    assert found["error"]["message"].startswith(message)
    assert found["error"]["hint"].startswith(hint)
    assert found["error"]["details"].get("near") == near
    assert found["error"]["details"].get("at") == at


def test_a_typo_costs_no_question(lake, rucio):
    status, found = lake.ask("/datalake/rses", expression="site=north|")
    assert (status, found["error"]["details"]) == (400, {"at": 10, "length": 1})
    assert not rucio.asked["/rses/"]


def test_an_expression_while_it_is_typed(lake, rucio):
    rucio.says("/rses/", listed(NORTH, TAPE), listed({"rse": "NORTH"}))
    found = lake.ask("/datalake/expression", text="site=north ")[1]
    assert (found["expression"], found["matches"]) == ("site=north", ["NORTH"])
    assert found["problem"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", {"NORTH", "VAULT", "fast", "q=", "site=", "rse_type=", "deterministic"}),
        ("no", {"NORTH"}),
        ("fast&si", {"site="}),
        ("site=", {"site=north", "site=south"}),
        ("(site=s", {"site=south"}),
        ("rse_type=", {"rse_type=DISK", "rse_type=TAPE"}),
        ("nothing=", set()),
    ],
)
def test_what_the_word_may_become(lake, rucio, text, words):
    rucio.says("/rses/", listed(NORTH, TAPE), EMPTY, listed(NORTH, TAPE))
    found = lake.ask("/datalake/expression", text=text)[1]
    offered = {word["text"] for word in found["completions"]}
    assert words <= offered
    assert bool(words) == bool(offered)
    assert text[: found["completes_from"]] + "" in ("", "fast&", "(")


def test_a_problem_has_its_place_and_what_may_be_meant(lake, rucio):
    rucio.says("/rses/", listed(NORTH, TAPE), EMPTY, listed(NORTH, TAPE))
    found = lake.ask("/datalake/expression", text="fast|sitte=north")[1]
    problem = found["problem"]
    assert (problem["at"], problem["length"], problem["near"]) == (5, 11, "site=north")
    assert found["matches"] == []
