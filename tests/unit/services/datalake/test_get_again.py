"""A get of what is here makes no new job; one of what has changed does."""

import zlib

import pytest

from escape_vre.display.amounts import amount
from escape_vre.testing.rucio import fixed, listed
from escape_vre.testing.storage import FakeStorage

BODY = b"observation,1\n" * 50


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.fixture
def dataset(rucio, storage):
    """Have Rucio know a dataset of some files; returns what makes it one of more."""

    def of(count):
        names = [f"f{n}" for n in range(count)]
        rows = [
            {
                "scope": "t",
                "name": name,
                "type": "FILE",
                "bytes": len(BODY),
                "adler32": f"{zlib.adler32(BODY):08x}",
                "pfns": {storage.put(name, BODY): {"type": "DISK", "priority": 1}},
                "rses": {"S": []},
            }
            for name in names
        ]
        dataset = {"scope": "t", "name": "ds", "type": "DATASET", "length": count}
        rucio.says("/dids/t/ds", fixed(dataset))
        rucio.says("/replicas/list", listed(*rows))
        rucio.says("/dids/t/ds/files", listed(*rows))
        rucio.says("/dids/bulkmeta", listed(dataset | {"did_type": "DATASET"}))
        rucio.says(
            "/replicas/datasets_bulk",
            listed(dataset | {"rse": "S", "available_length": count, "state": "AVAILABLE"}),
        )

    of(2)
    return of


def get(agent, to, files=()):
    body = {"refs": ["t:ds"], "to": str(to), "client": "me", "files": list(files)}
    status, job = agent.ask("/datalake/get", body)
    if job["state"] not in ("done", "failed"):
        _, job = agent.ask(f"/jobs/{job['id']}", wait_s=60)
    assert job["state"] == "done", job
    return status, job


def test_what_is_here_makes_no_new_job(agent, dataset, tmp_path, storage):
    first_status, first = get(agent, tmp_path)
    storage.seen.clear()
    status, again = get(agent, tmp_path)
    assert (first_status, status) == (201, 200)
    assert again["id"] == first["id"]
    assert again["counts"]["files_here"] == amount(again, "files")["total"] == 2
    assert storage.seen == []


def test_what_has_gone_or_been_added_makes_one(agent, dataset, tmp_path, storage):
    _, first = get(agent, tmp_path)
    next(path for path in tmp_path.rglob("f0")).unlink()
    status, second = get(agent, tmp_path)
    assert (status, second["id"] != first["id"]) == (201, True)
    dataset(3)
    status, third = get(agent, tmp_path)
    assert (status, amount(third, "files")["total"]) == (201, 3)


def test_chosen_files_that_are_here_make_no_new_job(agent, dataset, tmp_path, storage):
    dataset(3)
    _, first = get(agent, tmp_path, ["f0", "f1"])
    storage.seen.clear()
    status, again = get(agent, tmp_path, ["f0", "f1"])
    assert (status, again["id"], storage.seen) == (200, first["id"], [])
    dataset(4)  # one more, which they do not choose
    assert get(agent, tmp_path, ["f0", "f1"])[0] == 200


def test_chosen_files_of_which_one_is_new_or_gone_make_one(agent, dataset, tmp_path):
    get(agent, tmp_path, ["f*"])
    dataset(3)
    status, second = get(agent, tmp_path, ["f*"])
    assert status == 201
    assert len(agent.ask(f"/jobs/{second['id']}/files")[1]) == 4  # and the line that ends the list
    next(path for path in tmp_path.rglob("f0")).unlink()
    assert get(agent, tmp_path, ["f*"])[0] == 201
