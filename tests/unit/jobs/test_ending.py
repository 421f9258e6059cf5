"""A job has ended when that is on disk, and not before: whoever is told may act on it."""

import asyncio
import threading
import time

import pytest

from escape_vre.core.errors import NotFoundError
from escape_vre.jobs.log import JobLog
from tests.unit.jobs.conftest import submit, until, working

BEGUN = {"client": "me", "environment": {}}


@pytest.fixture(autouse=True)
def writing(monkeypatch):
    """Make the summary's way to the disk long, and say when it is under way."""
    finish = JobLog.finish
    begun = threading.Event()

    def slowly(log, stored):
        begun.set()
        time.sleep(2)
        finish(log, stored)

    monkeypatch.setattr(JobLog, "finish", slowly)
    return begun


async def ended(desk, job_id):
    """Ask for the job as clients do until it has ended."""
    async with asyncio.timeout(60):
        while not (job := await desk.wait_for(job_id, 0.02)).finished:
            pass
    return job


def test_a_done_job_is_no_work_any_more_and_can_be_forgotten(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, _):
            job = await ended(desk, await submit(desk, tmp_path))
            assert (job.state, desk.unfinished) == ("done", 0)
            await desk.forget(job.id)
            await asyncio.sleep(0.5)
            assert desk.jobs() == []
            with pytest.raises(NotFoundError):
                desk.job(job.id)

    asyncio.run(scene())


def test_a_failed_job_can_be_tried_again_at_once(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            urls, service.urls = service.urls, {name: storage.url("gone") for name in service.urls}
            job = await ended(desk, await submit(desk, tmp_path))
            assert job.state == "failed"
            service.urls = urls
            await desk.retry(job.id, **BEGUN)
            assert (await ended(desk, job.id)).state == "done"

    asyncio.run(scene())


def test_a_cancel_while_the_end_is_written_changes_nothing(tmp_path, storage, writing):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            service.sources = refusing
            job_id = await submit(desk, tmp_path)
            assert await asyncio.to_thread(writing.wait, 60)
            assert desk.job(job_id).state == "running"
            assert (await desk.cancel(job_id)).state == "failed"
            assert [job.state for job in desk.jobs()] == ["failed"]
            assert desk.unfinished == 0

    asyncio.run(scene())


def test_an_equal_request_does_not_join_what_has_been_decided(tmp_path, storage, writing):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            sources, service.sources = service.sources, refusing
            first = await submit(desk, tmp_path)
            assert await asyncio.to_thread(writing.wait, 60)
            service.sources = sources
            second = await submit(desk, tmp_path)
            assert second != first
            assert (await until(desk, second, lambda job: job.finished)).state == "done"

    asyncio.run(scene())


async def refusing(_query):
    """Be a catalogue that knows nothing."""
    raise NotFoundError("There is no such DID.", hint="Look for it.")
    yield
