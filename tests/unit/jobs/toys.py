"""Kinds of job that do what a test says, and desks for them."""

import asyncio
import itertools
from contextlib import asynccontextmanager

from escape_vre.core.loops import Loops
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.models import JobRequest

AGENTS = itertools.count()


class ToyRequest(JobRequest):
    kind: str = "toy"
    service: str = "toys"
    instance: str = "x"
    title: str = "a toy"
    steps: int = 1


class Toy(Kind[ToyRequest]):
    """Counts steps once it is let go."""

    name = "toy"
    request = ToyRequest
    unit = "steps"
    slots = 1
    ends_unwaited = False
    keeps_server_alive = False

    def __init__(self):
        self.free = asyncio.Event()
        self.calls = []

    async def run(self, context):
        self.calls.append("run")
        await self.count(context)

    async def resume(self, context):
        self.calls.append("resume")
        await self.count(context)

    async def cancel(self, context):
        self.calls.append("cancel")

    async def count(self, context):
        await context.checkpoint({"begun": context.request.steps})
        context.report(1, context.request.steps)
        await self.free.wait()
        context.report(context.request.steps, context.request.steps)
        context.result = {"answer": 42}


@asynccontextmanager
async def toys(tmp_path, kind=None, service=None, kinds=None):
    """Give a desk whose service toys brings a kind; or the kinds of each service of a name."""
    loops = Loops()
    desk = make_desk(
        state=tmp_path / "state",
        lock=tmp_path / f"lock.{next(AGENTS)}",  # of an agent that has ended, for the next one
        settings=Transfers(reserve_bytes=0),
        data_dir=lambda: tmp_path,
        service=lambda _: service,
        kinds=kinds or (lambda service: [kind] if service == "toys" else []),
        keep_days=1,
        loops=loops,
    )
    await desk.start()
    desk.loops = loops
    try:
        yield desk
    finally:
        await loops.stop()
        await desk.stop()


async def order(desk, *, key=None, client="me", **asked):
    """Ask for a toy; returns the job, and whether it is new."""
    return await desk.submit(ToyRequest(**asked), client=client, environment={}, key=key)


async def ended(desk, job_id):
    """Return the job when it has ended."""
    async with asyncio.timeout(60):
        while not (job := await desk.wait_for(job_id, 1)).finished:
            pass
    return job
