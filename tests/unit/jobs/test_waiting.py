"""A job whose sign-in ends on the way: it waits, keeps what it has, and goes on."""

import asyncio

from escape_vre.core.errors import RemoteUnavailableError
from tests.unit.jobs.conftest import FILES, files_done, submit, until, working


def test_it_waits_and_then_fetches_only_the_rest(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            service.left = 2
            job_id = await submit(desk, tmp_path)
            stuck = await until(desk, job_id, lambda job: job.waiting)
            service.left = 100
            service.open.set()
            return stuck, await until(desk, job_id, lambda job: job.finished)

    stuck, done = asyncio.run(scene())
    assert (stuck.state, stuck.error) == ("queued", None)
    assert stuck.waiting.details == {"sign_in": "/hub/login"}
    assert files_done(stuck) == 2
    assert (done.state, done.waiting, files_done(done)) == ("done", None, 4)
    assert done.counts["files_here"] == 0, "what it brought itself was not here before"
    assert done.progress.done == sum(map(len, FILES.values()))
    assert done.started == stuck.started
    assert sorted(seen.path for seen in storage.seen) == sorted(FILES)


def test_the_part_of_a_file_is_gone_on_with(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            url = service.urls["file.0"]
            storage.files["file.0"].cut_after = 2_000_000
            service.urls["file.0"] = url
            service.left = 1
            job_id = await submit(desk, tmp_path)
            await until(desk, job_id, lambda job: job.waiting)
            service.left = 100
            service.open.set()
            return await until(desk, job_id, lambda job: job.finished)

    assert asyncio.run(scene()).state == "done"
    first = [seen for seen in storage.seen if seen.path == "file.0"]
    assert "Range" not in first[0].headers
    assert "Range" in first[1].headers


def test_a_new_reason_is_told(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            service.left = 0
            service.reasons.append(
                RemoteUnavailableError("It is down.", details={"retry_after_s": 5})
            )
            job_id = await submit(desk, tmp_path)
            return await until(
                desk, job_id, lambda job: job.waiting and "down" in job.waiting.message
            )

    assert asyncio.run(scene()).state == "queued"


def test_cancelled_while_it_waits_it_leaves_no_part(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            storage.files["file.1"].cut_after = 2_000_000
            service.left = 2
            job_id = await submit(desk, tmp_path)
            await until(desk, job_id, lambda job: job.waiting)
            parts = list(tmp_path.rglob(".escape-vre/*"))
            return len(parts), (await desk.cancel(job_id)).state

    parts, state = asyncio.run(scene())
    assert parts == 2, "a part and its manifest"
    assert state == "cancelled"
    left = [path.name for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert left == ["file.0"]


def test_those_that_wait_are_in_nobodys_way(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            service.left = 0
            for n in range(5):  # one more than run at once
                job_id = await submit(desk, tmp_path / str(n))
                await until(desk, job_id, lambda job: job.waiting)
            return [job.state for job in desk.jobs()]

    assert asyncio.run(scene()) == ["queued"] * 5
