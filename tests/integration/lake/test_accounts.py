"""Accounts beside ``demo``, their limits, and the numbers that Rucio counts."""

import pytest

from escape_vre.local.lake import LakeError
from escape_vre.local.lake.rest import path
from escape_vre.testing.waiting import wait_until


@pytest.fixture(scope="module")
def carol(lake):
    lake.add_account("carol")
    return "carol"


def usage(lake, account):
    """Give what an account's rules lock: bytes, files and limit by site."""
    with lake.rest(account) as rest:
        found = rest.call("GET", path("accounts", account, "usage", "local"))
    return {one["rse"]: (one["bytes"], one["files"], one["bytes_limit"]) for one in found}


def rule(account, scope, name, site):
    return {
        "dids": [{"scope": scope, "name": name}],
        "account": account,
        "copies": 1,
        "rse_expression": site,
        "grouping": "DATASET",
    }


def test_a_second_account_owns_its_scope_only(lake, carol):
    with lake.rest(carol) as rest:
        rest.call("POST", path("dids", "user.carol", "mine"), {"type": "DATASET"})
        with pytest.raises(LakeError, match="can not add data identifier"):
            rest.call("POST", path("dids", "user.demo", "mine"), {"type": "DATASET"})
    with lake.rest("demo") as rest, pytest.raises(LakeError, match="can not add data identifier"):
        rest.call("POST", path("dids", "user.carol", "his"), {"type": "DATASET"})


def test_adding_it_again_keeps_its_password_and_limits(lake, carol):
    before = lake.layout.password(carol).read_text()
    lake.set_limit(carol, lake.sites[1], 5_000_000)
    lake.add_account(carol)
    assert lake.layout.password(carol).read_text() == before
    assert usage(lake, carol)[lake.sites[1]][2] == 5_000_000


def test_the_rucio_command_is_any_account(lake, carol, rucio):
    assert "carol" in rucio("whoami", account=carol)
    assert "demo" in rucio("whoami")
    assert lake.instance(carol)["username"] == carol


@pytest.mark.parametrize("name", ["", "Carol", "a b", "n" * 21, "../demo"])
def test_names_that_are_no_account(lake, name):
    with pytest.raises(LakeError, match="cannot be an account"):
        lake.add_account(name)


def test_usage_is_counted_soon_and_limits_hold(lake, carol):
    south = lake.sites[1]
    files = [(f"counted.{number}", bytes(1000)) for number in range(5)]
    lake.upload_many("user.carol", "counted", files, site=lake.sites[0])
    # A rule must leave some of the limit: exactly as much is refused.
    lake.set_limit(carol, south, 5000)
    order = rule(carol, "user.carol", "counted", south)
    with lake.rest(carol) as rest:
        with pytest.raises(LakeError, match="insufficient quota"):
            rest.call("POST", "/rules/", order)
        lake.set_limit(carol, south, 6000)
        rest.call("POST", "/rules/", order)
        wait_until(lambda: usage(lake, carol)[south] == (5000, 5, 6000))

        def counted():
            found = rest.call("GET", path("replicas", "user.carol", "counted", "datasets"))
            return {one["rse"]: (one["bytes"], one["available_length"]) for one in found}

        wait_until(lambda: counted().get(south) == (5000, 5))
        lake.set_limit(carol, south, None)
        with pytest.raises(LakeError, match="insufficient quota"):
            rest.call(
                "POST", "/rules/", {**order, "copies": 1, "rse_expression": f"{south}|{south}"}
            )


def test_the_use_of_a_site_is_counted(lake):
    def used():
        with lake.rest() as rest:
            found = rest.call("GET", path("rses", lake.sites[0], "usage"))
        return next(one["used"] for one in found if one["source"] == "rucio")

    # Larger than all that other tests may have put there meanwhile.
    huge = {"scope": "demo", "name": "huge", "bytes": 10**15, "adler32": "00000001"}
    with lake.rest() as rest:
        rest.add_files(lake.sites[0], [huge])
    wait_until(lambda: used() > 10**15)
