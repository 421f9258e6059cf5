"""RSEs and quotas are those that the real ``rucio`` command shows."""

import re

import pytest

import escape_vre
from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.rses.cli import expressions

pytestmark = pytest.mark.one_agent


def names(printed):
    return {line.strip() for line in printed.split() if line.strip() not in ("", "RSE")}


def test_rses_are_those_of_rucio(dl, rucio):
    found = escape_vre.rses()
    assert {row["name"] for row in found} == names(rucio("rse", "list", "--csv"))
    north = next(row for row in found if row["name"] == "NORTH-USERDISK")
    assert north["attributes"]["synthetic"] == "yes"
    assert north["deterministic"] is True
    assert north["used"] > 0


@pytest.mark.parametrize(
    "expression",
    ["synthetic=yes", "NORTH-USERDISK", "*\\NORTH-USERDISK", "site=NORTH-USERDISK|SOUTH-USERDISK"],
)
def test_an_expression_matches_what_rucio_says(dl, rucio, expression):
    theirs = names(rucio("rse", "list", "--rses", expression, "--csv"))
    assert {row["name"] for row in escape_vre.rses(expression)} == theirs
    assert set(dl.get("/datalake/expression", text=expression)["matches"]) == theirs


def test_a_typo_names_its_place_and_the_nearest(dl):
    with pytest.raises(UsageError) as caught:
        escape_vre.rses("synthetic=yes&siet=NORTH-USERDISK")
    assert caught.value.hint == "Did you mean site?"
    assert caught.value.details["at"] == 14
    with pytest.raises(UsageError) as caught:
        escape_vre.rses("NORTH-USERDISK&SOUTH-USERDISK")
    assert caught.value.message == "No RSE matches NORTH-USERDISK&SOUTH-USERDISK."


def test_an_expression_is_completed_word_by_word(dl):
    assert "NORTH-USERDISK" in expressions("NOR")
    assert "NORTH-USERDISK|site=" in expressions("NORTH-USERDISK|si")
    assert "(site=NORTH-USERDISK" in expressions("(site=N")


def test_the_quota_is_that_of_rucio(dl, rucio):
    printed = rucio("account", "limit", "list", "demo")
    shown = {quota["rse"]: quota for quota in escape_vre.quota() if "rse" in quota}
    assert "NORTH-USERDISK" in printed
    assert set(shown) == set(re.findall(r"[A-Z][A-Z0-9]+-[A-Z0-9]+", printed))
    account = dl.get("/datalake/account")
    assert (account["account"], account["admin"]) == ("demo", False)
    assert "user.demo" in account["scopes"]
    assert all(quota["used"] > 0 for quota in shown.values() if quota["rse"] == "NORTH-USERDISK")
