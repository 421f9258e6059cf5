"""The Hub as a token source: what each of its answers becomes."""

import asyncio
import base64
import json
import ssl
import time
from pathlib import Path

import pytest
import trustme

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    NotFoundError,
    RemoteError,
    RemoteUnavailableError,
)
from escape_vre.core.hub import pack_hub
from escape_vre.core.keyring import Keyring
from escape_vre.core.tokens import EnvironmentToken, TokenChain
from escape_vre.testing.fake_hub import SIGN_IN, FakeHub


@pytest.fixture
def hub():
    with FakeHub(audiences={"rucio": lambda: "t0ken"}) as running:
        yield running


def ask(hub, *, servers=("",), audience="rucio", optional=False, **variables):
    """Return the one answer to one question by an agent that has heard of these servers."""

    async def once():
        keyring = Keyring(Path("nowhere"))
        for server in servers:
            keyring.hubs.learn(pack_hub({**hub.environment(server), **variables}))
        try:
            return await keyring.hub(audience, optional=optional).token({})
        finally:
            await keyring.close()

    return asyncio.run(once())


def test_a_token_ends_by_our_clock_whatever_it_says_itself(hub):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1}).encode()).decode().rstrip("=")
    hub.audiences["rucio"] = lambda: f"e30.{claims}.c2ln"
    before = time.time()
    token = ask(hub)
    assert before + 300 <= token.expires <= time.time() + 300
    assert token.fresh


def test_a_hub_that_does_not_say_how_long_is_believed_by_the_token(hub):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 2_000_000_000}).encode()).decode()
    hub.audiences["rucio"] = lambda: f"e30.{claims}.c2ln"
    hub.lifetime_s = None
    assert ask(hub).expires == 2_000_000_000


def test_an_ended_session_says_where_to_sign_in(hub):
    hub.mood = "sign_in"
    with pytest.raises(AuthError, match="session") as caught:
        ask(hub)
    assert caught.value.details["sign_in"] == f"https://hub.example.org{SIGN_IN}"
    assert caught.value.worth_waiting


def test_a_provider_that_is_down_says_when_to_ask_again(hub):
    hub.mood = "down"
    with pytest.raises(RemoteUnavailableError, match="provider") as caught:
        ask(hub)
    assert caught.value.details["retry_after_s"] == 1.0


@pytest.mark.parametrize("mood", ["busy", "gone"])
def test_a_hub_that_is_down_is_asked_again_too(hub, mood):
    if mood == "busy":
        hub.mood = "busy"
        with pytest.raises(RemoteUnavailableError) as caught:
            ask(hub)
    else:
        environment = hub.environment()
        hub.__exit__()
        with pytest.raises(RemoteUnavailableError) as caught:
            _ask_by(environment)
        hub.__enter__()
    assert caught.value.worth_waiting
    assert caught.value.hint


@pytest.mark.parametrize(
    ("said", "pause_s"),
    [
        ("7", 7.0),
        ("Thu, 26 Nov 2020 08:00:30 GMT", 0.0),
        ("soon", 5.0),
        ("1e400", 5.0),
        ("-3", 5.0),
    ],
)
def test_a_busy_hub_is_asked_again_when_it_says(hub, said, pause_s):
    hub.mood = "busy"
    hub.headers = {"Retry-After": said}
    with pytest.raises(RemoteUnavailableError) as caught:
        ask(hub)
    assert caught.value.details["retry_after_s"] == pause_s


def _ask_by(environment):
    async def once():
        keyring = Keyring(Path("nowhere"))
        keyring.hubs.learn(pack_hub(environment))
        try:
            await keyring.hub("rucio").token({})
        finally:
            await keyring.close()

    asyncio.run(once())


def test_a_hub_without_the_endpoint_hands_out_nothing(hub):
    hub.mood = "plain"
    with pytest.raises(ConfigurationError, match="does not provide tokens") as caught:
        ask(hub)
    assert not caught.value.worth_waiting
    assert ask(hub, optional=True) is None


@pytest.mark.parametrize("status", [302, 404, 405, 501])
def test_only_a_missing_address_says_that_a_hub_has_no_tokens(hub, status):
    hub.status = status
    with pytest.raises(ConfigurationError, match=rf"does not provide tokens \(status {status}\)"):
        ask(hub)
    assert ask(hub, optional=True) is None


@pytest.mark.parametrize("status", [400, 408, 413, 421, 425, 431])
def test_what_stands_before_a_hub_says_nothing_of_its_tokens(hub, status):
    """A job waits and asks again, where 'provides no tokens' would end it."""
    hub.status = status
    with pytest.raises(BadResponseError, match=f"status {status}") as caught:
        ask(hub)
    assert caught.value.worth_waiting


def test_an_unknown_audience_is_named_with_those_there_are(hub):
    with pytest.raises(NotFoundError, match="moon") as caught:
        ask(hub, audience="moon")
    assert caught.value.details["audiences"] == ["rucio"]
    assert ask(hub, audience="moon", optional=True) is None


def test_an_answer_that_is_no_token_is_not_taken_for_one(hub):
    hub.mood = "nonsense"
    with pytest.raises(BadResponseError):
        ask(hub)


def test_when_one_server_has_ended_anothers_token_serves(hub):
    async def twice():
        keyring = Keyring(Path("nowhere"))
        for server in ("gpu", ""):
            keyring.hubs.learn(pack_hub(hub.environment(server)))
        hub.end_server("")
        try:
            tokens = [await keyring.hub("rucio").token({}) for _ in range(2)]
        finally:
            await keyring.close()
        return [token.value for token in tokens], [a.server for a in keyring.hubs]

    assert asyncio.run(twice()) == (["t0ken", "t0ken"], ["gpu", ""])
    assert hub.asked == [("gpu", "rucio")] * 2


def test_when_every_server_has_ended_it_says_so(hub):
    environment = hub.environment()
    hub.end_server()
    with pytest.raises(AuthError) as caught:
        _ask_by(environment)
    assert not caught.value.worth_waiting


def test_an_agent_that_nobody_has_called_yet_waits_and_one_outside_does_not():
    async def ask_before_and_after():
        keyring = Keyring(Path("nowhere"))
        with pytest.raises(RemoteUnavailableError) as before:
            await keyring.hub("rucio").token({})
        keyring.hubs.learn(None)
        with pytest.raises(ConfigurationError) as after:
            await keyring.hub("rucio").token({})
        return before.value.worth_waiting, after.value.worth_waiting

    assert asyncio.run(ask_before_and_after()) == (True, False)


def test_where_it_may_a_hub_that_has_nothing_is_not_asked_again_soon(hub):
    async def thrice():
        keyring = Keyring(Path("nowhere"))
        keyring.hubs.learn(pack_hub(hub.environment()))
        source = keyring.hub("moon", optional=True)
        try:
            return [await source.token({}) for _ in range(3)]
        finally:
            await keyring.close()

    assert asyncio.run(thrice()) == [None, None, None]
    assert hub.asked == [("", "moon")]


def test_ten_that_ask_at_once_are_one_question(hub):
    async def together():
        keyring = Keyring(Path("nowhere"))
        keyring.hubs.learn(pack_hub(hub.environment()))
        chain = TokenChain([keyring.hub("rucio")], service="x", hint="")
        try:
            tokens = await asyncio.gather(*(chain.get({}) for _ in range(10)))
            return {token.value for token in tokens} | {(await chain.get({})).value}
        finally:
            await keyring.close()

    assert asyncio.run(together()) == {"t0ken"}
    assert len(hub.asked) == 1


def test_the_callers_own_variable_serves_where_the_hub_does_not(hub):
    hub.mood = "sign_in"

    async def both():
        keyring = Keyring(Path("nowhere"))
        keyring.hubs.learn(pack_hub(hub.environment()))
        chain = TokenChain(
            [keyring.hub("rucio", optional=True), EnvironmentToken("RUCIO_AUTH_TOKEN")],
            service="x",
            hint="",
        )
        try:
            mine = await chain.get({"RUCIO_AUTH_TOKEN": "mine"})
            with pytest.raises(AuthError) as caught:
                await chain.get({})
            return mine.value, caught.value.details
        finally:
            await keyring.close()

    value, details = asyncio.run(both())
    assert value == "mine"
    assert "sign_in" in details


def test_the_hub_is_trusted_by_the_authorities_of_its_server(hub, tmp_path):
    site = trustme.CA()
    site.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site.issue_cert("127.0.0.1").configure_cert(context)
    hub.server.use_tls(context)
    with pytest.raises(RemoteError, match="cannot be trusted"):
        ask(hub)
    assert ask(hub, SSL_CERT_FILE=str(tmp_path / "ca.pem")).value == "t0ken"
