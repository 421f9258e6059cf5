"""Nothing to steal: no token of the provider is anywhere but in the hub's memory, and sealed."""

import json
from pathlib import Path

import pytest

from escape_vre.testing.waiting import wait_until
from tests.integration.hub.conftest import KEYS, issued

EVENTS = """
import logging
c.EventLogger.handlers = [logging.FileHandler(given["home"] + "/events.log")]
c.JupyterHub.services.append({"name": "culler", "api_token": "culler-" + given["token"]})
c.JupyterHub.load_roles.append({
    "name": "culler", "services": ["culler"],
    # What Zero to JupyterHub gives with cull.users.
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers",
               "admin:users"],
})
"""

PATHS = [
    "",
    "info",
    "user",
    "users",
    "users?include_stopped_servers=1",
    *(f"users/{name}" for name in ("alice", "bob")),
    *(f"users/{name}/tokens" for name in ("alice", "bob")),
    *(f"users/{name}/shared" for name in ("alice", "bob")),
    "shares/alice",
    "groups",
    "groups/%2Fescape",
    "services",
    "proxy",
    "authorizations/token/nonsense",
]

PAGES = ["home", "token", "admin", "spawn/alice", "logout-all", "error", "api", "metrics"]


@pytest.fixture(scope="module")
def hub(start_hub, module_fake):
    """A hub that has done all it does: sign-ins, servers, tokens, renewals, a session's end."""
    hub = start_hub(
        module_fake, login={"admin_groups": ["/vre-admins"], "admin_access": True}, more=EVENTS
    )
    hub.alice, hub.bob = hub.signed_in("alice"), hub.signed_in("bob")
    hub.carol = None
    module_fake.people["carol"] = {"groups": ["/escape"]}
    carol = hub.signed_in("carol")
    hub.servers = {name: hub.start_server(name) for name in ("alice", "bob")}
    for token in hub.servers.values():
        for audience in ("rucio", "reana"):
            issued(hub.ask(token, audience))
    renewed = module_fake.calls["refresh"]
    module_fake.sign_out("carol")

    def everybody_was_renewed():
        for visitor in (hub.alice, hub.bob, carol):
            visitor.get("hub/home")
        return module_fake.calls["refresh"] >= renewed + 3

    wait_until(everybody_was_renewed, what="the renewals")
    with module_fake.failing("exchange", "refresh", status=400, body=b'{"error": "invalid_scope"}'):
        hub.ask(hub.servers["bob"], "nope")
    return hub


@pytest.fixture(scope="module")
def absent(module_fake):
    """Assert that no secret is in what was found, and that something was."""

    def check(found, *, but=()):
        data = found.encode() if isinstance(found, str) else found
        secrets = [*module_fake.given, module_fake.client_secret, KEYS]
        assert len(secrets) > 10
        for secret in secrets:
            assert secret not in but or secret.encode() in data
            assert secret in but or secret.encode() not in data
            # The signature alone would be enough to know a token again.
            assert secret in but or secret.rpartition(".")[2].encode() not in data
        return data

    return check


def test_every_api_as_everybody(hub, absent):
    culler = f"culler-{hub.token}"
    for path in PATHS:
        for token in (hub.token, culler, hub.servers["alice"], hub.servers["bob"], "nonsense"):
            absent(hub.api("GET", path, token=token).body)
        for visitor in (hub.alice, hub.bob):
            absent(visitor.api("GET", path).body)


def test_who_may_read_users_sees_ciphertext(hub, absent):
    for token in (hub.token, f"culler-{hub.token}"):
        state = hub.api("GET", "users/alice", token=token).json()["auth_state"]
        assert state["oauth_user"]["sub"] == "sub-of-alice"
        assert set(state) == {"oauth_user", "escape"}
        assert set(state["escape"]) == {"issuer", "subject", "session"}
        assert state["escape"]["session"].startswith("gAAAA")
    answer = hub.api("PATCH", "users/bob", {"admin": False})
    assert answer.status == 200
    assert b"gAAAA" in absent(answer.body)
    for token in hub.servers.values():
        assert hub.api("GET", "users/alice", token=token).json().get("auth_state") is None


def test_anothers_sealed_session_is_worth_nothing(hub, module_fake):
    """Whoever may write users could copy a session, and could not use it."""
    bob = hub.api("GET", "users/bob").json()["auth_state"]
    alice = hub.api("GET", "users/alice").json()["auth_state"]
    stolen = {**bob, "escape": alice["escape"]}
    assert hub.api("PATCH", "users/bob", {"auth_state": stolen}).status == 200
    asked = module_fake.calls["exchange"]
    assert hub.ask(hub.servers["bob"]).status == 401
    assert module_fake.calls["exchange"] == asked
    assert hub.api("PATCH", "users/bob", {"auth_state": bob}).status == 200
    issued(hub.ask(hub.servers["bob"]))


def test_every_page(hub, absent):
    for page in PAGES:
        for visitor in (hub.alice, hub.bob, hub.visitor()):
            absent(visitor.get(f"hub/{page}").body)
    absent(hub.metrics())


def test_logs_and_events(hub, absent):
    said = absent(hub.said())
    assert b"oauth_callback" in said
    assert b"alice" in absent((hub.home / "events.log").read_bytes())
    absent((hub.home / "proxy.log").read_bytes())


def test_every_file(hub, absent):
    files = [path for path in hub.home.rglob("*") if path.is_file()]
    assert any(path.name == "jupyterhub.sqlite" for path in files)
    for path in files:
        absent(path.read_bytes())
    assert b"/vre-admins" in hub.database()


def test_environments_and_process_lists(hub, absent, module_fake):
    for name, token in hub.servers.items():
        environment = hub.server_environment(name)
        assert environment["JUPYTERHUB_API_TOKEN"] == token
        absent(json.dumps(environment))
    own = Path(f"/proc/{hub.process.pid}/environ").read_bytes()
    absent(own, but=(module_fake.client_secret, KEYS))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            absent((process / "cmdline").read_bytes())
        except (FileNotFoundError, ProcessLookupError):
            continue


def test_a_servers_own_token_gives_minutes_and_no_more(hub):
    """What a stolen server token can do: ask for what its server may ask."""
    answer = hub.ask(hub.servers["alice"]).json()
    assert answer["expires_in"] <= 300
    assert "refresh_token" not in answer
