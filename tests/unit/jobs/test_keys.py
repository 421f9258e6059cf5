"""A request that is sent again by its idempotency key gets the job that it got before."""

import asyncio

import pytest

from escape_vre.core.errors import ConflictError, EscapeError, UsageError
from tests.unit.jobs.conftest import until
from tests.unit.jobs.toys import Toy, ended, order, toys


class Shared(Toy):
    def key(self, request):
        return request.steps


def test_the_same_key_gets_the_same_job_while_it_runs_and_after_it_ended(tmp_path):
    async def scene():
        kind = Toy()
        async with toys(tmp_path, kind) as desk:
            first, new = await order(desk, key="key-1")
            again, _ = await order(desk, key="key-1")
            other, _ = await order(desk, key="key-2")
            kind.free.set()
            await ended(desk, first.id)
            late, late_new = await order(desk, key="key-1")
            return new, late_new, [job.id for job in (first, again, late)], other.id

    new, late_new, ids, other = asyncio.run(scene())
    assert (new, late_new) == (True, False)
    assert len(set(ids)) == 1
    assert other not in ids


def test_the_key_outlives_the_agent(tmp_path):
    async def ask(*, free):
        kind = Toy()
        if free:
            kind.free.set()
        async with toys(tmp_path, kind) as desk:
            job, new = await order(desk, key="key-1")
            if free:
                await ended(desk, job.id)
            return job.id, new

    first, new = asyncio.run(ask(free=False))
    assert new
    assert asyncio.run(ask(free=True)) == (first, False)
    assert asyncio.run(ask(free=True)) == (first, False), "it had ended"


def test_a_key_of_a_request_that_joined_is_remembered_too(tmp_path):
    async def ask(*, key):
        async with toys(tmp_path, Shared()) as desk:
            return (await order(desk, key=key))[0].id

    async def join():
        kind = Shared()
        async with toys(tmp_path, kind) as desk:
            job, new = await order(desk, key="key-2")
            assert not new
            kind.free.set()
            await ended(desk, job.id)

    first = asyncio.run(ask(key="key-1"))
    asyncio.run(join())
    assert asyncio.run(ask(key="key-2")) == first


def test_a_key_stands_for_one_request(tmp_path):
    async def scene():
        async with toys(tmp_path, Toy()) as desk:
            await order(desk, key="key-1")
            with pytest.raises(UsageError, match="another request"):
                await order(desk, key="key-1", refs=("toy:b",))

    asyncio.run(scene())


def test_equal_requests_of_one_moment_make_one_job(tmp_path):
    async def scene():
        async with toys(tmp_path, Shared()) as desk:
            answers = await asyncio.gather(*(order(desk, key=f"key-{n}") for n in range(8)))
            on_disk = list((tmp_path / "state/jobs").glob("*/log.jsonl"))
            return answers, len(on_disk)

    answers, on_disk = asyncio.run(scene())
    assert len({job.id for job, _ in answers}) == on_disk == 1
    assert [new for _, new in answers].count(True) == 1


def test_a_retry_that_is_sent_again_is_one(tmp_path):
    class Failing(Toy):
        async def count(self, context):
            if not self.free.is_set():
                raise EscapeError("It failed.", hint="Try again.")
            await asyncio.Event().wait()

    async def scene():
        kind = Failing()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            await ended(desk, job.id)
            kind.free.set()
            again = {"client": "me", "environment": {}}
            first = await desk.retry(job.id, key="key-1", **again)
            second = await desk.retry(job.id, key="key-1", **again)
            await until(desk, job.id, lambda job: job.state == "running")
            with pytest.raises(ConflictError):
                await desk.retry(job.id, key="key-2", **again)
            return first.id, second.id

    first, second = asyncio.run(scene())
    assert first == second
