"""Subscriptions, broken replicas and the lake's state, as both kinds of account see them."""

import uuid

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.client import AgentClient
from escape_vre.core.errors import ConflictError, DeniedError, UsageError

pytestmark = pytest.mark.one_agent
NORTH, SOUTH = "NORTH-USERDISK", "SOUTH-USERDISK"


@pytest.fixture
def dl(lake, configure, own_agent, tmp_path):
    """The lake as an ordinary account, and as an administrator."""
    instances = [lake.instance(), {**lake.instance("root"), "name": "root"}]
    configure(DataLake={"instances": instances})
    return AgentClient()


def test_a_subscription_from_its_making_to_its_pause(dl, rucio):
    name = f"s{uuid.uuid4().hex[:8]}"
    match = {"scope": ["user.demo"], "project": [name]}
    made = escape_vre.subscribe(name, SOUTH, match, lifetime=86400, instance="root")
    assert (made[0]["active"], made[0]["filter"]["project"]) == (True, [name])
    assert name in rucio("subscription", "list", "--account", "root")
    with pytest.raises(ConflictError, match="has a subscription of this name"):
        escape_vre.subscribe(name, SOUTH, match, instance="root")
    assert escape_vre.pause(name, instance="root")[0]["state"] == "INACTIVE"
    assert escape_vre.resume(name, instance="root")[0]["active"]
    assert name in {row["name"] for row in escape_vre.subscriptions(everybody=True)}
    assert name not in {row["name"] for row in escape_vre.subscriptions()}


def test_an_ordinary_account_makes_no_subscription(dl):
    with pytest.raises(DeniedError, match="Account demo can not add subscription") as caught:
        escape_vre.subscribe("mine", SOUTH, {"scope": ["user.demo"]})
    assert "make a rule for the data" in caught.value.hint
    with pytest.raises(UsageError, match="The filter is empty"):
        escape_vre.subscribe("mine", SOUTH, {})


def test_a_broken_replica(lake, dl, rucio):
    name = f"bad.{uuid.uuid4().hex[:8]}"
    lake.upload_many("demo", name, [(f"{name}.0", b"0")], site=NORTH)
    did = f"demo:{name}.0"
    with pytest.raises(DeniedError) as caught:
        escape_vre.declare_bad(did, NORTH, "wrong checksum")
    assert caught.value.hint.startswith("Add --suspicious")
    assert "is suspicious now" in escape_vre.declare_bad(
        did, NORTH, "wrong checksum", suspicious=True
    )
    assert "is bad now" in escape_vre.declare_bad(did, NORTH, "wrong checksum", instance="root")


def test_a_scope_with_a_dot_is_misread_by_rucio(lake, dl):
    name = f"bad.{uuid.uuid4().hex[:8]}"
    lake.upload_many("user.demo", name, [(f"{name}.0", b"0")], site=NORTH)
    with pytest.raises(ConflictError, match="Unknown replica") as caught:
        escape_vre.declare_bad(f"user.demo:{name}.0", NORTH, "odd", suspicious=True)
    assert "where the scope has a dot" in caught.value.hint


def test_the_state_of_the_lake(dl, capsys):
    ours = escape_vre.status()
    assert {NORTH, SOUTH} <= {rse["name"] for rse in ours["rses"]}
    assert ours["mine"]["rules"] > 0
    assert (ours["links"], ours["note"]) == (None, None)
    assert isinstance(escape_vre.status(instance="root")["links"], list)
    assert main(["dl", "status"]) == 0
    out, err = capsys.readouterr()
    assert NORTH in out
    assert "Only administrators see the transfers of all accounts here." in err
