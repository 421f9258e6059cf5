"""Signing in by a code: what the person sees, what is kept, and that nobody refreshes twice."""

import asyncio
import json
import ssl
import stat
import subprocess
from contextlib import asynccontextmanager

import pytest
import trustme

from escape_vre.core import device
from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    ConfigurationError,
    RemoteError,
    RemoteUnavailableError,
)
from escape_vre.core.keyring import Keyring
from escape_vre.core.network import Network, authorities
from escape_vre.core.oidc import Registration
from escape_vre.core.proxies import Proxies
from escape_vre.testing.device import DeviceProvider


@pytest.fixture
def provider():
    with DeviceProvider() as running:
        yield running


def registration(provider, **changes):
    fields = {
        "issuer": provider.issuer,
        "client_id": "escape-vre",
        "audience": "rucio",
        "scope": "openid profile offline_access",
    }
    return Registration(**{**fields, **changes})


@asynccontextmanager
async def agent(provider, state, **changes):
    """One agent's identity at the provider."""
    keyring = Keyring(state)
    try:
        yield keyring.device(registration(provider, **changes), title="the lake", login="%dl login")
    finally:
        await keyring.close()


async def signed_in(identity, provider):
    sign_in = await identity.start()
    provider.decide(sign_in.code.user_code)
    await sign_in.changed(10)
    assert sign_in.state == "done", sign_in.error
    return sign_in


def files(state):
    return [path for path in state.rglob("*.json") if path.is_file()]


def test_before_the_sign_in_it_says_what_to_do(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            with pytest.raises(AuthError, match="not signed in to the lake") as caught:
                await identity.chain.get({})
            return caught.value, identity.id

    error, identity = asyncio.run(scene())
    assert error.details == {"device": identity}
    assert "%dl login" in error.hint
    assert error.worth_waiting
    assert provider.forms == [], "nobody was asked"


@pytest.mark.parametrize("pkce", [True, False])
def test_a_person_signs_in_elsewhere_and_the_token_is_there(provider, tmp_path, pkce):
    provider.pkce = pkce

    async def scene():
        async with agent(provider, tmp_path) as identity:
            sign_in = await identity.start()
            assert sign_in.state == "waiting"
            assert sign_in.code.user_code in sign_in.code.verification_uri_complete
            provider.decide(sign_in.code.user_code)
            await sign_in.changed(10)
            return sign_in.state, (await identity.chain.get({})).value

    state, value = asyncio.run(scene())
    assert state == "done"
    assert value.startswith("access-")
    assert provider.count("refresh_token") == 0, "the first token is used, not thrown away"
    begun = provider.forms[0][1]
    assert begun["scope"] == "openid profile offline_access"
    assert begun["audience"] == "rucio"
    assert ("code_challenge" in begun) is pkce


def test_what_is_kept_is_for_us_alone_and_holds_no_access_token(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            return (await identity.chain.get({})).value

    value = asyncio.run(scene())
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text()) == {"refresh_token": provider.sessions[0].current}
    assert value not in file.read_text()


def test_the_sign_in_outlives_the_agent(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
        for _ in range(3):
            async with agent(provider, tmp_path) as identity:
                await identity.chain.get({})

    asyncio.run(scene())
    assert provider.count("refresh_token") == 3
    assert len(provider.sessions) == 1


def test_of_two_agents_and_many_requests_each_refresh_token_is_used_once(provider, tmp_path):
    provider.pause_s = 0.02

    async def scene():
        async with agent(provider, tmp_path) as one, agent(provider, tmp_path) as other:
            await signed_in(one, provider)
            one.chain.clear()
            tokens = await asyncio.gather(
                *(identity.chain.get({}) for identity in (one, other) for _ in range(10)),
                *(identity.token({}) for identity in (one, other) for _ in range(3)),
            )
            return len({token.value for token in tokens})

    asyncio.run(scene())
    assert len(provider.sessions) == 1, "a token that is used twice ends its session"
    (file,) = files(tmp_path)
    assert json.loads(file.read_text())["refresh_token"] == provider.sessions[0].current


def test_a_refresh_token_that_cannot_be_written_is_not_lost(provider, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.token({})
            with monkeypatch.context() as patch:
                patch.setattr("escape_vre.core.refresh_file.RefreshFile.save", full)
                with pytest.raises(OSError, match="space"):
                    await identity.token({})
            await identity.token({})
        async with agent(provider, tmp_path) as identity:
            await identity.token({})

    asyncio.run(scene())
    assert len(provider.sessions) == 1, "the old one was not sent again"


def test_an_agent_that_ends_while_it_refreshes_loses_nothing(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.token({})
            provider.pause_s = 2
            asking = asyncio.create_task(identity.token({}))
            await asyncio.to_thread(provider.refreshing.wait, 60)
            assert not asking.done()
            await identity.close()
            asking.cancel()
        provider.pause_s = 0
        async with agent(provider, tmp_path) as identity:
            await identity.token({})

    asyncio.run(scene())
    assert len(provider.sessions) == 1


def test_an_ended_session_is_said_once_and_forgotten(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.token({})
            provider.end_sessions()
            with pytest.raises(AuthError, match="has ended") as first:
                await identity.token({})
            with pytest.raises(AuthError, match="not signed in"):
                await identity.token({})
            await signed_in(identity, provider)
            return first.value, await identity.token({})

    error, _ = asyncio.run(scene())
    assert error.worth_waiting
    assert len(files(tmp_path)) == 1


def test_a_provider_that_is_down_ends_no_session(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.token({})
            provider.mood = "down"
            with pytest.raises(RemoteUnavailableError) as caught:
                await identity.token({})
            provider.mood = "well"
            await identity.token({})
            return caught.value

    assert asyncio.run(scene()).worth_waiting


def test_without_a_refresh_token_the_sign_in_lasts_as_long_as_its_token(provider, tmp_path):
    provider.offline = False

    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.chain.get({})
            identity.chain.clear()
            with pytest.raises(AuthError, match="not signed in"):
                await identity.chain.get({})

    asyncio.run(scene())
    assert files(tmp_path) == []


def test_refused_by_the_person(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            sign_in = await identity.start()
            provider.decide(sign_in.code.user_code, "denied")
            await sign_in.changed(10)
            return sign_in

    sign_in = asyncio.run(scene())
    assert (sign_in.state, sign_in.error.message) == ("failed", "The sign-in was refused.")


def test_a_code_that_nobody_uses_expires(provider, tmp_path):
    provider.code_lifetime_s = 0.2

    async def scene():
        async with agent(provider, tmp_path) as identity:
            sign_in = await identity.start()
            await sign_in.changed(10)
            return sign_in

    sign_in = asyncio.run(scene())
    assert sign_in.state == "failed"
    assert "expired" in sign_in.error.message


def test_it_asks_more_seldom_when_told_to_and_survives_an_outage(provider, tmp_path, monkeypatch):
    monkeypatch.setattr(device, "SLOWER_S", 0.05)
    provider.too_quick = 2

    async def scene():
        async with agent(provider, tmp_path) as identity:
            sign_in = await identity.start()
            provider.mood = "down"
            await sign_in.changed(0.2)
            assert sign_in.state == "waiting"
            provider.mood = "well"
            provider.decide(sign_in.code.user_code)
            await sign_in.changed(10)
            return sign_in.state

    assert asyncio.run(scene()) == "done"
    assert provider.too_quick == 0


def test_two_windows_share_a_sign_in_and_cancelling_ends_it(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            first, second = await asyncio.gather(identity.start(), identity.start())
            assert first is second
            await identity.cancel(first)
            third = await identity.start()
            return first.state, third is first

    assert asyncio.run(scene()) == ("cancelled", False)


def test_whoever_waits_goes_on_at_the_sign_in(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            reasons = identity.chain.refusals({})
            first = await anext(reasons)
            upcoming = asyncio.ensure_future(anext(reasons, None))
            await asyncio.sleep(0)
            await signed_in(identity, provider)
            async with asyncio.timeout(2):  # its own next question is three seconds away
                return first.details, await upcoming, identity.id

    details, rest, identity = asyncio.run(scene())
    assert (details, rest) == ({"device": identity}, None)


def test_signing_out_forgets_here_and_at_the_provider(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            await identity.chain.get({})
            await identity.sign_out()
            with pytest.raises(AuthError, match="not signed in"):
                await identity.chain.get({})

    asyncio.run(scene())
    assert provider.sessions == []
    assert files(tmp_path) == []


def test_signing_out_works_without_the_provider(provider, tmp_path):
    async def scene():
        async with agent(provider, tmp_path) as identity:
            await signed_in(identity, provider)
            provider.mood = "down"
            await identity.sign_out()

    asyncio.run(scene())
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "kind", "word"),
    [
        ({"client_id": "stranger"}, ConfigurationError, "Unknown client"),
        ({"issuer": "{}/"}, ConfigurationError, "use that"),
        ({"issuer": "{}/other"}, ConfigurationError, "issuer"),
    ],
)
def test_a_wrong_registration_says_what_to_correct(provider, tmp_path, changes, kind, word):
    fields = {name: value.format(provider.issuer) for name, value in changes.items()}

    async def scene():
        async with agent(provider, tmp_path, **fields) as identity:
            with pytest.raises(kind) as caught:
                await identity.start()
            return caught.value

    error = asyncio.run(scene())
    assert word in f"{error.message} {error.hint}"
    assert not error.worth_waiting


def test_a_link_that_is_no_link_is_not_shown(provider, tmp_path, monkeypatch):
    before = DeviceProvider._begin

    def begin(self, form):
        status, body = before(self, form)
        return status, {**body, "verification_uri_complete": "javascript:alert(1)"}

    monkeypatch.setattr(DeviceProvider, "_begin", begin)

    async def scene():
        async with agent(provider, tmp_path) as identity:
            with pytest.raises(BadResponseError):
                await identity.start()

    asyncio.run(scene())


def test_nothing_secret_is_shown(provider, tmp_path, caplog):
    caplog.set_level("DEBUG")

    async def scene():
        async with agent(provider, tmp_path) as identity:
            sign_in = await signed_in(identity, provider)
            token = await identity.token({})
            return repr(sign_in), repr(token), sign_in.code.device_code, token.value

    shown, token, device_code, value = asyncio.run(scene())
    for secret in (device_code, value, provider.sessions[0].current):
        assert secret not in shown + token + caplog.text


def test_the_provider_is_reached_by_the_proxy_of_the_caller(provider, tmp_path):
    async def scenario():
        async with agent(provider, tmp_path, issuer="http://localhost:1/idp") as identity:
            identity.reach(Network((), True, Proxies(http=provider.issuer)))
            with pytest.raises(ConfigurationError):  # what stands as the proxy has answered
                await identity.start()
            identity.reach(Network((), True, Proxies()))
            with pytest.raises(RemoteUnavailableError):
                await identity.start()

    asyncio.run(scenario())


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_provider_is_trusted_by_the_authorities_of_the_caller(provider, tmp_path, variable):
    """And not by those of the program that started the agent, which has gone."""
    site = trustme.CA()
    (tmp_path / "trusted").mkdir()
    pem = tmp_path / "trusted" / "ca.pem"
    site.cert_pem.write_to_path(str(pem))
    subprocess.run(["openssl", "rehash", pem.parent], check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site.issue_cert("127.0.0.1").configure_cert(context)
    provider.server.use_tls(context)
    path = str(pem if variable == "SSL_CERT_FILE" else pem.parent)

    async def scenario():
        async with agent(provider, tmp_path) as identity:
            with pytest.raises(RemoteError, match="cannot be trusted"):
                await identity.start()
            identity.reach(Network(*authorities(None, {variable: path}), Proxies()))
            assert (await identity.start()).state == "waiting"
            identity.reach(Network(*authorities(None, {}), Proxies()))
            await identity.cancel(identity.sign_in)
            with pytest.raises(RemoteError, match="cannot be trusted"):
                await identity.start()

    asyncio.run(scenario())
