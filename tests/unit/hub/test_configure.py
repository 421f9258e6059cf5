"""What one line does to a hub's configuration, and what it refuses to start with."""

import asyncio
import copy
from pathlib import Path

import pytest
import trustme
from traitlets.config import Config

from escape_vre.hub import configure
from escape_vre.hub.authenticator import EscapeAuthenticator
from escape_vre.hub.names import user_name

SCOPE = "custom:escape:token"


def role(c, name):
    return next(role for role in c.JupyterHub.load_roles if role["name"] == name)


def test_one_line_is_enough(idp, given):
    c = Config()
    configure(c, given)
    assert c.JupyterHub.authenticator_class is EscapeAuthenticator
    assert c.JupyterHub.admin_access is False
    assert "allow_all" not in c.EscapeAuthenticator
    assert c.EscapeAuthenticator.allowed_groups == {"/escape"}
    assert list(c.JupyterHub.custom_scopes) == [SCOPE]
    assert role(c, "user")["scopes"] == ["self", f"{SCOPE}!user"]
    assert role(c, "server")["scopes"] == [
        "users:activity!user",
        "access:servers!server",
        f"{SCOPE}!server",
    ]
    assert idp.client_secret not in repr(c)


def test_pages_of_the_site_come_before_ours(given):
    c = Config()
    c.JupyterHub.template_paths = ["/etc/site/pages"]
    configure(c, given)
    first, ours = c.JupyterHub.template_paths
    assert first == "/etc/site/pages"
    assert (Path(ours) / "spawn_pending.html").is_file()


def test_roles_of_the_site_are_completed_and_none_is_there_twice(given):
    c = Config()
    c.JupyterHub.load_roles = [
        {"name": "user", "scopes": ["self", "shares!user"], "description": "ours"},
        {"name": "other", "scopes": ["list:users"], "users": ["anna"]},
        {"name": "server", "scopes": ["users:activity!user", f"{SCOPE}!server"]},
    ]
    c.JupyterHub.custom_scopes = {"custom:site:x": {"description": "x"}}
    before = copy.deepcopy(c.JupyterHub.load_roles)
    configure(c, given)
    assert role(c, "user")["scopes"] == ["self", "shares!user", f"{SCOPE}!user"]
    assert role(c, "user")["description"] == "ours"
    assert role(c, "other") == before[1]
    assert role(c, "server")["scopes"] == before[2]["scopes"]
    names = [role["name"] for role in c.JupyterHub.load_roles]
    assert len(names) == len(set(names))
    assert set(c.JupyterHub.custom_scopes) == {"custom:site:x", SCOPE}


def test_roles_that_were_appended_are_kept(given):
    c = Config()
    c.JupyterHub.load_roles.append({"name": "other", "scopes": ["list:users"]})
    c.JupyterHub.custom_scopes.update({"custom:site:x": {"description": "x"}})
    configure(c, given)
    assert role(c, "other")["scopes"] == ["list:users"]
    assert set(c.JupyterHub.custom_scopes) == {"custom:site:x", SCOPE}


def test_servers_whose_scopes_the_site_chose_get_ours_too(given):
    async def chosen(spawner):
        return ["users:activity!user"]

    c = Config()
    c.Spawner.server_token_scopes = ["users:activity!user"]
    c.KubeSpawner.server_token_scopes = chosen
    configure(c, given)
    assert c.Spawner.server_token_scopes == ["users:activity!user", f"{SCOPE}!server"]
    found = asyncio.run(c.KubeSpawner.server_token_scopes(None))
    assert found == ["users:activity!user", f"{SCOPE}!server"]


def test_administrators_may_not_enter_other_peoples_servers(given):
    given["login"]["admin_groups"] = ["/vre-admins"]
    c = Config()
    configure(c, given)
    found = role(c, "escape-admin")
    assert found["groups"] == ["/vre-admins"]
    assert not {"access:servers", "tokens", "shares"} & set(found["scopes"])
    assert c.EscapeAuthenticator.allowed_groups == {"/escape", "/vre-admins"}


def test_unless_the_site_says_so(given):
    given["login"] |= {"admin_groups": ["/vre-admins"], "admin_access": True}
    c = Config()
    configure(c, given)
    assert c.JupyterHub.admin_access is True
    assert "escape-admin" not in [role["name"] for role in c.JupyterHub.load_roles]


def test_nobody_is_allowed_without_saying_so(given):
    del given["login"]["allowed_groups"]
    with pytest.raises(SystemExit, match=r"No user may sign in.*global\.escape\.login\.allow"):
        configure(Config(), given)
    c = Config()
    c.Authenticator.allowed_users = {"anna"}
    configure(c, given)
    given["login"]["allow_all"] = True
    c = Config()
    configure(c, given)
    assert c.EscapeAuthenticator.allow_all is True


def test_a_name_that_nobody_has_is_refused_with_the_right_one(given):
    """JupyterHub would make it lower-case, and so another person an administrator."""
    c = Config()
    c.Authenticator.admin_users = {"Anna"}
    with pytest.raises(SystemExit, match=r"c\.Authenticator\.admin_users has 'Anna'") as caught:
        configure(c, given)
    assert user_name("Anna") in str(caught.value)
    c.Authenticator.admin_users = {user_name("Anna"), "bert"}
    configure(c, given)


def test_users_that_were_added_one_by_one_count(given):
    del given["login"]["allowed_groups"]
    c = Config()
    c.Authenticator.allowed_users.add("anna")
    configure(c, given)


def refusal(given):
    """Return what ends the hub."""
    with pytest.raises(SystemExit) as caught:
        configure(Config(), given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404}, "answers 404"),
        ({"status": 401}, "answers 401"),
        ({"status": 302}, "answers 302"),
        ({"status": 200, "body": b"<html>"}, "is not JSON"),
        ({"status": 200, "body": b"[]"}, "is not JSON"),
        ({"status": 200, "body": b'{"issuer": "https://x.org"}'}, "calls itself https://x.org"),
    ],
)
def test_a_wrong_issuer_is_refused(idp, given, fault, words):
    with idp.failing("discovery", **fault):
        said = refusal(given)
    assert words in said
    assert "global.escape.login.issuer" in said
    assert "\n" not in said


def test_a_slash_too_many_is_refused_with_the_right_one(idp, given):
    given["login"]["issuer"] += "/"
    assert f"calls itself {idp.issuer}. Write global.escape.login.issuer exactly so" in refusal(
        given
    )


def test_an_issuer_without_endpoints_is_refused(idp, given):
    idp.document = {"token_endpoint": None}
    assert "no token_endpoint" in refusal(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_endpoint", 7),
        ("token_endpoint", ""),
        ("token_endpoint", "/token"),
        ("token_endpoint", "https://idp.example.org:port/token"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", ["https://idp.example.org/auth"]),
        ("userinfo_endpoint", 7),
        ("userinfo_endpoint", "ldap://idp.example.org"),
        ("token_endpoint_auth_methods_supported", "client_secret_basic"),
        ("code_challenge_methods_supported", [256]),
        ("grant_types_supported", {"refresh_token": True}),
    ],
)
def test_a_malformed_description_is_refused(idp, given, name, value):
    idp.document = {name: value}
    said = refusal(given)
    assert f"has a malformed {name}" in said
    assert "global.escape.login.issuer" in said


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"])
def test_a_way_without_tls_is_refused_where_the_issuer_has_tls(idp, given, name, tmp_path):
    authority = trustme.CA()
    idp.serve_tls(authority.issue_cert("127.0.0.1"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    given["login"] |= {"issuer": idp.issuer, "ca_file": str(tmp_path / "ca.pem")}
    idp.document = {name: "http://idp.example.org/x"}
    assert f"The {name} of the issuer" in refusal(given)


def test_a_provider_without_pkce_is_refused(idp, given):
    idp.document = {"code_challenge_methods_supported": ["plain"]}
    assert "does not support PKCE with S256" in refusal(given)
    idp.document = {"code_challenge_methods_supported": None}
    configure(Config(), given)


def test_a_provider_without_exchange_is_refused_where_one_is_needed(idp, given):
    idp.document = {"grant_types_supported": ["authorization_code", "refresh_token"]}
    said = refusal(given)
    assert "does not support token exchange" in said
    assert "set global.escape.tokens.method to refresh" in said
    given["tokens"]["method"] = "refresh"
    configure(Config(), given)
    given["tokens"] = {}
    configure(Config(), given)


def test_a_wrong_client_secret_is_refused(idp, given, monkeypatch):
    monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", "not-the-s3cret")
    said = refusal(given)
    assert "does not accept this hub as its client (invalid_client)" in said
    assert "global.escape.login.client_secret_env" in said
    assert "not-the-s3cret" not in said


def test_a_missing_client_secret_is_refused(given, monkeypatch, tmp_path):
    monkeypatch.delenv("ESCAPE_VRE_CLIENT_SECRET")
    assert "no client's secret in the variable ESCAPE_VRE_CLIENT_SECRET" in refusal(given)
    given["login"]["client_secret_file"] = str(tmp_path / "secret")
    assert "global.escape.login.client_secret_file" in refusal(given)


def test_the_secret_may_be_in_a_file(idp, given, monkeypatch, tmp_path):
    monkeypatch.delenv("ESCAPE_VRE_CLIENT_SECRET")
    (tmp_path / "secret").write_text(idp.client_secret + "\n")
    given["login"]["client_secret_file"] = str(tmp_path / "secret")
    configure(Config(), given)
    (tmp_path / "secret").write_text("another")
    assert "invalid_client" in refusal(given)


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_good_key_the_hub_does_not_start(given, monkeypatch, key):
    monkeypatch.setenv("ESCAPE_VRE_HUB_KEYS", key)
    assert "global.escape.keys.env" in refusal(given)


def test_a_wrong_setting_is_refused_by_its_path(given):
    given["tokens"]["audiences"].append({"name": "Rucio"})
    assert "global.escape.tokens.audiences[2].name" in refusal(given)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 500}, {"delay_s": 1.5}])
def test_a_hub_starts_while_its_provider_sleeps(idp, given, fault, caplog):
    given["calls"]["timeout_s"] = 1
    with idp.failing("discovery", **fault):
        configure(Config(), given)
    assert "The hub starts anyway" in caplog.text


def test_a_hub_starts_where_nothing_listens(idp, given, caplog):
    idp.stop()
    configure(Config(), given)
    assert "cannot be reached" in caplog.text


def test_a_certificate_that_nobody_vouches_for_is_refused(idp, given, tmp_path):
    authority = trustme.CA()
    idp.serve_tls(authority.issue_cert("127.0.0.1"))
    given["login"]["issuer"] = idp.issuer
    said = refusal(given)
    assert "not to be trusted" in said
    assert "global.escape.login.ca_file" in said
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    given["login"]["ca_file"] = str(tmp_path / "ca.pem")
    configure(Config(), given)
    given["login"]["ca_file"] = str(tmp_path / "none.pem")
    assert "global.escape.login.ca_file" in refusal(given)


def test_a_secret_goes_into_the_body_where_the_provider_wants_it_there(idp, given, monkeypatch):
    idp.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    configure(Config(), given)
    monkeypatch.setenv("ESCAPE_VRE_CLIENT_SECRET", "wrong")
    assert "invalid_client" in refusal(given)
