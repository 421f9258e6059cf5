"""A job of which some files could not be fetched: what it says, and what trying again asks for."""

import asyncio

from tests.unit.jobs.conftest import FILES, files_done, submit, until, working


def test_it_names_the_files_and_why_and_keeps_the_others(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, _):
            storage.files["file.1"].status = 403
            job_id = await submit(desk, tmp_path)
            failed = await until(desk, job_id, lambda job: job.finished)
            files = list(desk.files(job_id))
            storage.files["file.1"].status = None
            storage.seen.clear()
            await desk.retry(job_id, client="me", environment={})
            done = await until(desk, job_id, lambda job: job.finished)
            return failed, files, done, list(desk.files(job_id))

    failed, files, done, again = asyncio.run(scene())
    assert (failed.state, files_done(failed), failed.counts["files_failed"]) == ("failed", 3, 1)
    assert failed.progress.done == sum(len(body) for n, body in FILES.items() if n != "file.1")
    assert "1 of 4 files" in failed.error.message
    assert [named["path"].rpartition("/")[2] for named in failed.error.details["files"]] == [
        "file.1"
    ]
    problems = {file.path.rpartition("/")[2]: file.problem for file in files}
    assert [name for name, problem in problems.items() if problem] == ["file.1"]
    assert "403" in problems["file.1"].message
    assert [file.state for file in files].count("here") == 3
    assert (done.state, files_done(done), done.counts["files_failed"]) == ("done", 4, 0)
    assert all(file.problem is None for file in again)
    assert {seen.path for seen in storage.seen} == {"file.1"}
