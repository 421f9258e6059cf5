"""The one authorised client: renewal, deadline, what is sent twice, and where nothing is sent."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager

import pytest

from escape_vre.core import bodies, pace, retry
from escape_vre.core.client import AuthorisedClient, Dialect
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    NotFoundError,
    RemoteTimeoutError,
    RemoteUnavailableError,
)
from escape_vre.core.http import RemoteClient
from escape_vre.core.pace import Pace
from escape_vre.core.tls import tls_context
from escape_vre.core.tokens import Token, TokenChain
from escape_vre.testing.rucio import HANGS_UP, Answer, FakeRucio, fixed, listed

TLS = tls_context(None)


@pytest.fixture
def server():
    with FakeRucio() as running:
        yield running


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE_S", 0.001)


class Numbered:
    """Another token each time."""

    def __init__(self):
        self.given = 0

    async def token(self, environment):
        self.given += 1
        return Token(f"token-{self.given}", 4e9)


class Silent:
    """A source that never answers."""

    async def token(self, environment):
        await asyncio.Event().wait()


class Plain(Dialect):
    """A service that takes a bearer token."""

    def credentials(self, token):
        return {"Authorization": f"Bearer {token.value}"}

    def refusal(self, response):
        kind = {401: AuthError, 404: NotFoundError}.get(response.status_code)
        return (kind or RemoteUnavailableError)(f"status {response.status_code}")

    def nonsense(self):
        return BadResponseError("nonsense")


class InTheQuery(Plain):
    """A service that takes its token there."""

    def credentials(self, token):
        return {}

    def params(self, token):
        return {"access_token": token.value}


@asynccontextmanager
async def client_of(server, source, *, base="/api", dialect=None, **options):
    connections = RemoteClient("Lab", tls=TLS, timeout_s=30, **options)
    tokens = source and TokenChain([source], service="Lab", hint="")
    try:
        yield AuthorisedClient(
            server.url + base,
            http=connections,
            tokens=tokens,
            dialect=dialect or Plain(),
            environment={},
        )
    finally:
        await connections.close()


def run(server, ask, source=None, **options):
    """Return what a question to a client gives."""

    async def scene():
        async with client_of(server, source, **options) as client:
            return await ask(client)

    return asyncio.run(scene())


async def all_of(rows):
    return [row async for row in rows]


def lines(client, path="/list"):
    async def read(response):
        async for line in bodies.lines(response):
            yield json.loads(line)

    return all_of(client.rows("GET", path, read))


def shown(server):
    return [headers.get("authorization") for _, headers in server.heads]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_token_that_is_refused_is_renewed_once(server, method):
    server.says("/api/x", Answer(status=401), fixed({"a": 1}))
    assert run(server, lambda client: client.json(method, "/x"), Numbered()) == {"a": 1}
    assert shown(server) == ["Bearer token-1", "Bearer token-2"]


def test_a_second_refusal_is_the_answer(server):
    server.says("/api/x", Answer(status=401))
    source = Numbered()
    with pytest.raises(AuthError, match="status 401"):
        run(server, lambda client: client.json("GET", "/x"), source)
    assert (server.asked["/api/x"], source.given) == (2, 2)


def test_the_token_of_a_list_is_renewed_too(server):
    server.says("/api/list", Answer(status=401), listed({"n": 1}))
    assert run(server, lines, Numbered()) == [{"n": 1}]
    assert shown(server) == ["Bearer token-1", "Bearer token-2"]


def test_a_token_in_the_query_is_in_no_log(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.says("/api/x", Answer(status=401), fixed({"a": 1}))
    server.says("/api/list", listed({"n": 1}))

    async def ask(client):
        await client.json("GET", "/x", params={"size": "1"})
        await client.json("GET", f"{server.url}/api/x?page=2&access_token=old")
        await lines(client)
        with pytest.raises(NotFoundError):
            await client.json("GET", "/gone")

    server.says("/api/gone", Answer(status=404))
    run(server, ask, Numbered(), dialect=InTheQuery())
    assert [query for _, query in server.queries] == [
        "size=1&access_token=token-1",
        "size=1&access_token=token-2",
        "page=2&access_token=token-2",
        "access_token=token-2",
        "access_token=token-2",
    ]
    assert caplog.text  # somebody logs
    assert "token-" not in caplog.text


def test_without_a_sign_in_there_is_no_token(server):
    server.says("/api/x", fixed([]))
    server.says("/api/list", listed())
    assert run(server, lambda client: client.json("GET", "/x")) == []
    assert run(server, lines) == []
    assert shown(server) == [None, None]


@pytest.mark.parametrize("busy", [Answer(status=503), Answer(status=429), HANGS_UP])
@pytest.mark.parametrize(
    ("method", "how", "times"),
    [
        ("GET", {}, 2),
        ("POST", {"reads": True}, 2),
        ("POST", {}, 1),
        ("PUT", {}, 1),
        ("DELETE", {}, 1),
    ],
)
def test_only_what_reads_is_sent_again(server, busy, method, how, times):
    server.says("/api/x", busy, fixed({}))
    asked = lambda client: client.json(method, "/x", **how)  # noqa: E731
    if times == 2:
        assert run(server, asked) == {}
    else:
        with pytest.raises((RemoteUnavailableError, BadResponseError)):
            run(server, asked)
    assert server.asked["/api/x"] == times


def test_a_list_that_fails_before_its_first_row_is_asked_for_again(server):
    server.says("/api/list", HANGS_UP, listed({"n": 1}, {"n": 2}))
    assert run(server, lines) == [{"n": 1}, {"n": 2}]


def test_a_redirect_below_the_base_is_followed_with_the_token(server):
    server.says("/api/x", Answer(status=303, headers={"Location": "y?a=1"}))
    server.says("/api/y", fixed("there"))
    assert run(server, lambda client: client.json("GET", "/x"), Numbered()) == "there"
    assert shown(server) == ["Bearer token-1"] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["{other}/api/y", "/elsewhere", "//{host}/api/y", ""])
def test_a_redirect_elsewhere_is_not_followed(server, status, where):
    with FakeRucio() as other:
        address = where.format(other=other.url, host=other.url.partition("//")[2])
        server.says("/api/x", Answer(status=status, headers={"Location": address}))
        with pytest.raises(BadResponseError, match="nonsense"):
            run(server, lambda client: client.json("GET", "/x"), Numbered())
        assert not other.heads
    assert set(server.asked) == {"/api/x"}


def test_a_request_that_writes_is_not_redirected(server):
    server.says("/api/x", Answer(status=307, headers={"Location": "/api/y"}))
    with pytest.raises(BadResponseError):
        run(server, lambda client: client.json("POST", "/x"), Numbered())
    assert set(server.asked) == {"/api/x"}


def test_a_link_that_the_service_gave_is_followed_below_its_base_only(server):
    server.says("/api/next", fixed(2))
    inside = f"{server.url}/api/next?page=2"
    assert run(server, lambda client: client.json("GET", inside)) == 2
    for outside in (
        "https://evil.example.org/api/next",
        f"{server.url}/apis",
        f"{server.url}@evil.example.org/api/",
        "api/next",
    ):
        source = Numbered()
        with pytest.raises(BadResponseError):
            run(server, lambda client, at=outside: client.json("GET", at), source)
        with pytest.raises(BadResponseError):
            run(server, lambda client, at=outside: lines(client, at), source)
        assert source.given == 0


def test_the_whole_call_has_a_deadline(server):
    server.says("/api/x", Answer(b"[", stays=True))
    with pytest.raises(RemoteTimeoutError, match="Lab has not answered in full for 0 s"):
        run(server, lambda client: client.json("GET", "/x"), deadline_s=0.2)


@pytest.mark.parametrize("ask", [lambda client: client.json("GET", "/x"), lines])
def test_a_slow_token_counts_for_the_deadline(server, ask):
    with pytest.raises(RemoteTimeoutError, match="in full"):
        run(server, ask, Silent(), deadline_s=0.05)
    assert not server.heads


def test_what_is_no_json_is_no_answer(server):
    for body in (b"<html>", b"[" * 100_000, b"\xff"):
        server.says("/api/x", Answer(body))
        with pytest.raises(BadResponseError):
            run(server, lambda client: client.json("GET", "/x"))
    server.says("/api/x", fixed([]))
    with pytest.raises(BadResponseError):
        run(server, lambda client: client.object("GET", "/x"))
    server.says("/api/x", Answer())
    assert run(server, lambda client: client.object("GET", "/x")) == {}


def test_a_line_that_does_not_end_is_given_up(server, monkeypatch):
    server.says("/api/list", Answer(b'{"n": 1}\n{"n": '))
    monkeypatch.setattr(bodies, "LINE_S", -1.0)
    monkeypatch.setattr(bodies, "_pieces", _drip)
    with pytest.raises(BadResponseError, match="Lab has not ended a line"):
        run(server, lines)


async def _drip(response):
    for piece in (b'{"n": 1}\n', b'{"n"', b": 2}\n"):
        yield piece


@pytest.fixture
def clock(monkeypatch):
    """A clock that only sleeping moves on; gives the pauses, in seconds."""
    now, pauses = [1000.0], []

    async def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace.asyncio, "sleep", sleep)
    return pauses


def test_no_minute_has_more_requests_than_are_allowed(clock, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_S", 60.0)

    async def scene():
        limit = Pace(2)
        return [await limit.turn() for _ in range(5)]

    assert asyncio.run(scene()) == [True] * 5
    assert clock == [0.0, 0.0, 60.0, 0.0, 60.0]


def test_who_would_wait_too_long_is_told_so_at_once(server):
    server.says("/api/x", fixed([]))

    async def ask(client):
        await client.json("GET", "/x")
        with pytest.raises(RemoteUnavailableError, match="Lab allows 1 requests a minute"):
            await client.json("GET", "/x")
        with pytest.raises(RemoteUnavailableError, match="a minute"):
            await lines(client)

    run(server, ask, pace=Pace(1))
    assert server.asked["/api/x"] == 1


def test_the_clients_of_one_service_share_its_pace(server):
    server.says("/api/x", fixed([]))
    limit = Pace(1)
    run(server, lambda client: client.json("GET", "/x"), pace=limit)
    with pytest.raises(RemoteUnavailableError):
        run(server, lambda client: client.json("GET", "/x"), pace=limit)
