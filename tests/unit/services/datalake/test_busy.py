"""A Rucio that is busy for a moment, or whose connections break, is asked again."""

import asyncio

import pytest

from escape_vre.core import retry
from escape_vre.core.http import RemoteClient
from escape_vre.core.retry import ATTEMPTS, Retries, retry_after
from escape_vre.core.tls import tls_context
from escape_vre.testing.rucio import HANGS_UP, Answer, fixed, listed
from escape_vre.testing.waiting import wait_until

FILE = {"scope": "t", "name": "a", "type": "FILE", "bytes": 3}
STATES = {"refs": ["rucio:t:a"]}
CALLS = [
    ("/scopes/", "/datalake/scopes", None, {}, fixed(["t"])),
    ("/accounts/whoami", "/datalake/whoami", None, {}, fixed({"account": "jdoe"})),
    ("/dids/t/a", "/datalake/did", None, {"ref": "t:a"}, fixed(FILE)),
    ("/dids/t/a/dids", "/datalake/contents", None, {"ref": "t:a"}, listed(FILE)),
    ("/dids/t/dids/search", "/datalake/dids", None, {"scope": "t"}, listed(FILE)),
    ("/dids/bulkmeta", "/datalake/states", STATES, {}, listed(FILE)),
    ("/replicas/list", "/datalake/states", STATES, {}, listed({**FILE, "rses": {"A": []}})),
]
BUSY = [*[Answer(status=status) for status in (429, 502, 503, 504)], HANGS_UP, Answer(cut=True)]


@pytest.mark.parametrize("busy", BUSY, ids=["429", "502", "503", "504", "hangs up", "cut"])
@pytest.mark.parametrize(("remote", "path", "body", "query", "good"), CALLS)
def test_it_is_asked_again(agent, rucio, at_once, busy, remote, path, body, query, good):
    rucio.says("/dids/t/a", fixed(FILE))
    rucio.says("/dids/bulkmeta", listed(FILE))
    rucio.says(remote, good)
    expected = agent.ask(path, body, **query)
    rucio.says(remote, busy, good)
    rucio.asked.clear()
    status, found = agent.ask(path, body, **query)
    assert status == 200
    if path != "/datalake/whoami":  # which says how long it took
        assert found == expected[1]
    assert rucio.asked[remote] >= 2


@pytest.mark.parametrize("busy", BUSY[:5], ids=["429", "502", "503", "504", "hangs up"])
def test_a_sign_in_is_tried_again(agent, rucio, at_once, busy):
    rucio.says("/auth/userpass", busy, *rucio.answers["/auth/userpass"])
    assert agent.ask("/datalake/scopes") == (200, {"scopes": ["t"]})
    assert rucio.asked["/auth/userpass"] == 2


def test_it_is_given_up_after_some_attempts(agent, rucio, at_once):
    rucio.says("/scopes/", Answer(status=503))
    status, found = agent.ask("/datalake/scopes")
    assert (status, found["error"]["code"]) == (503, "remote_unavailable")
    assert "too busy" in found["error"]["message"]
    assert rucio.asked["/scopes/"] == ATTEMPTS


def test_a_list_that_breaks_after_its_first_row_is_not_begun_anew(agent, rucio, at_once):
    rucio.says("/dids/t/a/dids", listed(FILE, cut=True))
    status, lines = agent.ask("/datalake/contents", ref="t:a")
    assert status == 200
    assert lines[0]["name"] == "a"
    assert lines[-1]["error"]["code"] == "bad_response"
    assert rucio.asked["/dids/t/a/dids"] == 1


def test_a_list_whose_last_row_is_torn_has_no_end(agent, rucio):
    rucio.says("/dids/t/a/dids", Answer(listed(FILE).body + b'{"scope": "t", "na'))
    _, lines = agent.ask("/datalake/contents", ref="t:a")
    assert [line.get("name") for line in lines] == ["a", None]
    assert lines[-1]["error"]["code"] == "bad_response"


def test_what_says_no_is_not_asked_again(agent, rucio):
    rucio.says("/scopes/", Answer(status=500))
    assert agent.ask("/datalake/scopes")[0] == 503
    assert rucio.asked["/scopes/"] == 1


def test_what_cannot_be_asked_twice_is_asked_once(rucio):
    rucio.says("/token", Answer(status=503))

    async def once():
        http = RemoteClient("The Hub", tls=tls_context(None), timeout_s=30)
        try:
            return await http.request("POST", rucio.url + "/token")
        finally:
            await http.close()

    assert asyncio.run(once()).status_code == 503
    assert rucio.asked["/token"] == 1


def test_who_waits_for_another_attempt_can_be_cancelled(agent, rucio):
    rucio.says("/scopes/", Answer(status=503, headers={"Retry-After": "20"}))

    async def cancelled():
        asking = asyncio.create_task(agent.lake.scopes(None, {}))
        await asyncio.to_thread(wait_until, lambda: rucio.asked["/scopes/"])
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    agent.run(cancelled())
    assert rucio.asked["/scopes/"] == 1


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, in seconds; none is waited for."""
    made = []

    async def sleep(seconds):
        made.append(seconds)

    monkeypatch.setattr(retry.asyncio, "sleep", sleep)
    return made


def _again(*after):
    async def all_of():
        retries = Retries()
        return [await retries.again(one) for one in after]

    return asyncio.run(all_of())


def test_the_pause_is_the_one_that_is_asked_for(pauses):
    assert _again(3.0) == [True]
    assert pauses == [3.0]


def test_no_pause_is_as_long_as_a_server_may_wish(pauses):
    assert _again(86400.0) == [True]
    assert pauses == [retry.LONGEST_PAUSE_S]


def test_our_own_pauses_grow_and_end(pauses):
    assert _again(None, None, None, None) == [True, True, True, False]
    for longest, pause in zip((0.5, 1.0, 2.0), pauses, strict=True):
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        (
            {
                "Retry-After": "Thu, 26 Nov 2026 10:00:30 GMT",
                "Date": "Thu, 26 Nov 2026 10:00:00 GMT",
            },
            30.0,
        ),
        ({"Retry-After": "Thu, 26 Nov 1998 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": "Thu, 99 Nov 99999 10:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_time_to_ask_again_is_read_in_both_forms(headers, seconds):
    assert retry_after(headers) == seconds
