"""A real JupyterHub and a real Keycloak, which rotates refresh tokens and detects their reuse."""

import json
import threading
import time
from datetime import UTC, datetime

import pytest

from escape_vre.core.tokens import jwt_claims
from escape_vre.testing.waiting import wait_until
from tests.integration.hub.conftest import at_once, error, issued

LIFETIME_S = 4
"""How long access tokens live here: long enough to be used, short enough to be waited for."""


@pytest.fixture(scope="module", autouse=True)
def short_lives(idp):
    idp.set_lifetimes(access_token_s=LIFETIME_S)
    yield
    idp.set_lifetimes(access_token_s=300)


@pytest.fixture(scope="module")
def hub(start_hub, idp):
    return start_hub(idp)


def sign_in(hub, idp, user):
    return hub.signed_in(user, idp.password(user))


@pytest.fixture
def alice(hub, idp):
    """Alice, signed in, with a server; its token."""
    if hub.process is None or hub.process.poll() is not None:
        hub.start()
    hub.browser = sign_in(hub, idp, "alice")
    if hub.server("alice").get("ready"):
        return hub.server_environment("alice")["JUPYTERHUB_API_TOKEN"]
    return hub.start_server("alice")


def past(hub, token, lifetime_s=LIFETIME_S):
    """Wait until what the hub gave has ended, and the session's own token too."""
    before = issued(hub.ask(token))
    ends = jwt_claims(before)["exp"]
    wait_until(lambda: time.time() > ends, what="the end of the token")
    return before


def test_a_token_is_for_its_service_only(hub, alice):
    for name in ("rucio", "reana"):
        found = jwt_claims(issued(hub.ask(alice, name)))
        assert found["aud"] == name
        assert found["preferred_username"] == "alice" or name == "reana"
        assert found["azp"] == "hub"


def test_groups_are_the_providers(hub, alice):
    assert set(hub.api("GET", "users/alice").json()["groups"]) == {
        "/escape",
        "/escape/cta",
        "/vre-admins",
    }


def test_past_its_end_there_is_another_token_and_nobody_noticed(hub, alice):
    seen = {past(hub, alice) for _ in range(2)}
    seen.add(issued(hub.ask(alice)))
    assert len(seen) == 3
    assert hub.browser.get("hub/home").url.endswith("/hub/home")


def test_ten_requests_at_once_after_expiry(hub, alice):
    """Stock JupyterHub and oauthenticator lose the session here."""
    for _ in range(2):
        past(hub, alice)
        answers = at_once(
            *(lambda: hub.ask(alice, "rucio") for _ in range(5)),
            *(lambda: hub.ask(alice, "reana") for _ in range(5)),
            *(lambda: hub.browser.get("hub/home") for _ in range(5)),
            *(lambda: hub.browser.api("GET", "user") for _ in range(5)),
        )
        assert [answer.status for answer in answers] == [200] * 20
        assert all(answer.url.endswith("/hub/home") for answer in answers[10:15])
        # One for each service; at a slow machine perhaps another, which is young again.
        assert 2 <= len({issued(answer) for answer in answers[:10]}) <= 4


def test_ten_requests_at_once_at_a_hub_that_just_started(hub, alice):
    past(hub, alice)
    hub.kill()
    hub.start()
    answers = at_once(
        *(lambda: hub.ask(alice) for _ in range(10)),
        *(lambda: hub.browser.get("hub/home") for _ in range(10)),
    )
    assert [answer.status for answer in answers] == [200] * 20
    issued(hub.ask(alice, "reana"))


def test_a_session_that_is_revoked_asks_for_a_sign_in_and_loses_nothing(hub, idp, alice):
    started = hub.server("alice")["started"]
    past(hub, alice)
    idp.sign_out("alice")
    found = error(hub.ask(alice), 401)
    assert found["code"] == "auth"
    assert found["details"]["sign_in"] == "/hub/oauth_login?next=%2Fuser%2Falice%2F"
    # The hub's own pages ask for it too ...
    wait_until(lambda: "/hub/home" not in hub.browser.get("hub/home").url, what="the sign-in page")
    # ... but the server is at work, and its activity counts.
    now = datetime.now(UTC).isoformat()
    body = {"servers": {"": {"last_activity": now}}, "last_activity": now}
    posted = hub.api("POST", "users/alice/activity", body, token=alice)
    assert posted.status == 200, posted.text
    sign_in(hub, idp, "alice")
    issued(hub.ask(alice))
    assert hub.server("alice")["started"] == started


def test_signing_in_brings_the_person_back_to_their_server(hub, idp, alice):
    idp.sign_out("alice")
    past_its_end = wait_until(lambda: (a := hub.ask(alice)).status == 401 and a, what="the end")
    visitor = hub.visitor()
    visitor.cookies = hub.browser.cookies
    page = visitor.sign_in(
        "alice", idp.password("alice"), at=past_its_end.json()["error"]["details"]["sign_in"]
    )
    assert page.url.rstrip("/").endswith("/user/alice")
    assert page.json() == {"user": "alice"}


@pytest.mark.long
def test_a_provider_that_sleeps_signs_nobody_out(hub, idp, alice):
    past(hub, alice)
    idp.pause()
    try:
        answer = hub.ask(alice)
        found = error(answer, 503)
        assert found["code"] == "remote_unavailable"
        assert found["retryable"] is True
        assert int(answer.headers["retry-after"]) == found["details"]["retry_after_s"]
        assert 1 <= found["details"]["retry_after_s"] <= 30
        page = hub.browser.get("hub/home")
        assert page.status == 200
        assert page.url.endswith("/hub/home")
    finally:
        idp.resume()
    answer = wait_until(lambda: (a := hub.ask(alice)).status != 503 and a, what="the recovery")
    issued(answer)
    assert hub.browser.get("hub/home").url.endswith("/hub/home")


@pytest.mark.long
def test_a_hub_starts_while_its_provider_sleeps(hub, idp, alice):
    issued(hub.ask(alice))
    idp.pause()
    try:
        hub.stop()
        hub.start(timeout_s=90)
        assert "The hub starts anyway" in hub.said()
        page = hub.browser.get("hub/home")
        assert page.url.endswith("/hub/home")
        assert hub.visitor().get("hub/oauth_login").status == 503
    finally:
        idp.resume()
    issued(wait_until(lambda: (a := hub.ask(alice)).status != 503 and a, what="the recovery"))


@pytest.mark.long
def test_a_provider_that_falls_asleep_at_the_worst_moment(hub, idp, alice):
    """Right after it was seen awake: the renewal is under way, and is heard when it wakes."""
    past(hub, alice)
    asking = at_once(
        idp.pause,
        *(lambda: hub.ask(alice) for _ in range(6)),
        *(lambda: hub.browser.get("hub/home") for _ in range(6)),
    )
    idp.resume()
    assert {answer.status for answer in asking[1:]} <= {200, 503}
    issued(wait_until(lambda: (a := hub.ask(alice)).status != 503 and a, what="the recovery"))
    past(hub, alice)
    issued(hub.ask(alice))


def test_a_killed_hub_goes_on_where_it_was(hub, alice):
    issued(hub.ask(alice))
    hub.kill()
    hub.start()
    assert hub.browser.get("hub/home").url.endswith("/hub/home")
    issued(hub.ask(alice))
    past(hub, alice)
    issued(hub.ask(alice))


def test_named_servers_have_tokens_of_their_own(hub, idp, alice):
    gpu, cpu = hub.start_server("alice", "gpu"), hub.start_server("alice", "cpu")
    assert len({alice, gpu, cpu}) == 3
    past(hub, alice)
    idp.set_lifetimes(access_token_s=300)  # longer than the three take to ask
    try:
        assert len({issued(hub.ask(token)) for token in (alice, gpu, cpu)}) == 1
    finally:
        idp.set_lifetimes(access_token_s=LIFETIME_S)
    hub.stop_server("alice", "gpu")
    error(hub.ask(gpu), 403)
    hub.kill()
    hub.start()
    issued(hub.ask(cpu))
    error(hub.ask(gpu), 403)
    hub.stop_server("alice", "cpu")


def test_a_server_of_one_gives_nothing_of_another(hub, idp, alice):
    sign_in(hub, idp, "bob")
    bob = hub.start_server("bob")
    subjects = {jwt_claims(issued(hub.ask(token)))["sub"] for token in (alice, bob)}
    assert len(subjects) == 2
    for path in ("users/bob", "users/bob/tokens", "users/bob/servers/"):
        assert hub.api("GET", path, token=alice).status in (403, 404, 405)
    assert hub.api("DELETE", "users/bob/server", token=alice).status in (403, 404)
    hub.stop_server("bob")


def test_keys_of_the_provider_may_change(hub, idp, alice):
    issued(hub.ask(alice))
    idp.rotate_keys()
    wait_until(lambda: hub.ask(alice).status in (200, 401), what="an answer")
    sign_in(hub, idp, "alice")
    issued(hub.ask(alice))
    past(hub, alice)
    issued(hub.ask(alice))


def test_an_audience_that_keycloak_does_not_know(start_hub, idp):
    audiences = [{"name": "rucio", "scopes": ["openid", "rucio"]}, {"name": "nowhere"}]
    hub = start_hub(idp, tokens={"audiences": audiences})
    sign_in(hub, idp, "bob")
    token = hub.start_server("bob")
    found = error(hub.ask(token, "nowhere"), 500)
    assert found["code"] == "configuration"
    assert "global.escape.tokens.audiences[1]" in found["hint"]
    issued(hub.ask(token, "rucio"))


@pytest.mark.long
def test_a_provider_that_stops_exchanging(start_hub, idp):
    hub = start_hub(idp)
    sign_in(hub, idp, "bob")
    token = hub.start_server("bob")
    idp.set_exchange(False)
    try:
        found = error(hub.ask(token), 500)
        assert "global.escape.tokens" in found["hint"]
    finally:
        idp.set_exchange(True)
    issued(wait_until(lambda: (a := hub.ask(token)).status != 500 and a, what="the exchange"))


def test_without_exchange_the_session_is_narrowed(start_hub, idp):
    audiences = [{"name": name, "scopes": ["openid", name]} for name in ("rucio", "reana")]
    scopes = ["openid", "profile", "email", "offline_access", "rucio", "reana"]
    hub = start_hub(
        idp, login={"scopes": scopes}, tokens={"method": "refresh", "audiences": audiences}
    )
    browser = sign_in(hub, idp, "bob")
    token = hub.start_server("bob")
    for _ in range(2):
        answers = at_once(
            *(lambda: hub.ask(token, "rucio") for _ in range(4)),
            *(lambda: hub.ask(token, "reana") for _ in range(4)),
            *(lambda: browser.get("hub/home") for _ in range(4)),
        )
        assert [answer.status for answer in answers] == [200] * 12
        assert jwt_claims(issued(answers[0]))["aud"] == "rucio"
        assert jwt_claims(issued(answers[4]))["aud"] == "reana"
        past(hub, token)


def test_whose_client_secret_is_wrong_does_not_start(start_hub, idp):
    hub = start_hub(idp, begin=False)
    hub.variable("ESCAPE_VRE_CLIENT_SECRET", "wrong")
    process = hub.run()
    assert process.wait(timeout=60) != 0
    last = hub.said().strip().splitlines()[-1]
    assert "does not accept this hub as its client" in last
    assert "global.escape.login.client_secret_env" in last


@pytest.mark.long
def test_load_of_many_pages_during_renewals_ends_no_session(hub, idp, alice):
    """Ten kernels and a page, for three lifetimes."""
    stop, wrong = threading.Event(), []

    def work(name):
        while not stop.is_set():
            answer = hub.ask(alice, name)
            if answer.status != 200:
                wrong.append(answer.text)
            stop.wait(0.1)

    def browse():
        while not stop.is_set():
            page = hub.browser.get("hub/home")
            if not page.url.endswith("/hub/home"):
                wrong.append(page.url)
            stop.wait(0.1)

    threads = [threading.Thread(target=work, args=(n,)) for n in ("rucio", "reana") * 5]
    threads += [threading.Thread(target=browse) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            past(hub, alice)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong
    assert json.loads(hub.ask(alice).body)["audience"] == "rucio"
