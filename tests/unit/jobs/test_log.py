"""A job on disk: whole lines count, torn ones do not, summaries expire."""

import json
import os
import time

import pytest

from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import Job, JobFile, Progress, now

REQUEST = {"kind": "get", "title": "demo:x"}


@pytest.fixture
def log(tmp_path):
    return JobLog(tmp_path / "jobs")


def job(job_id="a1", state="queued"):
    return Job(
        id=job_id,
        kind="get",
        title="demo:x",
        service="datalake",
        instance="demo",
        refs=["rucio:demo:x"],
        state=state,
        state_word="here",
        keeps_server_alive=True,
        progress=Progress(unit="bytes"),
        created=now(),
    )


def stored(job_id="a1", state="queued", **more):
    return Stored(REQUEST, job(job_id, state), **more)


def begun(log, **more):
    log.home("a1").mkdir()
    log.begin(stored(**more))


def test_the_last_whole_line_counts(log):
    begun(log)
    log.append("a1", {"job": job(state="running").model_dump(mode="json")})
    with (log.home("a1") / "log.jsonl").open("ab") as file:
        file.write(b'{"job": {"id": "a1", "sta')
    found = log.read("a1")
    assert found.job.state == "running"
    assert found.request == REQUEST
    assert log.unfinished() == ["a1"]


def test_checkpoints_keys_and_a_cancel_are_read_back(log):
    begun(log, checkpoints=({"name": "n"},), keys=frozenset({"first"}))
    for event in ({"checkpoint": {"id": 7}}, {"key": "second"}, {"cancelled": True}):
        log.append("a1", event)
    found = log.read("a1")
    assert found.checkpoints == ({"name": "n"}, {"id": 7})
    assert found.keys == {"first", "second"}
    assert found.cancelled


def test_a_line_that_did_not_fit_leaves_none_torn(log, monkeypatch):
    begun(log)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:9]))
    with pytest.raises(OSError, match="No space"):
        log.append("a1", {"key": "lost"})
    monkeypatch.undo()
    log.append("a1", {"key": "kept"})
    assert log.read("a1").keys == {"kept"}


def test_a_log_that_never_got_its_first_line_is_nothing(log):
    log.home("a1").mkdir()
    (log.home("a1") / "log.jsonl").write_bytes(b'{"request": {"ki')
    assert log.read("a1") is None


def test_what_an_earlier_version_left_is_passed_over_and_goes_in_the_end(log):
    log.home("a1").mkdir()
    old = {"request": {"kind": "get"}, "job": {"id": "a1", "bytes_done": 1}}
    (log.home("a1") / "log.jsonl").write_text(json.dumps(old) + "\n")
    (log.folder / "b2.json").write_text(json.dumps(old))
    log.tidy(keep_days=30)
    assert (log.read("a1"), log.summaries(keep_days=30)) == (None, {})
    at = time.time() - 31 * 86400
    for path in (log.home("a1"), log.folder / "b2.json"):
        os.utime(path, (at, at))
    log.tidy(keep_days=30)
    assert log.summaries(keep_days=30) == {}
    assert list(log.folder.iterdir()) == []


def test_a_finished_job_is_one_summary(log):
    begun(log, keys=frozenset({"first"}), checkpoints=({"id": 7},))
    files = (JobFile(ref="rucio:demo:x", path="/data/demo/x", bytes=3, state="here"),)
    done = stored(state="done", files=files, keys=frozenset({"first"}), checkpoints=({"id": 7},))
    log.finish(done)
    assert log.unfinished() == []
    assert sorted(p.name for p in log.folder.iterdir()) == ["a1.files", "a1.json"]
    found = log.summaries(keep_days=30)["a1"]
    assert found.job.state == "done"
    assert (found.keys, found.checkpoints) == ({"first"}, ({"id": 7},))
    assert tuple(log.files("a1")) == files
    log.forget("a1")
    assert log.summaries(keep_days=30) == {}
    assert tuple(log.files("a1")) == ()
    assert list(log.folder.iterdir()) == []


def test_old_summaries_go_and_damaged_ones_are_passed_over(log):
    log.finish(stored("old", "done"))
    log.finish(stored("new", "failed"))
    (log.folder / "torn.json").write_text('{"request"')
    at = time.time() - 31 * 86400
    os.utime(log.folder / "old.json", (at, at))
    assert set(log.summaries(keep_days=30)) == {"new"}
    assert not (log.folder / "old.json").exists()


def test_files_are_ours_alone(log):
    begun(log)
    assert (log.home("a1") / "log.jsonl").stat().st_mode & 0o077 == 0
