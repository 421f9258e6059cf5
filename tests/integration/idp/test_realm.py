"""What tests and demos may count on, seen at the real Keycloak."""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from escape_vre.core.tokens import jwt_claims
from escape_vre.local.idp import IdpError
from escape_vre.testing.browser import Browser
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import is_alive, listening_addresses

BACK = "http://127.0.0.1:9/hub/oauth_callback"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"


def fetch(url, form=None, token=None):
    body = urllib.parse.urlencode(form).encode() if form else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
        return json.load(answer)


def userinfo(idp, tokens):
    return fetch(idp.endpoint("userinfo"), token=tokens["access_token"])


def refresh(idp, tokens, client="hub", **more):
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **more}
    return idp.token(client, form)


def exchange(idp, tokens, audience):
    form = {
        "grant_type": EXCHANGE,
        "subject_token": tokens["access_token"],
        "subject_token_type": ACCESS,
        "audience": audience,
        "scope": f"openid {audience}",
    }
    return idp.token("hub", form)


def refusal(act, *args, **more):
    with pytest.raises(IdpError) as raised:
        act(*args, **more)
    return raised.value.details.get("error")


@pytest.fixture
def user(idp, request):
    """A user of this test's own."""
    name = f"user-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    idp.add_users([name], groups=["/escape"])
    return name


@pytest.fixture
def ask(idp):
    """Make the address that a client's sign-in begins with, and the PKCE verifier to it."""
    idp.add_redirect("hub", BACK)
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def ask(**changed):
        query = {
            "client_id": "hub",
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": "openid profile offline_access rucio",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changed,
        }
        kept = {name: value for name, value in query.items() if value is not None}
        return f"{idp.endpoint('auth')}?{urllib.parse.urlencode(kept)}", verifier

    return ask


def test_discovery(idp):
    found = fetch(f"{idp.issuer}/.well-known/openid-configuration")
    assert found["issuer"] == idp.issuer
    assert {"authorization_code", "refresh_token", EXCHANGE, DEVICE} <= set(
        found["grant_types_supported"]
    )
    assert "S256" in found["code_challenge_methods_supported"]
    assert found["device_authorization_endpoint"] == idp.endpoint("auth/device")


def test_a_browser_signs_in(idp, ask):
    address, verifier = ask()
    page = Browser(until=BACK).sign_in(address, "alice", idp.password("alice"))
    assert page.status == 302
    assert page.query["state"] == "s"
    assert page.query["iss"] == idp.issuer
    form = {
        "grant_type": "authorization_code",
        "code": page.query["code"],
        "redirect_uri": BACK,
        "code_verifier": verifier,
    }
    tokens = idp.token("hub", form)
    for seen in (jwt_claims(tokens["access_token"]), jwt_claims(tokens["id_token"])):
        assert seen["preferred_username"] == "alice"
        assert set(seen["groups"]) == {"/escape", "/escape/cta", "/vre-admins"}
    said = userinfo(idp, tokens)
    assert said["preferred_username"] == "alice"
    assert "/escape/cta" in said["groups"]
    access = jwt_claims(tokens["access_token"])
    assert {"openid", "profile", "rucio"} <= set(access["scope"].split())
    assert access["aud"] == "rucio"
    assert access["iss"] == idp.issuer
    assert jwt_claims(tokens["refresh_token"])["typ"] == "Offline"
    assert "exp" not in jwt_claims(tokens["refresh_token"])


def test_who_is_signed_in_is_not_asked_again(idp, ask):
    browser = Browser(until=BACK)
    first = browser.sign_in(ask()[0], "bob", idp.password("bob"))
    second = browser.open(ask()[0])
    assert second.query["code"] != first.query["code"]


@pytest.mark.parametrize("changed", [{"code_challenge": None}, {"code_challenge_method": "plain"}])
def test_pkce_is_demanded(ask, changed):
    page = Browser(until=BACK).open(ask(**changed)[0])
    assert page.query["error"] == "invalid_request"
    assert "code" not in page.query


def test_a_code_needs_its_verifier(idp, ask):
    page = Browser(until=BACK).sign_in(ask()[0], "bob", idp.password("bob"))
    form = {
        "grant_type": "authorization_code",
        "code": page.query["code"],
        "redirect_uri": BACK,
        "code_verifier": "x" * 50,
    }
    assert refusal(idp.token, "hub", form) == "invalid_grant"


def test_browsers_are_sent_to_known_places_only(idp, ask):
    address = ask(redirect_uri="http://127.0.0.1:10/elsewhere")[0]
    assert Browser().open(address).status == 400
    idp.add_redirect("hub", "http://127.0.0.1:10/*")
    assert Browser().open(address).status == 200


def test_a_wrong_password_is_said(idp, ask):
    with pytest.raises(ValueError, match="does not accept alice"):
        Browser().sign_in(ask()[0], "alice", "guess")


def test_groups_differ(idp):
    groups = set(jwt_claims(idp.tokens("bob")["access_token"])["groups"])
    assert groups == {"/escape", "/escape/km3net"}


def test_audiences_are_asked_for(idp):
    assert "aud" not in jwt_claims(idp.tokens("alice")["access_token"])
    assert jwt_claims(idp.tokens("alice", audience="reana")["access_token"])["aud"] == "reana"
    both = jwt_claims(idp.tokens("alice", scope="openid rucio reana")["access_token"])
    assert set(both["aud"]) == {"rucio", "reana"}


@pytest.mark.parametrize("client", ["hub", "device"])
@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_refresh_tokens_rotate_and_reuse_ends_the_session(idp, user, client, scope):
    first = idp.tokens(user, client=client, scope=scope)
    second = refresh(idp, first, client)
    assert second["refresh_token"] != first["refresh_token"]
    assert refusal(refresh, idp, first, client) == "invalid_grant"
    assert refusal(refresh, idp, second, client) == "invalid_grant"


def test_a_refresh_may_narrow(idp, user):
    wide = idp.tokens(user, scope="openid offline_access rucio reana")
    narrow = refresh(idp, wide, scope="openid rucio")
    assert jwt_claims(narrow["access_token"])["aud"] == "rucio"
    again = refresh(idp, narrow, scope="openid reana")
    assert jwt_claims(again["access_token"])["aud"] == "reana"


def test_exchange_narrows(idp, user):
    tokens = idp.tokens(user, scope="openid rucio reana")
    found = exchange(idp, tokens, "reana")
    assert jwt_claims(found["access_token"])["aud"] == "reana"
    assert jwt_claims(found["access_token"])["preferred_username"] == user
    assert "refresh_token" not in found
    assert refusal(exchange, idp, tokens, "moon") == "invalid_client"


def test_exchange_can_be_forbidden(idp, user):
    tokens = idp.tokens(user, scope="openid rucio reana")
    idp.set_exchange(False)
    try:
        assert refusal(exchange, idp, tokens, "rucio") == "invalid_request"
    finally:
        idp.set_exchange(True)
    assert jwt_claims(exchange(idp, tokens, "rucio")["access_token"])["aud"] == "rucio"


def test_a_device_signs_in(idp, user):
    ask = {"client_id": "device", "scope": "openid profile offline_access rucio"}
    begun = fetch(idp.endpoint("auth/device"), ask)
    form = {"grant_type": DEVICE, "device_code": begun["device_code"]}
    assert refusal(idp.token, "device", form) == "authorization_pending"
    page = Browser().sign_in(begun["verification_uri_complete"], user, idp.password(user))
    assert "Device Login Successful" in page.text
    # Asked sooner than the interval it says slow_down, and the interval is all there is to wait.
    tokens = None
    while tokens is None:
        try:
            tokens = idp.token("device", form)
        except IdpError as error:
            assert error.details["error"] == "slow_down"  # noqa: PT017 - else the loop is endless
    assert jwt_claims(tokens["access_token"])["aud"] == "rucio"
    assert jwt_claims(tokens["access_token"])["azp"] == "device"
    assert refresh(idp, tokens, "device")["access_token"]


def test_the_hub_needs_its_secret(idp):
    form = {
        "grant_type": "password",
        "client_id": "hub",
        "client_secret": "guess",
        "username": "alice",
        "password": idp.password("alice"),
    }
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetch(idp.endpoint("token"), form)
    with raised.value as answer:
        assert answer.status == 401
        assert json.load(answer)["error"] == "unauthorized_client"


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_signing_out_ends_every_session(idp, user, scope):
    tokens = [idp.tokens(user, client=one, scope=scope) for one in ("hub", "device", "hub")]
    others = idp.tokens("alice", scope=scope)
    idp.sign_out(user)
    for one, client in zip(tokens, ("hub", "device", "hub"), strict=True):
        assert refusal(refresh, idp, one, client) == "invalid_grant"
    assert refresh(idp, others)["access_token"]
    assert refresh(idp, idp.tokens(user, scope=scope))["access_token"]


def test_keys_are_changed(idp, user):
    before = idp.tokens(user, scope="openid offline_access")
    assert userinfo(idp, before)["preferred_username"] == user
    idp.rotate_keys()
    after = refresh(idp, before)
    published = {key["kid"] for key in fetch(idp.endpoint("certs"))["keys"]}
    kids = [
        json.loads(base64.urlsafe_b64decode(one["access_token"].split(".")[0] + "=="))["kid"]
        for one in (before, after)
    ]
    assert kids[0] not in published
    assert kids[1] in published
    assert userinfo(idp, after)["preferred_username"] == user
    with pytest.raises(urllib.error.HTTPError) as raised:
        userinfo(idp, before)
    with raised.value as answer:
        assert answer.status == 401


def test_lifetimes_are_chosen(idp, user):
    with idp.admin() as admin:
        before = admin.call("GET", "")["accessTokenLifespan"]
    idp.set_lifetimes(access_token_s=100)
    try:
        # Keycloak counts what is left when it answers, so a second may have passed.
        assert 50 < idp.tokens(user)["expires_in"] <= 100
        idp.start(access_token_lifespan_s=200)
        assert 150 < idp.tokens(user)["expires_in"] <= 200
    finally:
        idp.set_lifetimes(access_token_s=before)


def test_a_thousand_users(idp):
    names = [f"crowd-{number}" for number in range(1000)]
    idp.add_users(names, groups=["/escape/cta"])
    for name in (names[0], names[499], names[-1]):
        tokens = idp.tokens(name, scope="openid offline_access rucio")
        assert jwt_claims(tokens["access_token"])["preferred_username"] == name
        assert jwt_claims(tokens["access_token"])["groups"] == ["/escape/cta"]


def test_a_name_is_taken_once(idp):
    before = idp.password("alice")
    with pytest.raises(IdpError, match="alice"):
        idp.add_users(["alice"])
    assert idp.password("alice") == before
    assert idp.tokens("alice")["access_token"]


def test_names_that_kubernetes_cannot_take(idp, ask):
    names = ["o'neil.m@cern.ch", "zoë", "a_b+c", "-dash-", "x" * 200]
    idp.add_users(names)
    for name in names:
        page = Browser(until=BACK).sign_in(ask()[0], name, idp.password(name))
        assert page.query["code"]
        assert jwt_claims(idp.tokens(name)["access_token"])["preferred_username"] == name


def test_a_sleeping_provider_answers_nobody(idp):
    idp.pause()
    try:
        with idp.admin(timeout_s=0.3) as admin, pytest.raises(IdpError, match="did not answer"):
            admin.call("GET", "/users/count")
    finally:
        idp.resume()
    assert idp.tokens("alice")["access_token"]


def test_listens_on_loopback_only(idp):
    listening = listening_addresses(idp.status()["pids"].values())
    # The second is that of the transaction manager. Java's sockets are of the new kind, which
    # hold an address of the old.
    assert len(listening) >= 1
    assert set(listening) <= {"0100007F", "0000000000000000FFFF00000100007F"}


def test_no_secret_is_readable_or_shown(idp):
    secret = [idp.layout.secret("hub"), idp.layout.secret("admin"), idp.layout.password("alice")]
    assert idp.home.stat().st_mode & 0o077 == 0
    for path in secret:
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
    words = [path.read_text().strip().encode() for path in secret]
    for pid in idp.status()["pids"].values():
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not any(word in shown for word in words)
    for log in (idp.home / "log").iterdir():
        content = log.read_bytes()
        assert not any(word in content for word in words), log


def test_needs_less_than_600_mb(idp):
    assert idp.status()["memory_bytes"] < 600e6


def test_a_restart_leaves_no_process_and_keeps_all(idp, user):
    issuer, processes = idp.issuer, idp.status()["pids"].values()
    tokens = idp.tokens(user, scope="openid offline_access rucio")
    idp.stop()
    wait_until(lambda: not any(is_alive(pid) for pid in processes), what="the end")
    assert idp.status()["state"] == "stopped"
    idp.start(tied=True)
    assert idp.issuer == issuer
    assert jwt_claims(refresh(idp, tokens)["access_token"])["preferred_username"] == user
