"""What a put costs, and what it leaves, with a Rucio and a storage that answer as a test says."""

import json
import os

import pytest

from escape_vre.services.datalake.put import register
from escape_vre.testing.dav import FakeDav
from escape_vre.testing.rucio import Answer, fixed, listed, refused

COUNT = 300
RSE = {
    "rse": "X",
    "deterministic": True,
    "availability_write": True,
    "protocols": [{"scheme": "http", "domains": {"wan": {"write": 1}}}],
}
NONE = refused("DataIdentifierNotFound", "no such dataset")
MADE = Answer(status=201)


@pytest.fixture
def storage():
    with FakeDav() as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "run"
    made.mkdir()
    return made


def fill(folder, count):
    for n in range(count):
        (folder / f"f{n:03}").write_bytes(os.urandom(50))


@pytest.fixture
def ready(rucio, storage):
    """Have Rucio know an RSE, and nothing of our files."""
    rucio.says("/rses/X", fixed(RSE))
    rucio.says("/accounts/jdoe/usage/local", listed({"rse": "X", "bytes_remaining": 10**9}))
    pfns = {f"t:f{n:03}": storage.url(f"/t/f{n:03}") for n in range(COUNT)}
    rucio.says("/rses/X/lfns2pfns", fixed(pfns))
    rucio.says("/dids/t/run", NONE, MADE)  # asked for, then made
    rucio.says("/dids/attachments", NONE, MADE)


def put(agent, folder, **more):
    status, job = agent.ask(
        "/datalake/put", {"paths": [str(folder)], "to": "t:", "rse": "X", **more}
    )
    assert status == 201
    while job["state"] not in ("done", "failed", "cancelled"):
        job = agent.ask(f"/jobs/{job['id']}", wait_s=5)[1]
    return job


def test_many_files_cost_few_requests(agent, rucio, storage, ready, folder):
    fill(folder, COUNT)
    job = put(agent, folder)
    assert (job["state"], job["error"]) == ("done", None)
    assert len(storage.files) == COUNT
    assert sum(rucio.asked.values()) < COUNT / 10
    assert rucio.asked["/replicas"] == 1


def test_one_file_that_is_refused_fails_alone(agent, rucio, storage, ready, folder, monkeypatch):
    fill(folder, 8)
    no = refused("InvalidObject", "not this one", status=400)
    rucio.says("/replicas", no, no, no, no, MADE)  # eight, four, two, one
    job = put(agent, folder)
    assert (job["state"], job["error"]["code"]) == ("failed", "usage")
    assert job["counts"]["files_failed"] == 1
    assert job["result"]["sent"] == 7
    assert len(storage.files) == 7  # the one that is not registered is not left at the storage


def test_a_rucio_that_fails_at_everything_is_not_asked_for_each_file(
    agent, rucio, storage, ready, folder
):
    fill(folder, 200)
    rucio.says("/replicas", Answer(status=500))
    assert put(agent, folder)["state"] == "failed"
    assert rucio.asked["/replicas"] < 30


def test_a_rucio_that_is_down_for_a_moment_is_waited_for(
    agent, rucio, storage, ready, folder, monkeypatch
):
    monkeypatch.setattr(register, "PAUSES_S", (0.01, 0.01, 0.01))
    fill(folder, 3)
    rucio.says("/replicas", Answer(status=503), Answer(cut=True, status=0), MADE)
    assert put(agent, folder)["state"] == "done"


@pytest.mark.parametrize(
    ("path", "answer", "code"),
    [
        ("/dids/attachments", refused("AccessDenied", "not yours", status=401), "denied"),
        ("/rses/X", fixed({**RSE, "availability_write": False}), "conflict"),
        ("/rses/X", fixed({**RSE, "deterministic": False}), "conflict"),
        ("/rses/X", fixed({**RSE, "protocols": [{"scheme": "srm"}]}), "conflict"),
        ("/rses/X/usage", listed({"free": 10}), "quota"),
        ("/accounts/jdoe/usage/local", listed({"rse": "X", "bytes_remaining": 10}), "quota"),
        ("/dids/t/run", fixed({"type": "DATASET", "open": False}), "conflict"),
        ("/dids/t/run", fixed({"type": "CONTAINER"}), "conflict"),
    ],
)
def test_what_cannot_succeed_writes_nothing(
    agent, rucio, storage, ready, folder, path, answer, code
):
    fill(folder, 2)
    rucio.says("/dids/t/run", NONE)
    rucio.says(path, answer)
    job = put(agent, folder)
    assert (job["state"], job["error"]["code"]) == ("failed", code)
    assert job["error"]["hint"]
    assert storage.asked.total() == 0
    assert rucio.asked["/replicas"] == 0
    plan = agent.ask("/datalake/put/plan", {"paths": [str(folder)], "to": "t:", "rse": "X"})[1]
    assert plan["error"]["code"] == code


def test_a_name_that_rucio_refuses_is_found_before_anything_is_written(
    agent, rucio, storage, ready, folder
):
    fill(folder, 2)
    said = "Problem validating attachments: 'f001' does not match '^[A-E]+$'"
    rucio.says("/dids/attachments", Answer(json.dumps({"ExceptionMessage": said}).encode(), 500))
    job = put(agent, folder)
    assert job["state"] == "failed"
    assert "f001 has a name that Lab refuses" in job["error"]["message"]
    assert storage.asked.total() == 0


@pytest.mark.parametrize("dataset", ["new", "new, and others use it", "old"])
def test_cancel_undoes_what_it_may_and_says_what_remains(
    agent, rucio, storage, ready, folder, dataset
):
    fill(folder, 2)
    new = dataset == "new"
    inside = ["f000"] if new else ["f000", "somebody-elses"]
    rucio.says("/dids/t/run/files", listed(*({"scope": "t", "name": name} for name in inside)))
    if dataset == "old":
        rucio.says("/dids/t/run", fixed({"type": "DATASET", "open": True}))
    rucio.says("/replicas", Answer(status=503))  # what it waits for when it is cancelled
    job = agent.ask("/datalake/put", {"paths": [str(folder)], "to": "t:", "rse": "X"})[1]
    while not rucio.asked["/replicas"]:
        agent.ask(f"/jobs/{job['id']}", wait_s=0.1)
    rucio.says("/dids/bulkmeta", listed({"scope": "t", "name": "f000", "type": "FILE"}))
    states = {"scope": "t", "name": "f000", "states": {"X": "AVAILABLE"}}
    rucio.says("/replicas/list", listed(states))
    ended = agent.ask(f"/jobs/{job['id']}/cancel", {})[1]
    assert (ended["state"], ended["result"]["removed"]) == ("cancelled", 1)
    assert list(storage.files) == ["/t/f000"]  # a DID keeps its file
    assert "administrator" in ended["result"]["remains"][-1]
    assert rucio.asked["/dids/t/run/meta/lifetime"] == new
    assert rucio.asked["/dids/t/run/dids"] == (not new)


def test_a_file_that_another_put_takes_away_is_sent_again(agent, rucio, storage, ready, folder):
    """That put was cancelled just when this one had found its file at the storage."""
    fill(folder, 1)
    storage.files["/t/f000"] = (folder / "f000").read_bytes()
    taken = []

    class Takes(list):
        def pop(self, index):
            taken.append(storage.files.pop("/t/f000", None))
            return super().pop(index)

    rucio.answers["/replicas"] = Takes([MADE, MADE])
    assert put(agent, folder)["state"] == "done"
    assert taken[0] is not None
    assert list(storage.files) == ["/t/f000"]


def test_a_dataset_that_is_being_deleted_is_not_put_into(agent, rucio, storage, ready, folder):
    fill(folder, 1)
    rucio.says("/dids/t/run", fixed({"type": "DATASET", "open": True}))
    ends = "Thu, 26 Nov 2020 11:30:22 UTC"
    rucio.says("/dids/bulkmeta", listed({"scope": "t", "name": "run", "expired_at": ends}))
    job = put(agent, folder)
    assert (job["state"], job["error"]["code"]) == ("failed", "conflict")
    assert "is going to be deleted" in job["error"]["message"]


@pytest.mark.parametrize(("lifetime_s", "status"), [(0, 400), (-5, 400), (10**12, 400)])
def test_a_lifetime_in_the_past_is_refused(agent, folder, lifetime_s, status):
    fill(folder, 1)
    asked = {"paths": [str(folder)], "to": "t:", "lifetime_s": lifetime_s}
    found = agent.ask("/datalake/put", asked)
    assert (found[0], found[1]["error"]["code"]) == (status, "usage")


def test_a_browser_puts_what_it_shows_and_nothing_else(agent, ready, folder):
    fill(folder, 1)
    header = {"X-Escape-VRE-Contents-Root": str(folder)}
    asked = {"to": "t:", "rse": "X"}
    found = agent.ask("/datalake/put/plan", {**asked, "paths": ["f000"]}, headers=header)
    assert (found[0], found[1]["new"]) == (200, 1)
    found = agent.ask("/datalake/put/plan", {**asked, "paths": ["../password"]}, headers=header)
    assert (found[0], found[1]["error"]["code"]) == (400, "usage")
