"""Putting files into a real lake, as an ordinary account; the real rucio sees them as its own."""

import json
import os
import zlib

import pytest

import escape_vre
from escape_vre.core.errors import ConflictError, NotFoundError, UsageError
from escape_vre.testing.waiting import wait_until

pytestmark = pytest.mark.one_agent
NORTH = "NORTH-USERDISK"


@pytest.fixture
def folder(tmp_path, request):
    """Some files of this test's own; names and content differ from those of other tests."""
    made = tmp_path / f"put.{os.urandom(4).hex()}"
    (made / "deeper").mkdir(parents=True)
    (made / ".hidden").write_text("not wanted")
    for n in range(3):
        (made / f"{made.name}.{n}").write_bytes(os.urandom(1000 * (n + 1)))
    (made / "deeper" / f"{made.name}.big").write_bytes(os.urandom(5_000_001))
    return made


def lines(text):
    return [line for line in text.splitlines() if line.strip()]


def test_a_folder_becomes_a_dataset_that_rucio_sees_as_its_own(dl, lake, rucio, folder, tmp_path):
    put = escape_vre.put(
        folder, to="demo:", rse=NORTH, lifetime=86400, metadata={"project": "cta"}, progress=False
    )
    dataset = f"demo:{folder.name}"
    assert (put["dataset"], put["files"], put["sent"], put["adopted"]) == (dataset, 4, 4, 0)
    assert put["until"]
    listed = rucio("list-dids", "--short", "--filter", "type=all", f"demo:{folder.name}*")
    assert len(lines(listed)) == 5
    with lake.rest() as rest:
        replicas = rest.call(
            "POST",
            "/replicas/list",
            {"dids": [{"scope": "demo", "name": folder.name}], "all_states": True},
        )
        assert [row["states"] for row in replicas] == [{NORTH: "AVAILABLE"}] * 4
        by_name = {row["name"]: row for row in replicas}
        for path in folder.rglob(f"{folder.name}.*"):
            assert by_name[path.name]["adler32"] == f"{zlib.adler32(path.read_bytes()):08x}"
            assert by_name[path.name]["md5"]

        def rule():
            return rest.call("GET", f"/dids/demo/{folder.name}/rules")[0]

        wait_until(lambda: rule()["locks_ok_cnt"] == 4, what="the rule to cover the files")
        assert rule()["state"] == "OK"
        assert (rule()["account"], rule()["rse_expression"]) == ("demo", NORTH)
        assert rule()["expires_at"]
        meta = rest.call("GET", f"/dids/demo/{folder.name}/meta?plugin=ALL")[0]
        assert meta["project"] == "cta"
    rucio("download", "--dir", str(tmp_path / "back"), dataset)
    for path in folder.rglob(f"{folder.name}.*"):
        assert (tmp_path / "back" / folder.name / path.name).read_bytes() == path.read_bytes()
    assert not list(lake.layout.site(NORTH).rglob("escape-vre.*"))


def test_the_same_again_sends_nothing(dl, lake, folder):
    escape_vre.put(folder, to="demo:", rse=NORTH, progress=False)
    again = escape_vre.put(folder, to="demo:", rse=NORTH, progress=False)
    assert (again["sent"], again["adopted"]) == (0, 4)


def test_files_alone_get_a_rule_each(dl, lake, folder):
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    put = escape_vre.put(paths, to="demo:", rse=NORTH, lifetime=3600, progress=False)
    assert (put["dataset"], put["files"]) == (None, 3)
    with lake.rest() as rest:
        for path in paths:
            (rule,) = rest.call("GET", f"/dids/demo/{path.name}/rules")
            assert (rule["rse_expression"], rule["state"]) == (NORTH, "OK")
    assert escape_vre.put(paths, to="demo:", rse=NORTH, progress=False)["adopted"] == 3


def test_what_would_happen_is_said_and_nothing_is_written(dl, lake, folder):
    plan = dl.post("/datalake/put/plan", {"paths": [str(folder)], "to": "demo:", "rse": NORTH})
    assert (plan["files"], plan["new"], plan["equal"], plan["hidden"]) == (4, 4, 0, 1)
    assert plan["bytes"] == plan["new_bytes"] == 5_006_001
    assert (plan["dataset"], plan["dataset_exists"]) == (folder.name, False)
    assert plan["rule"] == f"A rule keeps demo:{folder.name} at {NORTH}."
    assert plan["quota_left"] > 10**11
    assert (plan["problems"], plan["error"]) == ([], None)
    with pytest.raises(NotFoundError):
        escape_vre.info(f"demo:{folder.name}")


def test_other_content_is_refused_before_anything_is_written(dl, lake, folder):
    first = folder / f"{folder.name}.0"
    escape_vre.put(first, to="demo:", rse=NORTH, progress=False)
    first.write_bytes(b"other content")
    with pytest.raises(ConflictError, match="exists with other content"):
        escape_vre.put(folder, to="demo:", rse=NORTH, progress=False)
    with pytest.raises(NotFoundError):
        escape_vre.info(f"demo:{folder.name}")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("with space.fits", b"x", "has a name that Rucio does not allow"),
        ("empty.fits", b"", "is empty"),
        ("x" * 251, b"x", "more than 250 characters"),
    ],
)
def test_what_cannot_be_put_is_named(dl, folder, name, content, why):
    (folder / name).write_bytes(content)
    with pytest.raises(UsageError, match=why):
        escape_vre.put(folder, to="demo:", rse=NORTH, progress=False)


def test_a_link_out_of_the_folder_is_refused(dl, folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "harmless").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="is a symbolic link out of"):
        escape_vre.put(folder, to="demo:", rse=NORTH, progress=False)


def test_the_sites_to_choose_from_are_named(dl, folder):
    with pytest.raises(UsageError, match=r"NORTH-USERDISK, SOUTH-USERDISK"):
        escape_vre.put(folder, to="demo:", progress=False)


def test_the_nearest_rse_is_named(dl, folder):
    with pytest.raises(NotFoundError, match=NORTH):
        escape_vre.put(folder, to="demo:", rse="NORTH-USERDISC", progress=False)


def test_json_of_a_plan(dl, folder, capsys):
    from escape_vre.cli import main

    words = ["dl", "put", str(folder), "--to", "demo:", "--rse", NORTH, "--dry-run", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 4
