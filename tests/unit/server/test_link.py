"""What is sent to another agent when the first has gone."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from escape_vre.core.caller import KEY_HEADER
from escape_vre.core.errors import AgentUnavailableError
from escape_vre.core.location import Location
from escape_vre.server.link import AgentLink
from escape_vre.server.pool import AgentPool


class Pool:
    """Fails as a test says, then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.sent = []

    @asynccontextmanager
    async def stream(self, method, target, *, headers, body=b""):
        self.sent.append((method, headers.get(KEY_HEADER)))
        if self.failures:
            raise self.failures.pop(0)
        yield "answer"


@pytest.fixture
def link(tmp_path):
    """A link whose agent always runs."""
    link = AgentLink(Location(state=tmp_path, runtime=tmp_path, key="k"), tmp_path)

    async def ensure():
        pass

    link.ensure = ensure
    return link


def ask(link, method, *failures, headers=None):
    """Return what was sent, and what came of it."""
    link._http = pool = Pool(*failures)

    async def scene():
        async with link.stream(method, "/x", headers=headers or {}) as answer:
            return answer

    try:
        return pool.sent, asyncio.run(scene())
    except AgentUnavailableError as e:
        return pool.sent, e


def test_reads_and_keyed_requests_are_sent_again(link):
    assert ask(link, "GET", ConnectionError()) == ([("GET", None)] * 2, "answer")
    key = {KEY_HEADER: "key-of-one-request"}
    sent, answer = ask(link, "POST", ConnectionError(), headers=key)
    assert (sent, answer) == ([("POST", "key-of-one-request")] * 2, "answer")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_other_writes_are_not(link, method):
    sent, error = ask(link, method, ConnectionError())
    assert len(sent) == 1
    assert "before it answered" in error.message


def test_what_no_agent_has_got_goes_to_the_next(link):
    sent, answer = ask(link, "POST", ConnectionRefusedError())
    assert (len(sent), answer) == (2, "answer")


def test_a_pool_says_when_nothing_was_sent(tmp_path):
    tmp_path.chmod(0o700)

    async def scene():
        pool = AgentPool(tmp_path / "none")
        async with pool.stream("POST", "/x", headers={}):
            pass

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(scene())
