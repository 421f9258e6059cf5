"""Getting: the right bytes in the right place, whatever happens on the way."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest

import escape_vre
from escape_vre.client import AgentClient
from escape_vre.client.jobs import jobs
from escape_vre.core.errors import (
    CancelledJobError,
    ConflictError,
    IntegrityError,
    NotFoundError,
    QuotaError,
    UsageError,
)
from escape_vre.core.location import locate
from escape_vre.display.amounts import amount
from escape_vre.local.lake.upload import place
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid, asleep, is_alive

SAMPLES = Path(escape_vre.__file__).parent / "local/lake/samples"
BIG = 5_000_000


def files_done(job):
    return amount(job, "files")["done"]


def leftovers(folder):
    return [str(p) for p in Path(folder).rglob(".escape-vre*")]


def test_a_file_goes_to_its_scope(dl, tmp_path):
    files = escape_vre.get("demo:fermi.photons.fits", progress=False)
    assert files.path == tmp_path / "data" / "demo" / "fermi.photons.fits"
    assert files.path.read_bytes() == (SAMPLES / "fermi.photons.fits").read_bytes()
    assert leftovers(tmp_path) == []


def test_a_dataset_goes_to_its_folder_and_is_what_rucio_downloads(dl, tmp_path, rucio):
    files = escape_vre.get("demo:fermi.lightcurves", progress=False)
    assert {f.parent for f in files} == {tmp_path / "data" / "demo" / "fermi.lightcurves"}
    rucio("download", "--dir", str(tmp_path / "theirs"), "demo:fermi.lightcurves")
    theirs = {p.name: p.read_bytes() for p in (tmp_path / "theirs").rglob("*.csv")}
    assert {f.name: f.read_bytes() for f in files} == theirs
    for row in dl.stream("/datalake/contents", ref="rucio:demo:fermi.lightcurves"):
        if "end" not in row:
            assert f"{zlib.adler32(theirs[row['name']]):08x}" == row["adler32"]


def test_a_container_goes_to_the_folders_of_its_datasets(dl, tmp_path):
    files = escape_vre.get("demo:blazar-2026", progress=False)
    assert len(files) == 12
    assert {f.parent.name for f in files} >= {"fermi.lightcurves", "lofar.images"}
    (row,) = dl.post("/datalake/states", {"refs": ["rucio:demo:blazar-2026"]})["rows"]
    assert row["local"] == "here"
    (row,) = dl.post("/datalake/states", {"refs": ["rucio:demo:lofar.images"]})["rows"]
    assert row["local"] == "here"


def test_a_container_is_here_however_its_files_came(dl):
    ask = {"refs": ["rucio:demo:blazar-2026", "rucio:demo:fermi.lightcurves"]}

    def states():
        return [row["local"] for row in dl.post("/datalake/states", ask)["rows"]]

    rows = dl.stream("/datalake/contents", ref="rucio:demo:fermi.lightcurves")
    files = [f"{row['scope']}:{row['name']}" for row in rows if "end" not in row]
    escape_vre.get(*files[:1], progress=False)
    assert states() == ["partly", "partly"]
    escape_vre.get(*files[1:], progress=False)
    assert states() == ["partly", "here"]
    rows = dl.stream("/datalake/contents", ref="rucio:demo:blazar-2026")
    for row in [row for row in rows if "end" not in row and row["name"] != "fermi.lightcurves"]:
        escape_vre.get(f"{row['scope']}:{row['name']}", progress=False)
    assert states() == ["here", "here"]


def test_to_and_files_choose(dl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = escape_vre.get("demo:fermi.lightcurves", to="mine", files="*1-3GeV*", progress=False)
    assert files == [tmp_path / "mine" / "fermi.lightcurves" / "fermi.lc.3.1-3GeV.csv"]
    (row,) = dl.post("/datalake/states", {"refs": ["rucio:demo:fermi.lightcurves"]})["rows"]
    assert (row["local"], row["local_files"]) == ("partly", 1)
    with pytest.raises(NotFoundError) as caught:
        escape_vre.get("demo:fermi.lightcurves", files=["nope*"], progress=False)
    assert "nope*" in caught.value.message


def test_names_with_slashes_stay_inside_one_folder(dl, tmp_path):
    files = escape_vre.get("cms:/SyntheticDYToMuMu/Run2026A-demo-v1/NANOAOD", progress=False)
    for file in files:
        assert file.relative_to(tmp_path / "data" / "cms").parts[0].startswith("%2FSynthetic")
        assert len(file.relative_to(tmp_path / "data" / "cms").parts) == 2
        assert file.stat().st_size > 0


@pytest.mark.parametrize("dataset", ["names", "slashes"])
def test_awkward_names_arrive(dl, tmp_path, dataset):
    files = escape_vre.get(f"test.awkward:{dataset}", progress=False)
    assert files
    for file in files:
        assert file.is_file()
        assert file.is_relative_to(tmp_path / "data" / "test.awkward" / dataset)


def test_the_second_time_it_is_here_already(dl, tmp_path):
    first = escape_vre.get("demo:fermi.lightcurves", progress=False)
    before = [f.stat().st_mtime_ns for f in first]
    again = escape_vre.get("demo:fermi.lightcurves", progress=False)
    assert again == first
    assert [f.stat().st_mtime_ns for f in again] == before


def test_what_is_here_is_copied_when_the_lake_is_away(dl, lake, tmp_path, big):
    escape_vre.get("demo:big.files", progress=False)
    with asleep(lake):
        files = escape_vre.get("demo:big.files", to=tmp_path / "copy", progress=False)
    assert {f.name: f.read_bytes() for f in files} == big


def test_a_changed_file_is_not_here_and_not_overwritten(dl, tmp_path):
    file = escape_vre.get("demo:fermi.photons.fits", progress=False).path
    file.write_text("mine")
    (row,) = dl.post("/datalake/states", {"refs": ["rucio:demo:fermi.photons.fits"]})["rows"]
    assert row["local"] == "elsewhere"
    with pytest.raises(ConflictError) as caught:
        escape_vre.get("demo:fermi.photons.fits", progress=False)
    assert str(file) in caught.value.message
    assert file.read_text() == "mine"


def test_a_damaged_replica_costs_nothing_where_there_is_another(dl, lake, tmp_path):
    lake.upload_many("demo", "hurt.set", [("hurt.two", b"right" * 1000)])
    file = place(lake.layout, lake.sites[0], "demo", "hurt.two")
    file.write_bytes(b"wrong" * 1000)
    with pytest.raises(IntegrityError) as caught:
        escape_vre.get("demo:hurt.two", progress=False)
    assert "catalogue" in caught.value.message
    assert not (tmp_path / "data" / "demo" / "hurt.two").exists()
    assert leftovers(tmp_path) == []
    file.write_bytes(b"right" * 1000)
    (job,) = [j for j in jobs() if j["state"] == "failed"]
    dl.post(f"/jobs/{job['id']}/retry")
    assert dl.wait(job["id"])["state"] == "done"
    assert (tmp_path / "data" / "demo" / "hurt.two").read_bytes() == b"right" * 1000


def test_a_replica_that_vanished_is_fetched_from_the_other_site(dl, lake, tmp_path):
    body = (SAMPLES / "fermi.photons.fits").read_bytes()
    hidden = [place(lake.layout, lake.sites[0], "demo", "fermi.photons.fits")]
    for file in hidden:
        file.rename(tmp_path / "away")
    try:
        assert escape_vre.get("demo:fermi.photons.fits", progress=False).path.read_bytes() == body
    finally:
        (tmp_path / "away").rename(hidden[0])


def test_one_bad_file_leaves_the_others(dl, lake, tmp_path):
    lake.upload_many("demo", "some.bad", [(f"sb.{n}", bytes([n]) * 100) for n in range(5)])
    place(lake.layout, lake.sites[0], "demo", "sb.3").unlink()
    with pytest.raises(NotFoundError) as caught:
        escape_vre.get("demo:some.bad", progress=False)
    assert caught.value.message.startswith("1 of 5 files")
    here = sorted(p.name for p in (tmp_path / "data/demo/some.bad").iterdir())
    assert here == ["sb.0", "sb.1", "sb.2", "sb.4"]
    (row,) = dl.post("/datalake/states", {"refs": ["rucio:demo:some.bad"]})["rows"]
    assert (row["local"], row["local_files"]) == ("partly", 4)


def test_equal_requests_share_a_job(dl, lake, big, tmp_path):
    body = {"refs": ["rucio:demo:big.files"], "client": "one"}
    with asleep(lake):
        first = dl.post("/datalake/get", body)
        second = dl.post("/datalake/get", body | {"client": "two"})
        other = dl.post("/datalake/get", body | {"to": str(tmp_path / "else")})
        assert first["id"] == second["id"] != other["id"]
        dl.post(f"/jobs/{first['id']}/release", {"client": "one"})
    assert dl.wait(first["id"])["state"] == "done"
    assert dl.wait(other["id"])["state"] == "done"


def test_the_job_ends_when_nobody_waits(dl, lake, big, tmp_path):
    with asleep(lake):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"], "client": "only"})
        ended = dl.post(f"/jobs/{job['id']}/release", {"client": "only"})
    assert ended["state"] == "cancelled"
    assert leftovers(tmp_path) == []


def test_cancel_keeps_what_is_whole_and_retry_gets_the_rest(dl, lake, big, tmp_path):
    with asleep(lake, lake.sites[1]):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
        wait_until(lambda: files_done(dl.get(f"/jobs/{job['id']}")) >= 1, what="a file")
        cancelled = dl.post(f"/jobs/{job['id']}/cancel")
    assert cancelled["state"] == "cancelled"
    folder = tmp_path / "data/demo/big.files"
    for file in folder.iterdir():
        assert file.read_bytes() == big[file.name]
    assert leftovers(tmp_path) == []
    dl.post(f"/jobs/{job['id']}/retry")
    assert dl.wait(job["id"])["state"] == "done"
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == big


GET_BIG = """
import escape_vre
from escape_vre.client import AgentClient
send = AgentClient._answer
def asking(self, connection, method, *words):
    if method == "POST": print("asks", flush=True)
    return send(self, connection, method, *words)
AgentClient._answer = asking
try: escape_vre.get("demo:big.files", progress=False)
except escape_vre.core.errors.CancelledJobError as e: print(e.message)
"""


def test_stop_in_a_kernel_cancels(dl, lake, big, tmp_path):
    with asleep(lake, lake.sites[1]):
        child = subprocess.Popen(
            [sys.executable, "-c", GET_BIG],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        wait_until(lambda: any(files_done(j) for j in dl.get("/jobs")["jobs"]), what="a file")
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=20)
    assert "cancelled" in said
    (job,) = dl.get("/jobs")["jobs"]
    assert job["state"] == "cancelled"
    assert leftovers(tmp_path) == []


def test_stop_while_the_lake_is_asked_begins_nothing(dl, lake, big):
    """A real Rucio that takes its time: its processes sleep while it is asked."""
    rucio = lake.status()["pids"]["rucio"]
    dl.get("/datalake/whoami")
    os.kill(rucio, signal.SIGSTOP)
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", GET_BIG], stdout=subprocess.PIPE, text=True, env=os.environ
        )
        assert child.stdout.readline() == "asks\n"
        time.sleep(1)  # so that it is on its way to Rucio
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=20)
    finally:
        os.kill(rucio, signal.SIGCONT)
    assert said == "Stopped before it started.\n"
    dl.get("/datalake/did", ref="rucio:demo:big.files")  # answered after what was asked before
    assert dl.get("/jobs") == {"jobs": []}


def test_events_tell_of_progress_and_the_end(dl, big):
    response, connection = dl._send("GET", "/jobs/events", None, None)
    job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
    seen = []
    for line in response:
        event = json.loads(line)
        if event.get("id") == job["id"]:
            seen.append(event)
            if event["state"] == "done":
                break
    connection.close()
    assert seen[0]["state"] == "queued"
    assert seen[-1]["progress"]["done"] == seen[-1]["progress"]["total"] == 12 * BIG
    assert files_done(seen[-1]) == 12


def test_a_question_may_wait_for_the_end(dl, lake, big):
    with asleep(lake):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
        for wait_s in (0, 0.3):
            seen = dl.get(f"/jobs/{job['id']}", wait_s=wait_s)
            assert seen["state"] in ("queued", "running")
    assert dl.get(f"/jobs/{job['id']}", wait_s=60)["state"] == "done"
    assert dl.get(f"/jobs/{job['id']}", wait_s=60)["state"] == "done"


def test_files_of_a_job_are_listed_in_order(dl):
    job = dl.post("/datalake/get", {"refs": ["rucio:demo:fermi.lightcurves"]})
    dl.wait(job["id"])
    *files, _ = dl.stream(f"/jobs/{job['id']}/files")
    assert [Path(f["path"]).name for f in files] == sorted(Path(f["path"]).name for f in files)
    assert {f["state"] for f in files} == {"here"}
    dl.delete(f"/jobs/{job['id']}")
    assert dl.get("/jobs") == {"jobs": []}
    assert all(Path(f["path"]).exists() for f in files)


def test_states_of_visible_rows(dl, lake):
    refs = [
        "rucio:demo:fermi.lightcurves",
        "rucio:demo:fermi.photons.fits",
        "rucio:demo:blazar-2026",
        "rucio:demo:no-such-thing",
    ]
    dataset, file, container, missing = dl.post("/datalake/states", {"refs": refs})["rows"]
    assert dataset["length"] == 5
    assert dataset["sites"] == list(lake.sites)
    assert (dataset["local"], file["local"], container["local"]) == ("elsewhere",) * 3
    assert file["bytes"] > 0
    assert container["length"] == 12
    assert "no longer in the catalogue" in missing["problem"]
    escape_vre.get("demo:fermi.lightcurves", progress=False)
    dataset, file, container, _ = dl.post("/datalake/states", {"refs": refs})["rows"]
    assert (dataset["local"], container["local"]) == ("here", "partly")


def test_a_finished_job_cannot_be_retried(dl):
    escape_vre.get("demo:fermi.photons", progress=False)
    (job,) = jobs()
    with pytest.raises(ConflictError):
        escape_vre.retry(job["id"])


# ── bad luck ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(20))
def test_kill_minus_9_at_a_random_point_loses_nothing(dl, big, tmp_path, seed):
    job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
    time.sleep(random.Random(seed).uniform(0, 0.35))
    pid = agent_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), what="death")
    folder = tmp_path / "data/demo/big.files"
    if folder.exists():
        for file in folder.iterdir():
            if file.is_file():
                assert file.read_bytes() == big[file.name], "a partial file under its final name"
    ended = AgentClient().wait(job["id"])
    assert ended["state"] == "done", ended["error"]
    assert {f.name: f.read_bytes() for f in folder.iterdir() if f.is_file()} == big
    assert leftovers(tmp_path) == []
    assert len(dl.get("/jobs")["jobs"]) == 1


def test_sigterm_loses_nothing_and_resumes_by_range(dl, lake, tmp_path):
    body = os.urandom(1_000_000) * 400
    lake.upload_many("demo", "one.big", [("one.big.file", body)])
    with asleep(lake) as send_for_a_moment:
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:one.big.file"]})

        def begins():
            send_for_a_moment()
            return dl.get(f"/jobs/{job['id']}")["progress"]["done"] > 1_000_000

        wait_until(begins, what="bytes")
        pid = agent_pid()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), what="the end")
    parts = [p for p in (tmp_path / "data/demo/.escape-vre").iterdir() if p.suffix != ".json"]
    arrived = sum(p.stat().st_size for p in parts)
    assert arrived > 0
    assert AgentClient().wait(job["id"])["state"] == "done"
    assert (tmp_path / "data/demo/one.big.file").read_bytes() == body
    assert leftovers(tmp_path) == []


def test_a_torn_last_line_of_the_log_is_ignored(dl, lake, big, own_agent):
    with asleep(lake):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
        os.kill(agent_pid(), signal.SIGKILL)
    log = own_agent / "jobs" / job["id"] / "log.jsonl"
    with log.open("ab") as file:
        file.write(b'{"job": {"id": "torn')
    assert AgentClient().wait(job["id"])["state"] == "done"


def test_a_folder_without_permission_is_one_sentence(dl, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    with pytest.raises((UsageError, ConflictError)) as caught:
        escape_vre.get("demo:fermi.lightcurves", to=blocked, progress=False)
    assert str(blocked) in caught.value.message
    assert caught.value.hint


def test_a_disk_that_is_too_small_is_seen_before_the_start(dl, big, small_disk, configure, lake):
    configure(DataLake={"instances": [lake.instance()]}, Transfers={"reserve_bytes": 0})
    with pytest.raises(QuotaError) as caught:
        escape_vre.get("demo:big.files", to=small_disk, progress=False)
    assert "60.0 MB" in caught.value.message
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing(dl, lake, small_disk, configure):
    configure(DataLake={"instances": [lake.instance()]}, Transfers={"reserve_bytes": 0})
    lake.upload_many("demo", "fill.up", [("fill.one", os.urandom(3_900_000))])
    with asleep(lake):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:fill.one"], "to": str(small_disk)})
        # There is room for it when it begins; its storage sleeps, and then there is none.
        wait_until(lambda: any(small_disk.rglob(".escape-vre")), what="a part")
        (small_disk / "ballast").write_bytes(bytes(3_000_000))
    error = dl.wait(job["id"])["error"]
    assert error["code"] == "quota"
    assert "full" in error["message"]
    assert {p.name for p in small_disk.rglob("*")} == {"ballast"}


def test_another_hosts_job_is_shown_and_left_alone(dl, lake, big, own_agent):
    with asleep(lake):
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
        pid = agent_pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), what="death")
    home = own_agent / "jobs" / job["id"]
    lease = max(home.glob("lease.*"))
    lease.write_text(json.dumps({"host": "another", "pid": 1, "lock": "/elsewhere"}))
    seen = AgentClient().get(f"/jobs/{job['id']}")
    assert "another machine" in seen["note"]
    with pytest.raises(ConflictError):
        dl.post(f"/jobs/{job['id']}/cancel")
    old = time.time() - 120
    os.utime(lease, (old, old))
    os.kill(agent_pid(), signal.SIGTERM)
    wait_until(lambda: not locate().socket.exists(), what="the end")
    assert AgentClient().wait(job["id"])["state"] == "done"


def test_cancelled_error_says_so(dl, lake, big):
    seen = []

    def cancel():
        job = wait_until(lambda: dl.get("/jobs")["jobs"], what="a job")[0]
        seen.append(dl.post(f"/jobs/{job['id']}/cancel"))

    thread = threading.Thread(target=cancel)
    with asleep(lake):
        thread.start()
        with pytest.raises(CancelledJobError):
            escape_vre.get("demo:big.files", progress=False)
    thread.join()
    assert seen[0]["state"] == "cancelled"
