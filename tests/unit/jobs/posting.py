"""A kind whose jobs make something at a remote, and an agent that runs one.

``python -m tests.unit.jobs.posting STATE URL``
"""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path

from escape_vre.core.loops import Loops
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.models import JobRequest


class MakeRequest(JobRequest):
    kind: str = "make"
    service: str = "remote"
    instance: str = "x"
    title: str = "a thing"
    url: str


class Make(Kind[MakeRequest]):
    """Makes one thing, which the remote knows by a name of this job's own."""

    name = "make"
    request = MakeRequest
    unit = "steps"
    ends_unwaited = False
    keeps_server_alive = False

    async def run(self, context):
        await context.checkpoint({"name": "only-this-job"})
        made = await asyncio.to_thread(ask, context.request.url, "only-this-job")
        await self.found(context, made)

    async def resume(self, context):
        known = {}
        for checkpoint in context.checkpoints:
            known |= checkpoint
        if "name" not in known:
            await self.run(context)
            return
        made = await asyncio.to_thread(ask, f"{context.request.url}?name={known['name']}")
        if made is None:
            made = await asyncio.to_thread(ask, context.request.url, known["name"])
        await self.found(context, made)

    async def found(self, context, made):
        await context.checkpoint({"id": made})
        context.result = {"id": made}


def ask(url, name=None):
    """GET, or POST a name; returns the JSON of the answer."""
    body = None if name is None else json.dumps({"name": name}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:
        return json.loads(answer.read())


async def run(state, url):
    """Be an agent until there is nothing to do; asks for a thing where no job is known."""
    desk = make_desk(
        state=state,
        lock=state / "lock",
        settings=Transfers(),
        data_dir=lambda: state,
        service=lambda name: name,
        kinds=lambda _: [Make()],
        keep_days=1,
        loops=Loops(),
    )
    await desk.start()
    if not desk.jobs():
        await desk.submit(MakeRequest(url=url), client=None, environment={})
    (job,) = desk.jobs()
    while not (job := await desk.wait_for(job.id, 60)).finished:
        pass
    return job


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(run(Path(sys.argv[1]), sys.argv[2])).model_dump_json())
