"""A job on disk: whole lines count, torn ones do not, summaries expire."""

import os
import time

import pytest

from escape_vre.jobs.log import JobLog, Stored
from escape_vre.jobs.models import Job, JobFile, JobRequest, Progress, now


@pytest.fixture
def log(tmp_path):
    return JobLog(tmp_path / "jobs")


def request():
    return JobRequest(
        service="datalake",
        instance="demo",
        account="demo",
        refs=("rucio:demo:x",),
        destination="/data",
        title="demo:x",
    )


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
        destination="/data",
    )


def test_the_last_whole_line_counts(log):
    log.append(job(), request=request())
    log.append(job(state="running"))
    with (log.home("a1") / "log.jsonl").open("ab") as file:
        file.write(b'{"job": {"id": "a1", "sta')
    stored = log.read("a1")
    assert stored.job.state == "running"
    assert stored.request == request()
    assert log.unfinished() == ["a1"]


def test_a_log_that_never_got_its_first_line_is_nothing(log):
    log.home("a1").mkdir()
    (log.home("a1") / "log.jsonl").write_bytes(b'{"request": {"ki')
    assert log.read("a1") is None


def test_a_finished_job_is_one_summary(log):
    log.append(job(), request=request())
    files = (JobFile(ref="rucio:demo:x", path="/data/demo/x", bytes=3, state="here"),)
    log.finish(Stored(request(), job(state="done"), files))
    assert log.unfinished() == []
    assert sorted(p.name for p in log.folder.iterdir()) == ["a1.files", "a1.json"]
    assert log.summaries(keep_days=30)["a1"].job.state == "done"
    assert tuple(log.files("a1")) == files
    log.forget("a1")
    assert log.summaries(keep_days=30) == {}
    assert tuple(log.files("a1")) == ()
    assert list(log.folder.iterdir()) == []


def test_old_summaries_go_and_damaged_ones_are_passed_over(log):
    log.finish(Stored(request(), job("old", "done")))
    log.finish(Stored(request(), job("new", "failed")))
    (log.folder / "torn.json").write_text('{"request"')
    at = time.time() - 31 * 86400
    os.utime(log.folder / "old.json", (at, at))
    assert set(log.summaries(keep_days=30)) == {"new"}
    assert not (log.folder / "old.json").exists()


def test_files_are_ours_alone(log):
    log.append(job(), request=request())
    assert (log.home("a1") / "log.jsonl").stat().st_mode & 0o077 == 0
    assert log.home("a1").stat().st_mode & 0o077 == 0
