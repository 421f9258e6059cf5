"""The kind that the developer guide shows works as it says."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.unit.jobs.toys import ended, toys

GUIDE = Path(__file__).parents[3] / "docs/developer/jobs.md"


class Remote:
    """Has records by name, and loses its connection when a test says so."""

    def __init__(self):
        self.records = {}
        self.published = []
        self.breaks_after = ""

    def new_name(self):
        return "name-1"

    async def find(self, name):
        return "record of name-1" if name in self.records else None

    async def make(self, name, metadata):
        self.records[name] = metadata
        await self._breaks("make")
        return f"record of {name}"

    async def publish(self, record):
        self.published.append(record)

    async def discard(self, name):
        del self.records[name]

    async def _breaks(self, after):
        if after == self.breaks_after:
            self.breaks_after = ""
            raise ConnectionResetError


@pytest.fixture(scope="module")
def guide():
    (code,) = re.findall(r"```\{code-block\} python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    found = {"__name__": __name__}
    exec(compile(code, str(GUIDE), "exec"), found)
    return found


def request(guide):
    asked = {"service": "toys", "instance": "x", "title": "a record", "metadata": {"by": "me"}}
    return guide["PublishRequest"](**asked)


def test_it_makes_a_record_once_whatever_happens(tmp_path, guide):
    remote = Remote()
    remote.breaks_after = "make"

    async def scene():
        async with toys(tmp_path, guide["publish"], remote) as desk:
            job, _ = await desk.submit(request(guide), client="me", environment={})
            failed = await ended(desk, job.id)
            await desk.retry(job.id, client="me", environment={})
            return failed, await ended(desk, job.id)

    failed, done = asyncio.run(scene())
    assert failed.state == "failed"
    assert (done.state, done.state_word) == ("done", "published")
    assert done.result == {"record": "record of name-1"}
    assert remote.records == {"name-1": {"by": "me"}}
    assert remote.published == ["record of name-1"]


def test_cancelled_it_leaves_no_draft(tmp_path, guide):
    remote = Remote()

    async def scene():
        waiting = asyncio.Event()

        async def publish(_):
            waiting.set()
            await asyncio.Event().wait()

        remote.publish = publish
        async with asyncio.timeout(60), toys(tmp_path, guide["publish"], remote) as desk:
            job, _ = await desk.submit(request(guide), client="me", environment={})
            await waiting.wait()
            return (await desk.cancel(job.id)).state

    assert asyncio.run(scene()) == "cancelled"
    assert remote.records == {}
