"""Rules on a real lake: they replicate, get stuck, are changed and end; ``rucio`` sees the same."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.client import AgentClient
from escape_vre.core.errors import DeniedError, NotFoundError, UsageError
from escape_vre.services.datalake.rules import api
from escape_vre.testing.waiting import wait_until

pytestmark = pytest.mark.one_agent
NORTH, SOUTH = "NORTH-USERDISK", "SOUTH-USERDISK"


@pytest.fixture
def dl(lake, configure, own_agent, tmp_path):
    """The lake as an ordinary account, and as an administrator."""
    near = {**lake.instance(), "near": SOUTH}
    configure(DataLake={"instances": [near, {**lake.instance("root"), "name": "root"}]})
    return AgentClient()


@pytest.fixture
def dataset(lake, dl):
    """A dataset of two files at the first site; it has no rule."""
    name = f"rules.{uuid.uuid4().hex[:8]}"
    files = [(f"{name}.{n}", f"{name} {n}".encode()) for n in range(2)]
    lake.upload_many("user.demo", name, files, site=NORTH)
    return f"user.demo:{name}"


def made(dataset, expression=SOUTH, **options):
    (rule,) = escape_vre.add_rule(dataset, expression, **options)
    return rule


def arrived(rule):
    """Wait until a rule has all that it wants; return it in full."""

    def there():
        now = escape_vre.rule(rule["id"])
        return now if now["state"] == "OK" else None

    return wait_until(there, what="both files at the other site")


def shown(rucio, rule_id):
    """Return what the real command shows of a rule, by its labels."""
    lines = rucio("rule", "show", rule_id).splitlines()
    return {
        label.strip(): value.strip() for label, _, value in (line.partition(":") for line in lines)
    }


def test_a_rule_replicates_to_the_other_site(dl, rucio, dataset):
    found = escape_vre.preview_rule(dataset, SOUTH, lifetime=timedelta(hours=2))
    assert (found["refusal"], found["files"], found["usable"]) == (None, 2, [SOUTH])
    rule = made(dataset, lifetime=timedelta(hours=2), comment="a copy in the south", priority=4)
    seen = shown(rucio, rule["id"])
    assert seen["RSE Expression"] == SOUTH
    assert seen["Comment"] == "a copy in the south"
    ends = datetime.fromisoformat(rule["expires"]) - datetime.now(UTC)
    assert timedelta(hours=1) < ends <= timedelta(hours=2)

    whole = arrived(rule)
    assert whole["progress"] == [{"rse": SOUTH, "ok": 2, "replicating": 0, "stuck": 0}]
    sites = {site["rse"]: site["state"] for site in escape_vre.info(dataset)["sites"]}
    assert sites[SOUTH] == "available"
    assert rule["id"] in rucio("rule", "list", "--did", dataset)
    assert rule["id"] in {row["id"] for row in escape_vre.rules(f"{dataset}.0")}
    assert rule["id"] in {row["id"] for row in escape_vre.rules()}


def test_the_same_rule_again_is_there_already(dl, dataset):
    first = made(dataset)
    again = escape_vre.add_rule(dataset, SOUTH)
    assert [rule["id"] for rule in again] == [first["id"]]
    assert again.note.startswith(f"Rule {first['id']} for {dataset} is there already.")


def test_a_rule_that_rucio_made_is_ours_to_read(dl, rucio, dataset):
    printed = rucio("rule", "add", dataset, "--rses", SOUTH, "--copies", "1")
    (rule,) = escape_vre.rules(dataset)
    assert rule["id"] in printed
    assert (rule["mine"], rule["expression"], rule["expires"]) == (True, SOUTH, None)


def test_a_stuck_rule_says_why(lake, dl, dataset):
    for path in lake.layout.site(NORTH).rglob(f"{dataset.partition(':')[2]}.1"):
        path.unlink()
    rule = made(dataset)

    def stuck():
        now = escape_vre.rule(rule["id"])
        return now if now["state"] == "STUCK" else None

    found = wait_until(stuck, what="a failed transfer")
    (late,) = found["troubles"]
    assert (late["ref"], late["rse"]) == (f"rucio:{dataset}.1", SOUTH)
    assert late["reason"].startswith("the copy failed")
    assert found["why"]
    printed = str(dict(found._lines()))
    assert "the copy failed" in printed


def test_an_administrator_changes_and_deletes_a_rule(dl, rucio, dataset):
    rule = made(dataset, lifetime=timedelta(days=3))
    arrived(rule)  # Rucio changes no priority while the transfer tool has the files
    until = datetime.now(UTC) + timedelta(days=30)
    changed = escape_vre.update_rule(
        rule["id"], until=until, priority=5, comment="longer", instance="root"
    )[0]
    assert abs(datetime.fromisoformat(changed["expires"]) - until) < timedelta(minutes=5)
    assert shown(rucio, rule["id"])["Comment"] == "longer"
    assert escape_vre.update_rule(rule["id"], endless=True, instance="root")[0]["expires"] is None
    lost = api.loss(rule["id"])
    assert (lost["files"], lost["unprotected"]) == (2, 2)
    deleted = escape_vre.delete_rule(rule["id"], instance="root")
    ends = datetime.fromisoformat(deleted[0]["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=50) < ends <= timedelta(hours=1, minutes=1)
    assert "--endless" in deleted.note


def test_what_another_rule_keeps_is_not_lost(dl, dataset):
    rule = made(dataset)
    made(f"{dataset}.0", NORTH)
    lost = api.loss(rule["id"])
    assert lost["examples"] == [f"rucio:{dataset}.1"]
    made(dataset, NORTH)
    assert api.loss(rule["id"])["unprotected"] == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda rule: escape_vre.update_rule(rule, comment="mine"),
        lambda rule: escape_vre.delete_rule(rule),
    ],
    ids=["update", "delete"],
)
def test_an_ordinary_account_is_told_whom_to_ask(dl, dataset, act):
    rule = made(dataset, lifetime=600)
    with pytest.raises(DeniedError) as caught:
        act(rule["id"])
    assert caught.value.message.startswith("Demo data lake does not allow this: Account demo")
    assert caught.value.hint.startswith("Ask the administrators of Demo data lake")


@pytest.mark.parametrize(
    ("expression", "options", "message"),
    [
        ("NORTH-USERDISC", {}, "There is no RSE and no attribute NORTH-USERDISC"),
        (SOUTH, {"copies": 2}, "2 copies were asked for, but only 1 RSE matches"),
        (SOUTH, {"until": datetime(2020, 1, 1, tzinfo=UTC)}, "2020-01-01 00:00 UTC is in the past"),
    ],
)
def test_what_is_refused_leaves_no_rule(dl, rucio, dataset, expression, options, message):
    with pytest.raises(UsageError) as caught:
        escape_vre.add_rule(dataset, expression, **options)
    assert caught.value.message.startswith(message)
    assert SOUTH not in rucio("rule", "list", "--did", dataset)


def test_a_did_that_is_not_there_names_the_nearest(dl):
    with pytest.raises(NotFoundError, match=r"Did you mean demo:lofar.images\?"):
        escape_vre.add_rule("demo:lofar.image", SOUTH)


def said(capsys, *words):
    """Return status, rows and messages of a command."""
    status = main(["dl", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_commands(dl, dataset, capsys):
    status, out, err = said(
        capsys, "rule", "add", dataset, "--near", "--preview", "--lifetime", "2w", "--json"
    )
    assert [json.loads(line)["name"] for line in out.splitlines()] == [SOUTH]
    assert (status, "It will keep " in err, " until " in err) == (0, True, True)
    assert not escape_vre.rules(dataset)
    _, out, _ = said(capsys, "rule", "add", dataset, "--near", "--until", "2090-01-31", "--json")
    rule = json.loads(out)
    assert rule["expires"].startswith("2090-01-31") or rule["expires"].startswith("2090-02-01")
    _, out, _ = said(capsys, "rules", dataset)
    assert rule["id"] in out
    _, out, _ = said(capsys, "rule", "show", rule["id"])
    assert f"RSE expression\t{SOUTH}" in out
    _, out, _ = said(capsys, "rule", "delete", rule["id"])
    assert out.startswith("Nothing was deleted. 2 of its 2 files are kept by no other rule")
    status, _, err = said(capsys, "rule", "delete", rule["id"], "--yes")
    assert (status, "Ask the administrators" in err) == (1, True)
    status, out, _ = said(capsys, "rule", "delete", rule["id"], "--yes", "--instance", "root")
    assert (status, rule["id"] in out) == (0, True)
