"""A list ends when its reader goes, and Rucio is asked for no more of it."""

import asyncio
from contextlib import aclosing
from urllib.parse import urlencode

import pytest

from escape_vre.core.service import FetchQuery
from escape_vre.testing.rucio import Answer, fixed, listed
from escape_vre.testing.waiting import wait_until

FILE = {"scope": "t", "name": "a", "type": "FILE", "bytes": 3}
DATASET = {"scope": "t", "name": "ds", "type": "DATASET"}
ROUTES = [
    ("/dids/t/dids/search", "/datalake/dids", {"scope": "t", "type": "file"}),
    ("/dids/t/a/dids", "/datalake/contents", {"ref": "t:a"}),
]


async def read(app, path, query, leave):
    """Read a list as a server would, until ``leave`` returns; returns the pieces sent."""
    sent = []
    began = False

    async def receive():
        nonlocal began
        if not began:
            began = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.to_thread(leave, sent)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": urlencode(query).encode(),
        "headers": [],
        "server": ("agent", 80),
        "client": None,
    }
    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize(("remote", "path", "query"), ROUTES)
def test_a_reader_who_goes_between_two_rows(agent, rucio, remote, path, query):
    rucio.says(remote, listed(FILE, stays=True))

    def first_row_read(sent):
        wait_until(lambda: len(sent) >= 2)

    sent = agent.run(read(agent.app, path, query, first_row_read))
    assert sent[0]["status"] == 200
    assert b'"name":"a"' in sent[1]["body"]
    wait_until(rucio.left.is_set)


@pytest.mark.parametrize(("remote", "path", "query"), ROUTES)
def test_a_reader_who_goes_before_the_first_row(agent, rucio, remote, path, query):
    rucio.says(remote, Answer(b"\n", stays=True))

    def asked(_):
        wait_until(lambda: rucio.asked[remote])

    assert agent.run(read(agent.app, path, query, asked)) == []
    wait_until(rucio.left.is_set)


@pytest.mark.parametrize("remote", ["/dids/t/ds", "/replicas/list", "/dids/t/ds/files"])
def test_who_plans_a_transfer_and_is_cancelled(agent, rucio, remote):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says(remote, Answer(b"\n", stays=True))

    async def planned():
        query = FetchQuery(instance="lab", refs=["rucio:t:ds"])
        async with aclosing(agent.lake.sources(query)) as sources:
            async for _ in sources:
                pass

    async def cancelled():
        planning = asyncio.create_task(planned())
        await asyncio.to_thread(wait_until, lambda: rucio.asked[remote])
        planning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await planning

    agent.run(cancelled())
    wait_until(rucio.left.is_set)
