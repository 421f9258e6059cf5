"""Datasets, containers and metadata on a real lake; ``rucio`` sees the same."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.core.errors import (
    ConflictError,
    DeniedError,
    EscapeError,
    NotFoundError,
    UsageError,
)
from escape_vre.testing.waiting import wait_until

pytestmark = pytest.mark.one_agent
NORTH = "NORTH-USERDISK"
FILES = ["demo:lofar.144MHz.2026-02.fits", "demo:lofar.144MHz.2026-04.fits"]


@pytest.fixture
def name(dl):
    return f"user.demo:col.{uuid.uuid4().hex[:8]}"


def test_a_dataset_from_its_making_to_its_close(name, rucio):
    assert not escape_vre.create(name, metadata={"run": 3, "target": "M31"})["already"]
    assert escape_vre.create(name)["already"]
    assert "DATASET" in rucio("did", "show", name)
    shown = rucio("did", "metadata", "list", name, "--plugin", "ALL")
    assert "M31" in shown
    escape_vre.attach(name, FILES)
    escape_vre.attach(name, FILES[0])
    content = rucio("did", "content", "list", name, "--short")
    assert all(file in content for file in FILES)
    escape_vre.detach(name, FILES[0])
    assert FILES[0] not in rucio("did", "content", "list", name, "--short")
    assert escape_vre.close(name)["open"] is False
    assert escape_vre.close(name)["already"]
    with pytest.raises(ConflictError, match="is closed, so nothing can be attached"):
        escape_vre.attach(name, FILES[0])
    assert escape_vre.reopen(name)["open"] is True
    escape_vre.attach(name, FILES[0])
    assert len(escape_vre.ls(name)) == 2


def test_a_container_holds_datasets(name, rucio):
    escape_vre.create(name, "container")
    escape_vre.attach(name, ["demo:lofar.images", "demo:virgo.strain"])
    again = escape_vre.attach(name, "demo:lofar.images")
    assert again["type"] == "container"
    assert "demo:virgo.strain" in rucio("did", "content", "list", name, "--short")
    with pytest.raises(UsageError, match="is a file, and a container holds"):
        escape_vre.attach(name, FILES[0])
    with pytest.raises(ConflictError, match="and is a container, not a dataset"):
        escape_vre.create(name)


def test_what_rucio_made_is_ours(name, rucio):
    rucio("did", "add", "--type", "dataset", name)
    rucio("did", "content", "add", FILES[0], "--to-did", name)
    rucio("did", "metadata", "set", name, "--key", "target", "--value", "M33")
    assert escape_vre.create(name)["already"]
    assert [row["ref"] for row in escape_vre.ls(name)] == [f"rucio:{FILES[0]}"]
    assert escape_vre.metadata(name)["target"] == "M33"


def test_metadata_is_set_and_removed(name, rucio):
    escape_vre.create(name)
    found = escape_vre.set_metadata(name, {"run": 4, "good": True, "target": "M31"})
    assert (found["run"], found["good"], found["target"]) == (4, True, "M31")
    assert "run" not in escape_vre.set_metadata(name, unset=["run"])
    assert "good" in rucio("did", "metadata", "list", name, "--plugin", "ALL")
    with pytest.raises(NotFoundError, match="has no metadata run"):
        escape_vre.set_metadata(name, unset=["run"])


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (lambda: escape_vre.create("root:x"), DeniedError, "Account demo does not own scope root"),
        (lambda: escape_vre.create("user.demo:a b"), UsageError, "does not allow this name"),
        (lambda: escape_vre.close(FILES[0]), UsageError, "is a file, not a dataset"),
        (lambda: escape_vre.close("demo:lofar.image"), NotFoundError, "There is no demo:lofar"),
        (lambda: escape_vre.set_metadata(FILES[0], {"bytes": 1}), UsageError, "Rucio's own"),
        (
            lambda: escape_vre.erase(FILES[0], until=datetime(2020, 1, 1, tzinfo=UTC)),
            UsageError,
            "is in the past",
        ),
    ],
)
def test_what_is_refused_is_one_sentence(dl, act, kind, message):
    with pytest.raises(kind, match=message) as caught:
        act()
    assert caught.value.hint


def test_what_is_erased_can_be_kept_until_then(name, rucio):
    escape_vre.create(name)
    escape_vre.attach(name, FILES)
    assert escape_vre.erasure(name)["unprotected"] == 0
    found = escape_vre.erase(name, after=timedelta(days=2))
    assert found["message"].startswith(f"{name} will be erased at ")
    ends = escape_vre.erasure(name)["expires"]
    left = datetime.fromisoformat(ends) - datetime.now(UTC)
    assert timedelta(days=1, hours=23) < left <= timedelta(days=2)
    assert escape_vre.erase(name, undo=True)["expires"] is None
    assert escape_vre.erasure(name)["expires"] is None


def test_what_is_erased_goes_with_its_rules(lake, dl, name):
    dataset = name.partition(":")[2]
    lake.upload_many("user.demo", dataset, [(f"{dataset}.0", b"0")], site=NORTH)
    escape_vre.add_rule(name, NORTH)
    found = escape_vre.erasure(name)
    assert (found["files"], found["rules"], found["unprotected"]) == (1, 1, 1)
    assert "Its only file is kept by no other rule" in found["message"]
    escape_vre.erase(name, after=1)

    def gone():
        try:
            escape_vre.info(name)
        except NotFoundError:
            return True
        return False

    wait_until(gone, what="the end of the dataset")
    with pytest.raises(EscapeError):
        list(escape_vre.rules(name))


def test_the_commands(name, capsys):
    def said(*words):
        status = main(["dl", *words])
        out, err = capsys.readouterr()
        return status, out, err

    assert said("create", "dataset", name, "--meta", "run=3")[1] == f"Dataset {name} was made.\n"
    assert json.loads(said("create", "dataset", name, "--json")[1])["already"]
    assert said("attach", name, *FILES)[1] == f"2 DIDs are attached to {name}.\n"
    assert said("detach", name, FILES[0])[1].startswith(f"{FILES[0]} is detached from {name}")
    assert said("close", name)[1].startswith(f"{name} is closed")
    assert said("reopen", name)[1].startswith(f"{name} is open")
    assert "run\t4" in said("meta", "set", name, "run=4", "target=M31")[1]
    assert "run" not in said("meta", "unset", name, "run")[1]
    assert "target\tM31" in said("meta", "show", name)[1]
    status, out, _ = said("erase", name)
    assert (status, out.startswith("Nothing was erased. This erases the dataset")) == (0, True)
    assert (
        said("erase", name, "--yes", "--after", "30d")[1]
        .rstrip()
        .endswith(f"Run escape-vre dl erase {name} --undo before to keep it.")
    )
    assert said("erase", name, "--undo")[1] == f"{name} will not be erased.\n"
    status, _, err = said("create", "dataset", "root:x")
    assert (status, err.count("\n")) == (1, 2)
