"""Checks: each takes its time and no more, and none is lost to another."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from escape_vre.core import clock
from escape_vre.core.checks import Check, Finding, checked, merged
from escape_vre.core.errors import NotFoundError
from escape_vre.core.network import Network
from escape_vre.core.proxies import Proxies
from escape_vre.core.reach import lasting, reached


async def good():
    return Finding("ok", "It works.")


async def missing():
    raise NotFoundError("There is none.", hint="Make one.")


async def broken():
    raise ZeroDivisionError("secret value")


async def silent():
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("look", "state", "message", "hint"),
    [
        (good, "ok", "It works.", ""),
        (missing, "failed", "There is none.", "Make one."),
        (broken, "failed", "The check itself failed (ZeroDivisionError).", "Report this"),
        (silent, "failed", "There was no answer within 0 s.", "Try again"),
    ],
)
def test_whatever_becomes_of_a_check_is_said(look, state, message, hint):
    check = asyncio.run(checked("S", "n", look, deadline_s=0.01 if look is silent else 60))
    assert (check.subject, check.name, check.state, check.message) == ("S", "n", state, message)
    assert check.hint.startswith(hint)
    assert check.took_ms is not None


def test_streams_come_as_they_are_done_and_end_together():
    closed = []

    def stream(name, hold):
        async def rows():
            try:
                if hold:
                    await hold.wait()
                yield Check(subject=name, name="", state="ok", message="")
                await asyncio.Event().wait()
            finally:
                closed.append(name)

        return rows()

    async def run():
        hold = asyncio.Event()
        async with aclosing(merged([stream("late", hold), stream("early", None)])) as found:
            names = [(await anext(found)).subject]
            hold.set()
            return [*names, (await anext(found)).subject]

    assert asyncio.run(run()) == ["early", "late"]
    assert sorted(closed) == ["early", "late"]


def test_a_stream_that_fails_is_not_taken_for_one_that_ends():
    async def rows():
        yield Check(subject="a", name="", state="ok", message="")
        raise RuntimeError("no")

    async def run():
        return [check async for check in merged([rows()])]

    with pytest.raises(RuntimeError):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("began", "ended", "ahead"),
    [(100.0, 100.2, 0.0), (100.9, 130.0, 0.0), (95.0, 99.5, -0.5), (161.5, 162.0, 60.5)],
)
def test_a_slow_answer_is_no_wrong_clock(began, ended, ahead):
    date = "Thu, 01 Jan 1970 00:01:40 GMT"
    assert clock.ahead_s(date, began, ended) == pytest.approx(ahead)
    assert clock.ahead_s(None, began, ended) is None


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [(100, "ok", "valid for"), (3, "warning", "3 days"), (-1, "failed", "expired")],
)
def test_a_certificate_is_worth_a_word_before_it_ends(days, state, said):
    until = datetime.now(UTC) + timedelta(days=days, minutes=5)
    found = lasting("It", until, "Renew it.")
    assert found.state == state
    assert said in found.message


def test_a_proxys_password_is_not_shown():
    way = Network((), True, Proxies(https="http://me:pa55@localhost:1"))

    async def run():
        return [check async for check in reached("S", "https://rucio.invalid", way)]

    name, connection = asyncio.run(run())
    assert (name.state, connection.state) == ("ok", "failed")
    assert "the proxy localhost:1" in connection.message
    assert "pa55" not in f"{name}{connection}"
