"""What a kind decides: its slots, its words, who may end its jobs; and what it writes down."""

import asyncio

import pytest

from escape_vre.core.errors import ConfigurationError, EscapeError
from escape_vre.jobs.log import JobLog
from tests.unit.jobs.conftest import asked, until, working
from tests.unit.jobs.toys import Toy, ended, order, toys


def test_a_job_is_shown_in_the_words_and_units_of_its_kind(tmp_path):
    async def scene():
        kind = Toy()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk, steps=12)
            running = await until(desk, job.id, lambda job: job.progress.done)
            kind.free.set()
            return running, await ended(desk, job.id)

    running, done = asyncio.run(scene())
    assert (running.state_word, running.keeps_server_alive) == ("running", False)
    assert (running.progress.unit, running.progress.fraction) == ("steps", 1 / 12)
    assert (done.state, done.state_word, done.result) == ("done", "finished", {"answer": 42})
    assert done.progress.done == 12
    assert done.destination is None


def test_day_long_jobs_of_one_kind_do_not_block_another(tmp_path, storage):
    class Day(Toy):
        slots = 4

    async def scene():
        async with working(tmp_path, storage, kinds=[Day()]) as (desk, _):
            days = [(await order(desk, title=f"day {n}"))[0].id for n in range(5)]
            for job_id in days[:4]:
                await until(desk, job_id, lambda job: job.state == "running")
            job, _ = await desk.submit(asked(tmp_path), client="me", environment={})
            done = await until(desk, job.id, lambda job: job.finished)
            return done, [desk.job(job_id).state for job_id in days]

    done, days = asyncio.run(scene())
    assert done.state == "done"
    assert days == ["running"] * 4 + ["queued"]


def test_kinds_of_two_services_have_slots_of_their_own_under_one_name(tmp_path):
    kinds = {"toys": [Toy()], "games": [Toy()]}

    async def scene():
        async with toys(tmp_path, kinds=kinds.get) as desk:
            first, _ = await order(desk)
            await until(desk, first.id, lambda job: job.state == "running")
            second, _ = await order(desk, service="games")
            kinds["games"][0].free.set()
            return await ended(desk, second.id), desk.job(first.id).state

    second, first = asyncio.run(scene())
    assert (second.state, first) == ("done", "running")


def test_only_a_kind_that_says_so_ends_when_nobody_waits(tmp_path):
    class Waited(Toy):
        ends_unwaited = True

    async def scene(kind):
        async with toys(tmp_path / type(kind).__name__, kind) as desk:
            job, _ = await order(desk)
            return (await desk.release(job.id, "me")).state

    assert asyncio.run(scene(Toy())) in ("queued", "running")
    assert asyncio.run(scene(Waited())) == "cancelled"


def test_equal_requests_share_a_job_only_where_the_kind_says_what_is_equal(tmp_path):
    class Shared(Toy):
        def key(self, request):
            return request.steps

    async def scene(kind):
        async with toys(tmp_path / type(kind).__name__, kind) as desk:
            return len({(await order(desk, steps=n))[0].id for n in (1, 1, 2)})

    assert asyncio.run(scene(Toy())) == 3
    assert asyncio.run(scene(Shared())) == 2


def test_a_cancelled_job_is_undone_by_its_kind(tmp_path):
    async def scene():
        kind = Toy()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            await until(desk, job.id, lambda job: job.progress.done)
            return kind.calls, (await desk.cancel(job.id)).state

    assert asyncio.run(scene()) == (["run", "cancel"], "cancelled")


def test_a_job_that_cannot_be_undone_says_so(tmp_path):
    class Stubborn(Toy):
        async def cancel(self, context):
            raise EscapeError("The remote goes on.", hint="Stop it there.")

    async def scene():
        async with toys(tmp_path, Stubborn()) as desk:
            job, _ = await order(desk)
            return await desk.cancel(job.id)

    job = asyncio.run(scene())
    assert (job.state, job.error.message) == ("failed", "The remote goes on.")


def test_an_agent_that_dies_while_it_cancels_leaves_that_to_the_next(tmp_path, monkeypatch):
    class Slow(Toy):
        cancelling = asyncio.Event()

        async def cancel(self, context):
            self.cancelling.set()
            await asyncio.Event().wait()

    async def dies():
        kind = Slow()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            await until(desk, job.id, lambda job: job.progress.done)
            cancelling = asyncio.create_task(desk.cancel(job.id))
            await kind.cancelling.wait()
            cancelling.cancel()
            desk.stop = nothing  # as kill -9 does
            return job.id

    async def next_one(job_id):
        kind = Toy()
        async with toys(tmp_path, kind) as desk:
            return kind.calls, (await ended(desk, job_id)).state

    async def nothing():
        pass

    job_id = asyncio.run(dies())
    assert asyncio.run(next_one(job_id)) == (["cancel"], "cancelled")


def test_a_stopped_job_is_resumed_with_what_it_wrote_down(tmp_path):
    seen = []

    class Seeing(Toy):
        async def count(self, context):
            seen.append(list(context.checkpoints))
            await super().count(context)

    async def stops():
        async with toys(tmp_path, Seeing()) as desk:
            job, _ = await order(desk, steps=7)
            await until(desk, job.id, lambda job: job.progress.done)
            return job.id

    async def resumes(job_id):
        kind = Seeing()
        kind.free.set()
        async with toys(tmp_path, kind) as desk:
            job = await ended(desk, job_id)
            return kind.calls, job.state

    assert asyncio.run(resumes(asyncio.run(stops()))) == (["resume"], "done")
    assert seen == [[], [{"begun": 7}]]


def test_a_job_that_failed_is_tried_again_with_what_it_wrote_down(tmp_path):
    seen = []

    class Failing(Toy):
        async def count(self, context):
            seen.append(list(context.checkpoints))
            await context.checkpoint({"try": len(seen)})
            if len(seen) == 1:
                raise EscapeError("It failed.", hint="Try again.")

    async def scene():
        async with toys(tmp_path, Failing()) as desk:
            job, _ = await order(desk)
            failed = await ended(desk, job.id)
            await desk.retry(job.id, client="me", environment={})
            return failed.state, (await ended(desk, job.id)).state

    assert asyncio.run(scene()) == ("failed", "done")
    assert seen == [[], [{"try": 1}]]


def test_nothing_is_asked_of_a_remote_when_its_checkpoint_is_not_on_disk(tmp_path, monkeypatch):
    asked_for = []

    class Posting(Toy):
        async def count(self, context):
            await self.free.wait()
            await context.checkpoint({"name": "n"})
            asked_for.append("POST")

    async def scene():
        kind = Posting()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            await until(desk, job.id, lambda job: job.state == "running")
            monkeypatch.setattr(JobLog, "append", full)
            kind.free.set()
            job = await ended(desk, job.id)
            monkeypatch.undo()
            return job

    job = asyncio.run(scene())
    assert (job.state, asked_for) == ("failed", [])
    assert "cannot write its state" in job.error.message


def test_a_full_disk_ends_no_job_that_writes_nothing_down(tmp_path, monkeypatch):
    class Careless(Toy):
        async def count(self, context):
            await self.free.wait()

    async def scene():
        kind = Careless()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            monkeypatch.setattr(JobLog, "append", full)
            kind.free.set()
            return (await ended(desk, job.id)).state

    assert asyncio.run(scene()) == "done"


def test_a_full_disk_takes_no_request_and_leaves_nothing(tmp_path, monkeypatch):
    async def scene():
        async with toys(tmp_path, Toy()) as desk:
            monkeypatch.setattr(JobLog, "append", full)
            with pytest.raises(OSError, match="No space"):
                await order(desk)
            return desk.jobs()

    assert asyncio.run(scene()) == []
    assert list((tmp_path / "state/jobs").iterdir()) == []


def test_the_lease_is_there_before_the_log(tmp_path, monkeypatch):
    begin = JobLog.begin
    found = []

    def looking(log, stored):
        found.extend(path.name for path in log.home(stored.job.id).iterdir())
        begin(log, stored)

    monkeypatch.setattr(JobLog, "begin", looking)

    async def scene():
        async with toys(tmp_path, Toy()) as desk:
            await order(desk)

    asyncio.run(scene())
    assert found == ["lease.1"]


def test_a_job_whose_service_is_gone_fails_and_can_be_tried_again_later(tmp_path):
    async def stops():
        async with toys(tmp_path, Toy()) as desk:
            return (await order(desk))[0].id

    async def without(job_id):
        kind = Toy()
        kind.name = "other"
        async with toys(tmp_path, kind) as desk:
            job = desk.job(job_id)
            with pytest.raises(ConfigurationError):
                await desk.retry(job_id, client="me", environment={})
            return job, desk.job(job_id)

    async def again(job_id):
        kind = Toy()
        kind.free.set()
        async with toys(tmp_path, kind) as desk:
            await desk.retry(job_id, client="me", environment={})
            return (await ended(desk, job_id)).state

    job_id = asyncio.run(stops())
    failed, still = asyncio.run(without(job_id))
    assert (failed.state, failed.error.code) == ("failed", "configuration")
    assert still == failed
    assert asyncio.run(again(job_id)) == "done"


def test_a_lost_job_is_left_to_its_new_owner(tmp_path):
    async def scene():
        kind = Toy()
        async with toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            await until(desk, job.id, lambda job: job.progress.done)
            home = tmp_path / "state/jobs" / job.id
            (home / "lease.1").rename(home / "lease.2")
            before = (home / "log.jsonl").read_bytes()
            kind.free.set()
            await desk.wait_for(job.id, 60)
            await desk._takeover.renew()
            return before, (home / "log.jsonl").read_bytes(), desk.jobs()

    before, after, jobs = asyncio.run(scene())
    assert after == before
    assert jobs == []
    assert not list((tmp_path / "state/jobs").glob("*.json"))


def full(*_):
    raise OSError(28, "No space left on device")
