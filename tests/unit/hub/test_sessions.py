"""Sessions, against a provider that rotates refresh tokens and ends whoever uses one twice."""

import asyncio
import itertools
import logging
import threading

import pytest
from jupyterhub.crypto import CryptKeeper
from sqlalchemy.exc import OperationalError

from escape_vre.core.errors import ConfigurationError, RemoteUnavailableError
from escape_vre.core.tokens import jwt_claims
from escape_vre.hub import provider as provider_module
from escape_vre.hub import remembered, wire
from escape_vre.hub import sessions as module
from escape_vre.hub.answers import SessionEndedError
from tests.unit.hub.conftest import KEY, until

pytestmark = pytest.mark.asyncio


def refresh_token(hub, user):
    """The refresh token that a hub which starts now would read."""
    state = CryptKeeper.instance()._decrypt(user.orm_user.encrypted_auth_state)
    return hub.sealer.open(user.name, state["escape"]["session"])["refresh_token"]


async def test_ten_at_once_after_expiry_renew_once(hub, idp, clock):
    user = await hub.sign_in("alice")
    for round_ in range(1, 4):
        clock(400)
        assert all(await asyncio.gather(*(hub.sessions.check(user) for _ in range(10))))
        assert idp.calls["refresh"] == round_
    assert await hub.sessions.check(user)
    assert idp.calls["refresh"] == 3


async def test_pages_and_tokens_share_one_renewal(hub, idp, clock):
    user = await hub.sign_in("alice")
    clock(400)
    answers = await asyncio.gather(
        *(hub.sessions.check(user) for _ in range(5)),
        *(hub.sessions.token(user, name) for name in ("rucio", "reana") * 5),
    )
    assert all(answers[:5])
    assert len({issued.access_token for issued in answers[5:]}) == 2
    assert idp.calls["refresh"] == 1
    assert idp.calls["exchange"] == 2


async def test_a_young_session_is_taken_for_alive(hub, idp):
    user = await hub.sign_in("alice")
    assert await hub.sessions.check(user)
    assert not idp.calls


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "body": b"<html>maintenance</html>"},
        {"status": 200, "body": b"<html>maintenance</html>"},
        {"status": 200, "body": b"[]"},
        {"status": 200, "body": b"{}"},
        {"status": 200, "body": b"[" * 100_000},
        {"status": 200, "body": b'{"error": "invalid_grant"}'},
        {"status": 404, "body": b'{"error": "invalid_grant"}'},
        {"status": 400, "body": b'{"error": ["invalid_grant"]}'},
        {"status": 400, "body": b"no JSON"},
        {"status": 400, "body": b'{"error": "temporarily_unavailable"}'},
        {"status": 401, "body": b'{"error": "invalid_client"}'},
        {"status": 429},
    ],
)
async def test_nobody_is_signed_out_by_a_provider_in_trouble(hub, idp, clock, fault, monkeypatch):
    monkeypatch.setattr(provider_module, "CLIENT_REFUSED_S", 0)
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", **fault):
        assert await hub.sessions.check(user)
        refused = fault.get("status") in (400, 401, 404)
        kind = ConfigurationError if refused else RemoteUnavailableError
        if fault.get("body") == b"no JSON":
            kind = RemoteUnavailableError
        with pytest.raises(kind):
            await hub.sessions.token(user, "rucio")
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


BAD_FIELDS = [
    {name: value}
    for name in ("access_token", "refresh_token", "id_token", "token_type")
    for value in (7, ["x"], *(() if name == "token_type" else ("", "a\nb")))
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
async def test_a_malformed_field_of_an_answer_is_never_kept(hub, idp, clock, fields):
    idp.rotation = False
    user = await hub.sign_in("alice")
    good = refresh_token(hub, user)
    clock(400)
    idp.token_fields = fields
    assert await hub.sessions.check(user)
    with pytest.raises(RemoteUnavailableError) as caught:
        await hub.sessions.token(user, "rucio")
    assert f"malformed {next(iter(fields))}" in caught.value.message
    assert refresh_token(hub, user) == good
    hub.restart()
    idp.token_fields = {}
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


@pytest.mark.parametrize("fields", [f for f in BAD_FIELDS if "access_token" in f], ids=str)
async def test_a_malformed_token_for_a_service_is_not_given_out(hub, idp, fields):
    user = await hub.sign_in("alice")
    idp.token_fields = fields
    with pytest.raises(RemoteUnavailableError, match="malformed access_token"):
        await hub.sessions.token(user, "rucio")
    idp.token_fields = {}
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


@pytest.mark.parametrize("value", [True, "soon", [], {}, float("nan"), 1e308, 10**400], ids=str)
async def test_a_lifetime_that_makes_no_sense_is_not_kept(hub, idp, clock, value):
    user = await hub.sign_in("alice")
    idp.token_fields = {"expires_in": value}
    clock(400)
    assert await hub.sessions.check(user)
    issued = await hub.sessions.token(user, "rucio")
    assert 200 < issued.expires_at - module.time.time() <= 86_400
    assert refresh_token(hub, user) == idp._sessions[0].refresh


@pytest.mark.parametrize("sub", [7, "", None, ["sub-of-alice"]], ids=str)
async def test_claims_of_nobody_change_nothing(hub, idp, clock, sub):
    user = await hub.sign_in("alice")
    idp.people["alice"]["sub"] = sub
    clock(400)
    assert await hub.sessions.check(user)
    assert hub.welcomed == []


async def test_a_wrong_client_secret_is_one_refresh_and_none_for_a_while(
    hub, idp, clock, monkeypatch
):
    user = await hub.sign_in("alice")
    clock(400)
    monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", "wrong")
    answers = await asyncio.gather(
        *(hub.sessions.check(user) for _ in range(40)),
        *(hub.sessions.token(user, name) for name in ("rucio", "reana") * 10),
        return_exceptions=True,
    )
    assert answers[:40] == [True] * 40
    assert {type(error) for error in answers[40:]} == {provider_module.ClientRefusedError}
    assert idp.calls["refresh"] == 1
    for _ in range(5):
        assert await hub.sessions.check(user)
        with pytest.raises(ConfigurationError, match="does not accept this hub"):
            await hub.sessions.token(user, "rucio")
    other = await hub.sign_in("bob")
    clock(400)
    assert await hub.sessions.check(other)
    assert idp.calls["refresh"] == 1
    monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", idp.client_secret)
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given
    assert idp.calls["refresh"] == 2, "another secret is tried at once"


async def test_a_wrong_client_secret_is_met_by_few_of_many_users(
    hub, idp, given, clock, monkeypatch
):
    given["calls"] = {"at_once": 3, "timeout_s": 60}
    hub.restart()
    users = [await hub.sign_in(f"user-{n}") for n in range(20)]
    clock(400)
    monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", "wrong")
    assert all(await asyncio.gather(*(hub.sessions.check(user) for user in users)))
    assert idp.calls["refresh"] <= 3


async def test_any_refusal_is_shared_by_those_who_wait(hub, idp, clock):
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", status=400, body=b'{"error": "invalid_scope"}', delay_s=0.2):
        assert all(await asyncio.gather(*(hub.sessions.check(user) for _ in range(60))))
    assert idp.calls["refresh"] == 1


async def test_a_late_answer_is_heard(hub, idp, given, clock):
    """The provider falls asleep with our request in its hands, and does it when it wakes."""
    given["calls"]["timeout_s"] = 1
    hub.restart()
    user = await hub.sign_in("alice")
    clock(400)
    wakes = threading.Event()
    with idp.failing("refresh", held=wakes):
        for _ in range(3):
            assert await hub.sessions.check(user), "told after a while, and not signed out"
            with pytest.raises(RemoteUnavailableError):
                await hub.sessions.token(user, "rucio")
        assert idp.calls["refresh"] == idp.at_once == 1, "it is still asleep"
        wakes.set()
        await until(lambda: refresh_token(hub, user) == idp._sessions[0].refresh)
    assert idp.calls["refresh"] == 1
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


async def test_a_late_exchange_is_used(hub, idp, given):
    given["calls"]["timeout_s"] = 1
    hub.restart()
    user = await hub.sign_in("alice")
    wakes = threading.Event()
    with idp.failing("exchange", held=wakes):
        for _ in range(3):
            with pytest.raises(RemoteUnavailableError):
                await hub.sessions.token(user, "rucio")
        wakes.set()
        await until(lambda: hub.sessions._users.get("alice").tokens)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given
    assert idp.calls["exchange"] == 1


async def test_a_token_of_a_late_narrowing_is_used(hub, idp, given):
    given["calls"]["timeout_s"] = 1
    given["tokens"] = {"method": "refresh", "audiences": [{"name": "rucio", "scopes": ["rucio"]}]}
    hub.restart()
    user = await hub.sign_in("alice")
    wakes = threading.Event()
    with idp.failing("refresh", held=wakes):
        for _ in range(3):
            with pytest.raises(RemoteUnavailableError):
                await hub.sessions.token(user, "rucio")
        wakes.set()
        await until(lambda: hub.sessions._users.get("alice").tokens)
    assert refresh_token(hub, user) == idp._sessions[0].refresh
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given
    assert idp.calls["refresh"] == 1


async def test_overdue_answers_are_limited(hub, idp, given, monkeypatch):
    given["calls"]["timeout_s"] = 1
    hub.restart()
    monkeypatch.setattr(wire, "LATE", 2)
    monkeypatch.setattr(wire, "FAILURES", 100)
    users = [await hub.sign_in(f"user-{n}") for n in range(4)]
    wakes = threading.Event()
    with idp.failing("exchange", held=wakes):
        for user in users:
            with pytest.raises(RemoteUnavailableError):
                await hub.sessions.token(user, "rucio")
        assert idp.calls["exchange"] == idp.at_once == 2
        wakes.set()
        await until(lambda: hub.provider._wire._late == 0)
    assert (await hub.sessions.token(users[3], "rucio")).access_token in idp.given


async def test_a_renewal_in_flight_is_finished_before_the_hub_ends(hub, idp, clock):
    alice, bob = await hub.sign_in("alice"), await hub.sign_in("bob")
    clock(400)
    answers = threading.Event()
    with idp.failing("refresh", held=answers, after=True):
        asking = asyncio.create_task(hub.sessions.check(alice))
        await until(lambda: idp.calls["refresh"])
        draining = asyncio.create_task(hub.sessions.drain(60))
        await asyncio.sleep(0)
        assert await hub.sessions.check(bob), "not signed out, and not renewed any more"
        assert not draining.done()
        answers.set()
        await draining
    assert refresh_token(hub, alice) == idp._sessions[0].refresh
    assert await asking
    assert idp.calls["refresh"] == 1
    hub.restart()
    for user in (alice, bob):
        clock(400)
        assert await hub.sessions.check(user)


async def test_a_hub_does_not_wait_for_ever_to_end(hub, idp, clock, caplog):
    user = await hub.sign_in("alice")
    clock(400)
    answers = threading.Event()
    with idp.failing("refresh", held=answers):
        asking = asyncio.create_task(hub.sessions.check(user))
        await until(lambda: idp.calls["refresh"])
        await hub.sessions.drain(0.1)
        answers.set()
        await asking
    assert "did not answer 1 renewals and 0 sign-ins" in caplog.text
    assert "global.escape.calls.drain_s" in caplog.text


async def test_a_session_that_the_database_did_not_take_is_saved_before_the_end(
    hub, idp, clock, monkeypatch
):
    user = await hub.sign_in("alice")
    clock(400)

    def failing():
        raise OperationalError("commit", {}, Exception("disk full"))

    with monkeypatch.context() as trouble:
        trouble.setattr(user.db, "commit", failing)
        assert await hub.sessions.check(user)
    assert refresh_token(hub, user) != idp._sessions[0].refresh
    await hub.sessions.drain(60)
    assert refresh_token(hub, user) == idp._sessions[0].refresh


async def test_a_page_does_not_wait_for_the_time_limit(hub, idp, given, clock, monkeypatch):
    given["calls"]["timeout_s"] = 100
    hub.restart()
    monkeypatch.setattr(module, "PAGE_WAITS_S", 0.05)
    user = await hub.sign_in("alice")
    clock(400)
    wakes = threading.Event()
    with idp.failing("refresh", held=wakes):
        assert await hub.sessions.check(user)
        await until(lambda: idp.at_once == 1)
        assert await hub.sessions.check(user)
        wakes.set()
        await until(lambda: refresh_token(hub, user) == idp._sessions[0].refresh)
    assert idp.calls["refresh"] == 1


async def test_a_clock_that_is_set_back_does_not_undo_a_sign_in(hub, idp, clock):
    user = await hub.sign_in("alice")
    assert await hub.sessions.check(user)
    clock(-7200)
    await hub.sign_in("alice")
    assert await hub.sessions.check(user)
    assert refresh_token(hub, user) == idp._sessions[1].refresh
    clock(400)
    assert await hub.sessions.check(user)
    assert refresh_token(hub, user) == idp._sessions[1].refresh


async def test_nothing_that_can_be_sent_once_is_sent_to_a_sleeper(
    hub, idp, given, clock, monkeypatch
):
    given["calls"]["timeout_s"] = 1
    hub.restart()
    monkeypatch.setattr(wire, "AWAKE_S", 0)
    users = [await hub.sign_in(f"user-{n}") for n in range(4)]
    clock(400)
    await hub.provider.metadata()
    with idp.failing("discovery", delay_s=1.5):
        assert all(await asyncio.gather(*(hub.sessions.check(user) for user in users)))
    assert idp.calls["refresh"] == 0
    assert idp.calls["discovery"] == 2, "they ring together"
    assert all(await asyncio.gather(*(hub.sessions.check(user) for user in users)))
    assert idp.calls["refresh"] == 4


async def test_a_provider_that_is_not_there_ends_nothing(hub, idp, clock):
    user = await hub.sign_in("alice")
    await hub.provider.metadata()
    idp.stop()
    clock(400)
    assert await hub.sessions.check(user)
    with pytest.raises(RemoteUnavailableError) as caught:
        await hub.sessions.token(user, "rucio")
    assert 5 <= caught.value.details["retry_after_s"] <= 10


async def test_a_session_that_the_provider_ended_is_over(hub, idp, clock):
    user = await hub.sign_in("alice")
    idp.sign_out("alice")
    clock(400)
    assert not await hub.sessions.check(user)
    with pytest.raises(SessionEndedError):
        await hub.sessions.token(user, "rucio")
    hub.restart()
    assert not await hub.sessions.check(user)
    assert idp.calls["refresh"] == 1, "a dead session is not asked about again"
    await hub.sign_in("alice")
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


async def test_a_revoked_session_shows_at_the_exchange(hub, idp):
    user = await hub.sign_in("alice")
    idp.sign_out("alice")
    with pytest.raises(SessionEndedError):
        await hub.sessions.token(user, "rucio")
    assert not await hub.sessions.check(user)


async def test_iam_calls_a_dead_refresh_token_invalid_token(hub, idp, given, clock):
    given["login"]["provider"] = "iam"
    idp.ended_error = "invalid_token"
    hub.restart()
    user = await hub.sign_in("alice")
    idp.sign_out("alice")
    clock(400)
    assert not await hub.sessions.check(user)


async def test_a_killed_hub_costs_one_sign_in(hub, idp, clock):
    """The provider has rotated, and nobody here knows: what a kill at that moment leaves."""
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", status=502, after=True):
        assert await hub.sessions.check(user)
    hub.restart()
    assert not await hub.sessions.check(user)
    await hub.sign_in("alice")
    assert await hub.sessions.check(user)


async def test_a_restarted_hub_goes_on_where_the_other_was(hub, idp, clock):
    user = await hub.sign_in("alice")
    for _ in range(3):
        clock(400)
        assert await hub.sessions.check(user)
        assert refresh_token(hub, user) == idp._sessions[0].refresh
        hub.restart()
    assert idp.calls["refresh"] == 3
    assert await hub.sessions.check(user)
    assert idp.calls["refresh"] == 3, "the age of a session survives: no stampede"


async def test_whoever_asked_may_go_the_renewal_is_saved(hub, idp, clock):
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", delay_s=0.3):
        asking = asyncio.create_task(hub.sessions.check(user))
        await until(lambda: idp.calls["refresh"])
        asking.cancel()
        await until(lambda: refresh_token(hub, user) == idp._sessions[0].refresh)
    hub.restart()
    clock(400)
    assert await hub.sessions.check(user)


async def test_a_commit_that_fails_loses_nothing(hub, idp, clock, monkeypatch):
    user = await hub.sign_in("alice")
    clock(400)
    commit, failures = user.db.commit, itertools.count()

    def failing():
        if not next(failures):
            raise OperationalError("commit", {}, Exception("disk full"))
        commit()

    monkeypatch.setattr(user.db, "commit", failing)
    assert await hub.sessions.check(user)
    assert refresh_token(hub, user) != idp._sessions[0].refresh
    assert await hub.sessions.check(user)
    assert refresh_token(hub, user) == idp._sessions[0].refresh
    hub.restart()
    clock(400)
    assert await hub.sessions.check(user)
    assert idp.calls["refresh"] == 2


async def test_jupyterhub_may_save_an_older_session_over_a_newer_one(hub, idp, clock):
    """As ``get_auth_state`` does while its own keys change: it saves again what it has read."""
    user = await hub.sign_in("alice")
    older = user.orm_user.encrypted_auth_state
    clock(400)
    assert await hub.sessions.check(user)
    user.orm_user.encrypted_auth_state = older
    user.db.commit()
    assert await hub.sessions.check(user)
    assert refresh_token(hub, user) == idp._sessions[0].refresh
    clock(400)
    assert await hub.sessions.check(user)


async def test_a_sign_in_during_a_renewal_wins(hub, idp, clock):
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", delay_s=0.3):
        asking = asyncio.create_task(hub.sessions.check(user))
        await until(lambda: idp.calls["refresh"])
        await hub.sign_in("alice")
        await asking
    assert refresh_token(hub, user) == idp._sessions[1].refresh
    assert await hub.sessions.check(user)


async def test_keys_rotate_and_a_session_is_sealed_anew_when_saved(hub, idp, clock):
    new = "n" * 32
    user = await hub.sign_in("alice")
    hub.restart([new, KEY])
    clock(400)
    assert await hub.sessions.check(user)
    hub.restart([new])
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


async def test_without_the_key_a_sign_in_helps(hub):
    user = await hub.sign_in("alice")
    hub.restart(["another-key-of-thirty-two-letters"])
    assert not await hub.sessions.check(user)
    assert await hub.store.owner(user) == (hub.idp.issuer, "sub-of-alice")
    await hub.sign_in("alice")
    assert await hub.sessions.check(user)


async def test_another_users_auth_state_is_worth_nothing(hub):
    alice, bob = await hub.sign_in("alice"), await hub.sign_in("bob")
    bob.orm_user.encrypted_auth_state = alice.orm_user.encrypted_auth_state
    bob.db.commit()
    assert not await hub.sessions.check(bob)
    with pytest.raises(SessionEndedError):
        await hub.sessions.token(bob, "rucio")


@pytest.mark.parametrize("state", [None, {}, {"escape": None}, {"escape": {"session": 1}}, []])
async def test_any_other_auth_state_means_sign_in(hub, state):
    user = await hub.sign_in("alice")
    await user.save_auth_state(state)
    assert not await hub.sessions.check(user)


async def test_groups_follow_the_provider(hub, idp, clock):
    user = await hub.sign_in("alice")
    idp.people["alice"]["groups"] = ["/escape", "/new"]
    clock(400)
    assert await hub.sessions.check(user)
    assert hub.welcomed == [("alice", ["/escape", "/new"])]
    assert idp.calls["userinfo"] == 0, "the ID token says it"
    state = await user.get_auth_state()
    assert state["oauth_user"]["groups"] == ["/escape", "/new"]


async def test_whoever_is_in_no_group_costs_no_more_questions(hub, idp, clock):
    idp.people["alice"]["groups"] = []
    user = await hub.sign_in("alice")
    clock(400)
    assert await hub.sessions.check(user)
    assert hub.welcomed == [("alice", [])]
    assert idp.calls["userinfo"] == 0


async def test_who_is_welcome_no_longer_is_out(hub, clock):
    user = await hub.sign_in("alice")
    clock(400)
    hub.allowed = False
    assert not await hub.sessions.check(user)
    with pytest.raises(SessionEndedError):
        await hub.sessions.token(user, "rucio")


async def test_groups_stay_while_userinfo_fails(hub, idp, clock):
    user = await hub.sign_in("alice")
    idp.token_fields = {"id_token": None}
    clock(400)
    with idp.failing("userinfo", status=500):
        assert await hub.sessions.check(user)
    assert hub.welcomed == []
    clock(400)
    assert await hub.sessions.check(user)
    assert len(hub.welcomed) == 1


async def test_a_session_that_becomes_another_persons_is_over(hub, idp, clock):
    user = await hub.sign_in("alice")
    idp._sessions[0].user = "bob"
    clock(400)
    assert not await hub.sessions.check(user)


async def test_a_token_is_kept_until_shortly_before_its_end(hub, idp, clock):
    user = await hub.sign_in("alice")
    first = await hub.sessions.token(user, "rucio")
    clock(200)
    assert await hub.sessions.token(user, "rucio") is first
    clock(40)
    second = await hub.sessions.token(user, "rucio")
    assert second.access_token != first.access_token
    assert idp.calls["exchange"] == 2


async def test_a_minute_is_long_enough_for_a_token(hub, idp, clock):
    idp.lifetime_s = 60
    user = await hub.sign_in("alice")
    first = await hub.sessions.token(user, "rucio")
    clock(20)
    assert await hub.sessions.token(user, "rucio") is first
    clock(30)
    assert (await hub.sessions.token(user, "rucio")).access_token != first.access_token


async def test_equal_requests_share_an_answer_and_a_failure(hub, idp):
    user = await hub.sign_in("alice")
    with idp.failing("exchange", status=500, delay_s=0.2):
        failed = await asyncio.gather(
            *(hub.sessions.token(user, "rucio") for _ in range(10)), return_exceptions=True
        )
    assert {type(error) for error in failed} == {RemoteUnavailableError}
    assert idp.calls["exchange"] == 1
    issued = await asyncio.gather(*(hub.sessions.token(user, "rucio") for _ in range(10)))
    assert len({one.access_token for one in issued}) == 1
    assert idp.calls["exchange"] == 2


async def test_who_waited_for_a_renewal_that_failed_does_not_wait_again(hub, idp, clock):
    user = await hub.sign_in("alice")
    clock(400)
    with idp.failing("refresh", status=500, delay_s=0.2):
        answers = await asyncio.gather(
            *(hub.sessions.check(user) for _ in range(5)),
            hub.sessions.token(user, "rucio"),
            hub.sessions.token(user, "reana"),
            return_exceptions=True,
        )
    assert answers[:5] == [True] * 5
    assert {type(error) for error in answers[5:]} == {RemoteUnavailableError}
    assert idp.calls["refresh"] == 1


async def test_tokens_of_a_former_sign_in_are_not_given_out(hub, idp):
    user = await hub.sign_in("alice")
    first = await hub.sessions.token(user, "rucio")
    await hub.sign_in("alice")
    assert (await hub.sessions.token(user, "rucio")).access_token != first.access_token


async def test_a_token_for_another_service_is_refused(hub, idp):
    user = await hub.sign_in("alice")
    idp.aud = "somebody-else"
    with pytest.raises(ConfigurationError, match="a token for rucio"):
        await hub.sessions.token(user, "rucio")


async def test_an_audience_that_the_provider_refuses_names_its_setting(hub, idp):
    user = await hub.sign_in("alice")
    idp.audiences = ["rucio"]
    with pytest.raises(ConfigurationError) as caught:
        await hub.sessions.token(user, "reana")
    assert "global.escape.tokens.audiences[1]" in caught.value.hint
    asked = idp.calls["exchange"]
    with pytest.raises(ConfigurationError):
        await hub.sessions.token(user, "reana")
    assert idp.calls["exchange"] == asked, "who refused just now is not asked again at once"
    assert (await hub.sessions.token(user, "rucio")).access_token in idp.given


@pytest.mark.parametrize("skew_s", [-7200, 7200])
async def test_clocks_may_differ(hub, idp, clock, skew_s):
    idp.skew_s = skew_s
    user = await hub.sign_in("alice")
    first = await hub.sessions.token(user, "rucio")
    assert 290 < first.expires_at - module.time.time() <= 300
    assert await hub.sessions.token(user, "rucio") is first
    clock(400)
    assert await hub.sessions.check(user)
    assert (await hub.sessions.token(user, "rucio")).access_token != first.access_token


@pytest.mark.parametrize("fields", [{"expires_in": None}, {"expires_in": "300"}])
async def test_a_lifetime_is_found_where_it_is_said(hub, idp, fields):
    user = await hub.sign_in("alice")
    idp.token_fields = fields
    issued = await hub.sessions.token(user, "rucio")
    assert 290 < issued.expires_at - module.time.time() <= 301


async def test_without_exchange_the_session_is_narrowed_and_its_rotation_saved(
    hub, idp, given, clock
):
    given["tokens"]["method"] = "refresh"
    for audience in given["tokens"]["audiences"]:
        audience["scopes"] = ["openid", audience["name"]]
    hub.restart()
    user = await hub.sign_in("alice")
    answers = await asyncio.gather(
        *(hub.sessions.token(user, name) for name in ("rucio", "reana") * 5)
    )
    assert len({issued.access_token for issued in answers}) == 2
    assert idp.calls["refresh"] == 2
    for issued, name in zip(answers, ("rucio", "reana"), strict=False):
        assert jwt_claims(issued.access_token)["aud"] == [name]
    assert refresh_token(hub, user) == idp._sessions[0].refresh
    hub.restart()
    clock(400)
    await asyncio.gather(hub.sessions.check(user), hub.sessions.token(user, "rucio"))
    assert await hub.sessions.check(user)


async def test_a_narrowed_token_for_another_service_is_refused_and_its_rotation_saved(
    hub, idp, given, clock
):
    given["tokens"] = {"method": "refresh", "audiences": [{"name": "rucio", "scopes": ["rucio"]}]}
    hub.restart()
    user = await hub.sign_in("alice")
    idp.aud = "somebody-else"
    with pytest.raises(ConfigurationError, match="a token for rucio"):
        await hub.sessions.token(user, "rucio")
    assert refresh_token(hub, user) == idp._sessions[0].refresh
    clock(400)
    assert await hub.sessions.check(user)


async def test_a_provider_that_does_not_rotate_keeps_its_refresh_token(hub, idp, clock):
    idp.rotation = False
    idp.token_fields = {"refresh_token": None}
    idp.begin("alice")
    idp.token_fields = {}
    user = await hub.sign_in("alice")
    idp.token_fields = {"refresh_token": None}
    for _ in range(2):
        clock(400)
        assert await hub.sessions.check(user)


async def test_so_many_calls_at_once_and_no_more(hub, idp, given, clock):
    given["calls"] = {"at_once": 3, "timeout_s": 60}
    hub.restart()
    users = [await hub.sign_in(f"user-{n}") for n in range(20)]
    await hub.provider.metadata()
    clock(400)
    answers = threading.Event()
    with idp.failing("refresh", held=answers):
        checks = [asyncio.create_task(hub.sessions.check(user)) for user in users]
        await until(lambda: idp.at_once == 3)
        answers.set()
        assert all(await asyncio.gather(*checks))
        await until(lambda: idp.calls["refresh"] == 20)
    assert idp.most_at_once == 3


async def test_a_provider_that_is_down_is_left_alone_for_a_while(hub, idp, clock, monkeypatch):
    monkeypatch.setattr(wire, "RETRY_AFTER_S", 3)
    users = [await hub.sign_in(f"user-{n}") for n in range(12)]
    clock(400)
    with idp.failing("refresh", status=503):
        for user in users:
            assert await hub.sessions.check(user)
        assert idp.calls["refresh"] == wire.FAILURES
    await asyncio.sleep(3.1)
    assert all([await hub.sessions.check(user) for user in users])
    assert idp.calls["refresh"] == wire.FAILURES + len(users)


async def test_what_is_not_saved_is_not_forgotten(hub, idp, clock, monkeypatch):
    monkeypatch.setattr(remembered, "REMEMBERED", 2)
    alice = await hub.sign_in("alice")
    clock(400)

    def failing():
        raise OperationalError("commit", {}, Exception("disk full"))

    with monkeypatch.context() as trouble:
        trouble.setattr(alice.db, "commit", failing)
        assert await hub.sessions.check(alice)
    for n in range(4):
        assert await hub.sessions.check(await hub.sign_in(f"user-{n}"))
    clock(400)
    assert await hub.sessions.check(alice)
    assert refresh_token(hub, alice) == idp._sessions[0].refresh


async def test_memory_is_bounded(hub, idp, monkeypatch):
    monkeypatch.setattr(remembered, "REMEMBERED", 3)
    users = [await hub.sign_in(f"user-{n}") for n in range(6)]
    for user in users:
        await hub.sessions.token(user, "rucio")
    assert len(hub.sessions._users) == 3
    assert (await hub.sessions.token(users[0], "rucio")).access_token in idp.given


async def test_no_token_in_words_or_logs(hub, idp, clock, caplog):
    caplog.set_level(logging.DEBUG)
    user = await hub.sign_in("alice")
    said = [repr(await hub.sessions.token(user, "rucio")), repr(list(hub.sessions._users))]
    idp.sign_out("alice")
    clock(400)
    with pytest.raises(SessionEndedError) as caught:
        await hub.sessions.token(user, "rucio")
    said += [repr(caught.value), str(caught.value), str(caught.value.as_dict()), caplog.text]
    assert len(idp.given) > 3
    for token in idp.given:
        assert not any(token in text for text in said)
