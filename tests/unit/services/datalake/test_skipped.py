"""A row of a dataset that stands for no file costs itself, and the job says so."""

import zlib

import pytest

from escape_vre.display.amounts import amount
from escape_vre.testing.rucio import fixed, listed
from escape_vre.testing.storage import FakeStorage

BODY = b"observation,1\n" * 50
NAMELESS = {"scope": "t", "name": None, "type": "FILE"}
DATASET = {"scope": "t", "name": "ds", "type": "DATASET"}


@pytest.fixture
def file():
    """Return a row of a file that can be fetched."""
    with FakeStorage() as storage:
        url = storage.put("a", BODY)
        yield {
            "scope": "t",
            "name": "a",
            "type": "FILE",
            "bytes": len(BODY),
            "adler32": f"{zlib.adler32(BODY):08x}",
            "pfns": {url: {"type": "DISK", "priority": 1}},
            "rses": {"S": [url]},
        }


def get(agent, ref, to):
    _, job = agent.ask("/datalake/get", {"refs": [ref], "to": str(to), "client": "me"})
    return agent.ask(f"/jobs/{job['id']}", wait_s=60)[1]


def test_rows_without_a_name_count_once_and_the_job_says_so(agent, rucio, file, tmp_path):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(NAMELESS, file, 5))
    rucio.says("/dids/t/ds/files", listed(file, NAMELESS, 5))
    job = get(agent, "t:ds", tmp_path)
    assert (job["state"], amount(job, "files")["done"], job["error"]) == ("done", 1, None)
    assert job["note"] == "2 rows of the catalogue made no sense and were skipped."


def test_rows_of_a_list_that_is_read_twice_count_once(agent, rucio, file, tmp_path, at_once):
    rucio.says("/dids/t/ds", fixed(DATASET))
    many = [NAMELESS, *({**file, "name": f"f{n:04}"} for n in range(2000))]
    rucio.says("/replicas/list", listed(*many, cut=True), listed(NAMELESS, file))
    rucio.says("/dids/t/ds/files", listed(file))
    job = get(agent, "t:ds", tmp_path)
    assert job["note"] == "1 row of the catalogue made no sense and was skipped."


def test_rows_of_a_container_are_said_too(agent, rucio, file, tmp_path):
    rucio.says("/dids/t/c", fixed({**DATASET, "name": "c", "type": "CONTAINER"}))
    rucio.says("/dids/t/c/dids", listed(DATASET, {**DATASET, "type": 7}))
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(file))
    rucio.says("/dids/t/ds/files", listed(file, NAMELESS))
    job = get(agent, "t:c", tmp_path)
    assert (job["state"], amount(job, "files")["done"]) == ("done", 1)
    assert job["note"] == "2 rows of the catalogue made no sense and were skipped."
    assert agent.ask("/datalake/replicas", ref="t:c")[1]["note"] == (
        "1 row of the catalogue made no sense and was skipped."
    )


def test_a_dataset_of_such_rows_alone_has_no_files(agent, rucio, tmp_path):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(NAMELESS))
    rucio.says("/dids/t/ds/files", listed(NAMELESS))
    job = get(agent, "t:ds", tmp_path)
    assert job["state"] == "failed"
    assert job["error"]["message"] == (
        "t:ds has no files. 1 row of the catalogue made no sense and was skipped."
    )
