"""Who is given a token, who is not, and in which words (ADR 0003)."""

import json

import pytest

from escape_vre.core.tokens import jwt_claims
from escape_vre.testing.visitor import call
from tests.integration.hub.conftest import at_once, error, issued


@pytest.fixture(scope="module")
def hub(start_hub, module_fake):
    """A hub where alice and bob have signed in; alice administers, servers may be shared."""
    hub = start_hub(
        module_fake,
        login={"admin_groups": ["/vre-admins"]},
        more=(
            'c.JupyterHub.load_roles.append({"name": "user",'
            ' "scopes": ["self", "shares!user", "read:users:name", "read:groups:name"]})'
        ),
    )
    hub.alice = hub.signed_in("alice")
    hub.bob = hub.signed_in("bob")
    return hub


@pytest.fixture(scope="module")
def servers(hub):
    """JupyterHub's tokens of running servers."""
    return {
        ("alice", ""): hub.start_server("alice"),
        ("alice", "gpu"): hub.start_server("alice", "gpu"),
        ("bob", ""): hub.start_server("bob"),
    }


def test_a_server_has_a_token_for_one_service(hub, servers):
    answer = hub.ask(servers["alice", ""], "rucio")
    found = answer.json()
    assert set(found) == {"access_token", "token_type", "expires_in", "audience"}
    assert found["token_type"] == "Bearer"
    assert found["audience"] == "rucio"
    assert 0 < found["expires_in"] <= 300
    assert jwt_claims(found["access_token"])["aud"] == "rucio"
    assert jwt_claims(found["access_token"])["sub"] == "sub-of-alice"
    assert answer.headers["cache-control"] == "no-store"


def test_each_server_has_its_own_users_tokens(hub, servers):
    for (user, _), token in servers.items():
        assert jwt_claims(issued(hub.ask(token, "reana")))["sub"] == f"sub-of-{user}"


def test_the_provider_is_asked_once(hub, servers, module_fake):
    before = module_fake.calls["exchange"]
    asked = [lambda t=t, a=a: hub.ask(t, a) for t in servers.values() for a in ("rucio", "reana")]
    answers = at_once(*asked * 4)
    assert len({issued(answer) for answer in answers}) == 4
    assert module_fake.calls["exchange"] - before <= 4


def test_an_unknown_audience_lists_what_there_is(hub, servers):
    found = error(hub.ask(servers["alice", ""], "nope"), 404)
    assert found["code"] == "not_found"
    assert found["details"] == {"audiences": ["rucio", "reana"]}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"audience": 1}', b"x" * 100_000])
def test_a_request_that_makes_no_sense_is_told_so(hub, servers, body):
    answer = call(
        "POST",
        f"{hub.hub_url}escape/token",
        body=body,
        headers={"Authorization": f"token {servers['alice', '']}"},
    )
    assert error(answer, 400)["code"] == "usage"


def test_other_methods_are_answered_in_the_same_shape(hub):
    for method in ("GET", "PUT", "DELETE"):
        assert error(call(method, f"{hub.hub_url}escape/token"), 405)["code"] == "usage"


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 100])
def test_without_a_token_of_a_server_nothing_is_given(hub, token):
    found = error(hub.ask(token), 403)
    assert found["code"] == "auth"
    assert "sign_in" not in found["details"]


def test_a_service_has_none(hub):
    error(hub.ask(hub.token), 403)


def test_an_origin_changes_nothing(hub, servers):
    error(hub.ask(None, headers={"Origin": "http://evil.example"}), 403)
    issued(hub.ask(servers["alice", ""], headers={"Origin": "http://evil.example"}))


@pytest.mark.parametrize(
    "scopes",
    [None, ["inherit"], ["custom:escape:token!user"], ["custom:escape:token!server=alice/"]],
)
def test_a_personal_token_has_none(hub, servers, scopes):
    """Not even one that names the server: it would outlive that."""
    body = {"note": "Server at /user/alice/", **({"scopes": scopes} if scopes else {})}
    made = hub.alice.api("POST", "users/alice/tokens", body)
    assert made.status == 201, made.text
    error(hub.ask(made.json()["token"]), 403)


def test_a_browsers_session_has_none(hub, servers):
    error(hub.alice.call("POST", "hub/escape/token", body={"audience": "rucio"}), 403)
    # Not through the proxy either, but right at the hub: cookies do not count at all.
    answer = hub.alice.call("POST", f"{hub.hub_url}escape/token", body={"audience": "rucio"})
    error(answer, 403)


def test_nothing_passes_the_public_proxy(hub, servers):
    answer = call(
        "POST",
        f"{hub.url}hub/escape/token",
        body={"audience": "rucio"},
        headers={"Authorization": f"token {servers['alice', '']}"},
    )
    assert "public address" in error(answer, 403)["message"]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Host", "forwarded", "X-Real-IP"])
def test_nothing_that_passed_a_proxy_is_answered(hub, servers, name):
    error(hub.ask(servers["alice", ""], headers={name: "127.0.0.1"}), 403)
    assert "global.escape.tokens.proxy_headers" in hub.said()


def test_a_service_mesh_locks_nobody_out(hub, servers):
    """Envoy adds this header to every request between pods."""
    issued(hub.ask(servers["alice", ""], headers={"X-Forwarded-Proto": "http"}))


def test_the_headers_of_the_public_proxy_are_a_setting(start_hub, module_fake):
    """For a mesh that adds X-Forwarded-For too."""
    hub = start_hub(module_fake, tokens={"proxy_headers": ["X-Forwarded-Host"]})
    hub.signed_in("bob")
    token = hub.start_server("bob")
    issued(hub.ask(token, headers={"X-Forwarded-For": "10.0.0.7", "X-Forwarded-Proto": "http"}))
    answer = call(
        "POST",
        f"{hub.url}hub/escape/token",
        body={"audience": "rucio"},
        headers={"Authorization": f"token {token}"},
    )
    error(answer, 403)


def test_a_token_that_takes_the_id_of_a_servers_own_has_none(hub):
    """SQLite gives the id of a deleted row to the next one."""
    hub.start_server("alice", "reuse")
    token = hub.server_environment("alice", "reuse")["JUPYTERHUB_API_TOKEN"]
    issued(hub.ask(token))
    note = "Server at /user/alice/reuse/"
    found = [
        one["id"]
        for one in hub.api("GET", "users/alice/tokens").json()["api_tokens"]
        if one["note"] == note
    ]
    assert hub.api("DELETE", f"users/alice/tokens/{found[0]}").status == 204
    body = {"note": note, "scopes": ["custom:escape:token!server=alice/reuse"]}
    made = hub.alice.api("POST", "users/alice/tokens", body).json()
    assert made["id"] == found[0], "this database gives no id again: the test proves nothing"
    error(hub.ask(made["token"]), 403)
    hub.stop_server("alice", "reuse")


def test_a_token_of_a_stopped_server_is_good_for_nothing(hub):
    hub.bob.api("GET", "user")
    token = hub.start_server("bob", "short")
    issued(hub.ask(token))
    hub.stop_server("bob", "short")
    error(hub.ask(token), 403)
    again = hub.start_server("bob", "short")
    assert again != token
    issued(hub.ask(again))
    error(hub.ask(token), 403)
    hub.stop_server("bob", "short")


def test_a_servers_token_reads_nothing_of_another_user(hub, servers):
    token = servers["alice", ""]
    for path in ("users/bob", "users/bob/tokens", "users/bob/server", "users", "tokens"):
        answer = hub.api("GET", path, token=token)
        assert answer.status in (403, 404, 405), (path, answer.text)
        assert b"sub-of-bob" not in answer.body
    made = hub.api("POST", "users/bob/tokens", {}, token=token)
    assert made.status in (403, 404)


def test_an_administrator_enters_no_server_and_makes_no_token_for_another(hub, servers):
    listed = hub.alice.api("GET", "users")
    assert listed.status == 200
    assert {"alice", "bob"} <= {user["name"] for user in listed.json()}
    assert hub.alice.get("hub/admin").status == 200
    assert hub.bob.get("hub/admin").status == 403
    assert hub.alice.api("POST", "users/bob/tokens", {}).status in (403, 404)
    assert hub.alice.api("POST", "users/bob/admin-access", {}).status in (403, 404)
    scopes = set(hub.alice.api("GET", "user").json()["scopes"])
    assert "access:servers" not in scopes
    assert "access:servers!user=alice" in scopes
    assert not any(scope.startswith("custom:escape:token!user=bob") for scope in scopes)


def test_a_shared_server_has_none_until_it_restarts(hub, start_hub, servers):
    token = hub.start_server("bob", "shared")
    issued(hub.ask(token))
    body = {"user": "alice", "scopes": ["access:servers!server=bob/shared"]}
    shared = hub.bob.api("POST", "shares/bob/shared", body)
    assert shared.status == 200, shared.text
    found = error(hub.ask(token), 403)
    assert "shared" in found["message"]
    issued(hub.ask(servers["bob", ""]))
    # Revoking does not take back what was seen ...
    assert hub.bob.api("DELETE", "shares/bob/shared").status in (200, 204)
    assert "shared" in error(hub.ask(token), 403)["message"]
    # ... nor does a restart of the hub forget it ...
    hub.kill()
    hub.start()
    assert "shared" in error(hub.ask(token), 403)["message"]
    # ... but another start of the server makes another token.
    hub.stop_server("bob", "shared")
    issued(hub.ask(hub.start_server("bob", "shared")))
    hub.stop_server("bob", "shared")


def test_a_server_that_starts_while_shared_has_none(hub):
    hub.start_server("bob", "shared")
    body = {"user": "alice", "scopes": ["access:servers!server=bob/shared"]}
    assert hub.bob.api("POST", "shares/bob/shared", body).status == 200
    hub.stop_server("bob", "shared")
    token = hub.start_server("bob", "shared")
    error(hub.ask(token), 403)
    assert hub.bob.api("DELETE", "shares/bob/shared").status in (200, 204)
    error(hub.ask(token), 403)
    hub.stop_server("bob", "shared")


def test_metrics_count_and_name_nobody(hub, servers):
    issued(hub.ask(servers["alice", ""]))
    error(hub.ask(None), 403)
    text = hub.metrics()
    ours = [line for line in text.splitlines() if line.startswith("escape_vre_")]
    assert any('requests_total{audience="rucio",result="ok"}' in line for line in ours)
    assert any('result="refused"' in line for line in ours)
    assert any(line.startswith("escape_vre_provider_seconds_bucket") for line in ours)
    assert not any(name in line for name in ("alice", "bob", "sub-of") for line in ours)


def test_errors_are_json_for_whoever_parses_them(hub):
    assert json.loads(hub.ask(None).body)["error"]["hint"]
