"""What an account may store, and what it owns."""

import pytest

from escape_vre.services.datalake.accounts import api
from escape_vre.services.datalake.accounts.models import Account, RseQuota, SharedQuota
from escape_vre.testing.rucio import Answer, fixed, listed, refused

USED = {"rse": "A", "bytes": 30, "files": 3, "bytes_limit": 100, "bytes_remaining": 70}


def test_an_account_with_its_scopes_and_quotas(agent, rucio):
    rucio.says("/accounts/jdoe/attr/", fixed([{"key": "country", "value": "es"}]))
    rucio.says("/accounts/jdoe/scopes/", fixed(["user.jdoe", "t"]))
    infinite = Answer(b'{"rse": "B", "bytes": 5, "files": 1, "bytes_limit": Infinity}\n')
    rucio.says("/accounts/jdoe/usage/local", infinite)
    shared = {"rse_expression": "A|B", "bytes": 35, "files": 4, "bytes_limit": 50}
    rucio.says("/accounts/jdoe/usage/global", listed(shared))
    rucio.says("/accounts/jdoe/limits/global", fixed({"A|B": {"resolved_rses": ["A", "B"]}}))
    status, found = agent.ask("/datalake/account")
    assert (status, found["admin"], found["scopes"]) == (200, False, ["t", "user.jdoe"])
    assert found["quotas"] == [{"rse": "B", "used": 5, "files": 1, "limit": None, "left": None}]
    assert found["shared"][0]["left"] == 15
    assert found["shared"][0]["rses"] == ["A", "B"]
    assert found["note"] is None


def test_an_account_without_scopes_owns_none(agent, rucio):
    rucio.says("/accounts/jdoe/scopes/", refused("ScopeNotFound", "no scopes", status=404))
    found = agent.ask("/datalake/account")[1]
    assert found["scopes"] == []
    assert "scopes" not in (found["note"] or "")


@pytest.mark.parametrize(
    ("rows", "rse", "left"),
    [
        ([(100, 30)], "A", 70),
        ([(None, 30)], "A", None),
        ([(10, 30)], "A", 0),
        ([(100, 30)], "B", 0),
    ],
)
def test_what_is_left_at_an_rse(rows, rse, left):
    quotas = [
        RseQuota(rse="A", used=used, files=1, limit=limit, left=limit and max(0, limit - used))
        for limit, used in rows
    ]
    account = Account(account="j", admin=False, unlimited=False, scopes=[], quotas=quotas)
    assert account.left_at(rse) == left
    assert account.model_copy(update={"unlimited": True}).left_at(rse) is None


def test_a_shared_quota_counts_where_it_is_smaller():
    own = RseQuota(rse="A", used=0, files=0, limit=None, left=None)
    shared = SharedQuota(expression="x", rses=["A"], used=1, files=1, limit=4, left=3)
    account = Account(
        account="j", admin=False, unlimited=False, scopes=[], quotas=[own], shared=[shared]
    )
    assert account.left_at("A") == 3


@pytest.mark.parametrize(
    ("quota", "bar"),
    [
        ({"used": 0, "limit": 10}, "░" * 20 + " 0 %"),
        ({"used": 5, "limit": 10}, "█" * 10 + "░" * 10 + " 50 %"),
        ({"used": 20, "limit": 10}, "█" * 20 + " 100 %"),
        ({"used": 5, "limit": None}, ""),
        ({"used": 5, "limit": 0}, ""),
    ],
)
def test_a_bar_of_usage(quota, bar):
    assert api.bar(quota) == bar
