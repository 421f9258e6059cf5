"""The chain of sources: kept while good, asked together, waited for gently."""

import asyncio
import base64
import time

import pytest

from escape_vre.core import tokens
from escape_vre.core.errors import AuthError, ConfigurationError, RemoteUnavailableError
from escape_vre.core.tokens import Token, TokenChain, TokenFile, jwt_expiry


class Source:
    """Answers what it is told to."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0
        self.thrice = asyncio.Event()

    async def token(self, environment):
        self.asked += 1
        if self.asked == 3:
            self.thrice.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def chain(*sources):
    return TokenChain(list(sources), service="the lake", hint="Sign in.")


def ended(**details):
    return AuthError("The session has ended.", details=details or {"sign_in": "https://x/"})


def good(value="t", left_s=300.0):
    return Token(value, time.time() + left_s)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(tokens, "POLL_S", (0.02, 0.04))
    monkeypatch.setattr(tokens, "RETRY_S", (0.01, 0.02))


@pytest.mark.parametrize(
    ("lifetime_s", "left_s", "fresh"),
    [(3600, 61, True), (3600, 59, False), (60, 20, True), (60, 14, False), (60, -1, False)],
)
def test_a_token_is_good_until_a_minute_or_a_quarter_before_its_end(
    monkeypatch, lifetime_s, left_s, fresh
):
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    assert Token("t", now + left_s, obtained=now + left_s - lifetime_s).fresh is fresh


def test_a_short_token_is_kept_and_not_asked_for_at_every_request():
    source = Source(good(left_s=30))

    async def twice():
        asked = chain(source)
        return [await asked.get({}) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first is second
    assert source.asked == 1


def test_what_is_worth_waiting_for_is_said_before_what_is_not():
    for sources in ((ended(), AuthError("expired")), (AuthError("expired"), ended())):
        with pytest.raises(AuthError, match="session"):
            asyncio.run(chain(*map(Source, sources)).get({}))


def test_waiting_ends_when_there_is_a_token_and_tells_each_reason_once(quick):
    down = RemoteUnavailableError("It is down.", details={"retry_after_s": 1})
    source = Source(ended(), ended(), down, good())

    async def wait():
        asked = chain(source)
        return [error.message async for error in asked.refusals({})], (await asked.get({})).value

    assert asyncio.run(wait()) == (["The session has ended.", "It is down."], "t")


def test_waiting_ends_at_once_when_somebody_else_gets_a_token():
    source = Source(ended(), good())

    async def wait():
        asked = chain(source)
        reasons = asked.refusals({})
        first = await anext(reasons)
        upcoming = asyncio.ensure_future(anext(reasons, None))
        await asyncio.sleep(0)
        await asked.get({})
        async with asyncio.timeout(1):  # its own next question is three seconds away
            return first.message, await upcoming

    assert asyncio.run(wait()) == ("The session has ended.", None)


def test_many_that_wait_ask_no_more_than_one(quick):
    source = Source(ended())

    async def wait():
        asked = chain(source)

        async def one():
            async for _ in asked.refusals({}):
                pass

        waiting = [asyncio.create_task(one()) for _ in range(20)]
        await source.thrice.wait()
        rounds = source.asked
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        return rounds

    assert asyncio.run(wait()) <= 4


def test_what_waiting_does_not_mend_is_raised(quick):
    source = Source(ended(), ConfigurationError("It is gone."))

    async def wait():
        return [error async for error in chain(source).refusals({})]

    with pytest.raises(ConfigurationError):
        asyncio.run(wait())


def test_a_token_that_was_refused_is_not_given_again():
    source = Source(good("old"), good("new"))

    async def renew():
        asked = chain(source)
        old = await asked.get({})
        new = await asyncio.gather(*(asked.renew({}, old.value) for _ in range(5)))
        return {token.value for token in new}

    assert asyncio.run(renew()) == {"new"}
    assert source.asked == 2


class Clock:
    """Says how far ours is ahead of the service's."""

    def __init__(self, ahead_s):
        self.ahead = ahead_s
        self.asked = 0

    async def ahead_s(self):
        self.asked += 1
        return self.ahead


def test_a_token_that_looks_expired_is_judged_by_the_services_clock():
    clock = Clock(7200.0)
    late = TokenChain([Source(good(left_s=-3600))], service="the lake", hint="", clock=clock)
    token = asyncio.run(late.get({}))
    assert token.expires == pytest.approx(time.time() + 3600, abs=60)


def test_a_good_token_costs_no_question_about_the_time():
    clock = Clock(7200.0)
    asyncio.run(TokenChain([Source(good())], service="the lake", hint="", clock=clock).get({}))
    assert clock.asked == 0


@pytest.mark.parametrize("text", ["≤", "a\nb", "a\x1bb", "a\x7fb"])
def test_a_file_that_holds_no_token_is_said(tmp_path, text):
    file = tmp_path / "token"
    file.write_text(text)
    chain = TokenChain([TokenFile(file)], service="lab", hint="Sign in again.")
    with pytest.raises(AuthError, match="is not a token"):
        asyncio.run(chain.get({}))


def test_a_lifetime_beyond_all_numbers_is_none():
    claims = base64.urlsafe_b64encode(b'{"exp": 1' + b"0" * 400 + b"}").decode().rstrip("=")
    assert jwt_expiry(f"x.{claims}.x") is None
