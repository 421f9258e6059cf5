"""Leases and the jobs of other agents, when the disk fails."""

import asyncio
import os

import pytest

from escape_vre.core import loops
from escape_vre.jobs import desk as module
from escape_vre.jobs.lease import Lease, Owner
from tests.unit.jobs.toys import Toy, ended, order, toys


def full(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_full_disk_does_not_end_the_renewal(tmp_path, monkeypatch):
    """Nor does it end the job: that has no other owner."""
    monkeypatch.setattr(module, "RENEW_S", 0)
    monkeypatch.setattr(loops, "PAUSE_S", 0)
    utime = os.utime

    async def scene():
        running = asyncio.get_running_loop()
        failed, renewed = asyncio.Event(), asyncio.Event()

        def fails(path):
            running.call_soon_threadsafe(failed.set)
            full()

        def again(path):
            utime(path)
            running.call_soon_threadsafe(renewed.set)

        kind = Toy()
        async with asyncio.timeout(60), toys(tmp_path, kind) as desk:
            job, _ = await order(desk)
            for how, event in ((fails, failed), (again, renewed)):
                monkeypatch.setattr(os, "utime", how)
                await event.wait()
            assert desk.loops.failures["leases of jobs"]
            state = desk.job(job.id).state
            kind.free.set()
            return state, (await ended(desk, job.id)).state

    assert asyncio.run(scene()) == ("running", "done")


def test_one_lease_that_cannot_be_renewed_keeps_no_other_from_it(tmp_path, monkeypatch):
    renew = Lease.renew
    renewed = []

    def noted(lease):
        if not renewed:
            renewed.append("failed")
            full()
        renewed.append(lease)
        return renew(lease)

    async def scene():
        async with toys(tmp_path, Toy()) as desk:
            await order(desk)
            await order(desk)
            monkeypatch.setattr(Lease, "renew", noted)
            with pytest.raises(OSError, match="No space"):
                await desk._takeover.renew()

    asyncio.run(scene())
    assert len(renewed) == 2


def test_a_job_that_cannot_be_taken_over_keeps_no_other_from_it_nor_the_agent_from_starting(
    tmp_path, monkeypatch
):
    async def leaves():
        async with toys(tmp_path, Toy()) as desk:
            return {(await order(desk))[0].id for _ in range(2)}

    async def finds(ids):
        take, tried = Lease.take, []

        def once(home, me):
            tried.append(home.name)
            if len(tried) == 1:
                full()
            return take(home, me)

        monkeypatch.setattr(Lease, "take", once)
        kind = Toy()
        kind.free.set()
        async with toys(tmp_path, kind) as desk:
            failures = dict(desk.loops.failures)
            first, second = tried
            done = (await ended(desk, second)).state
            await desk._takeover.adopt()
            return failures, done, (await ended(desk, first)).state

    ids = asyncio.run(leaves())
    failures, *states = asyncio.run(finds(ids))
    assert failures == {"jobs of other agents": 1}
    assert states == ["done", "done"]


def test_a_lease_that_does_not_fit_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        Lease.take(tmp_path, Owner.this(tmp_path / "lock"))
    assert list(tmp_path.iterdir()) == []
