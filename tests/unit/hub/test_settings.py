"""What a site may write, and what it is told when it is wrong."""

import copy
import json

import pytest

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub.settings import HubSettings, load

GOOD = {
    "login": {
        "provider": "iam",
        "issuer": "https://iam.example.org/",
        "client_id": "hub",
        "allowed_groups": ["/escape"],
    },
    "tokens": {"audiences": [{"name": "rucio"}, {"name": "reana", "audience": "reana-prod"}]},
}


def changed(path, value):
    settings = copy.deepcopy(GOOD)
    *parts, last = path
    found = settings
    for part in parts:
        found = found[part]
    found[last] = value
    return settings


def test_what_is_left_out_is_the_providers_own():
    found = load(GOOD)
    assert found.login.group_claim == "wlcg.groups"
    assert found.login.name_claim == "preferred_username"
    assert "offline_access" in found.login.asked_scopes
    assert found.method == "refresh"
    assert [entry.aud for entry in found.tokens.audiences] == ["rucio", "reana-prod"]
    assert not found.login.admin_access


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["tokens", "audiences", 1, "name"], 3, "global.escape.tokens.audiences[1].name: "),
        (["tokens", "audiences", 1, "title"], "x", "audiences[1].title is not a setting"),
        (["tokens", "audiences", 0, "name"], "Rucio!", "audiences[0].name: "),
        (["tokens", "audiences", 1, "name"], "rucio", "global.escape.tokens: audiences has rucio"),
        (["tokens", "audiences", 0, "scopes"], ["a b"], "audiences[0].scopes[0]: "),
        (["tokens", "method"], "guess", "global.escape.tokens.method: "),
        (["login", "allow_all"], "yes", "global.escape.login.allow_all: "),
        (["login", "allow_all"], 1, "global.escape.login.allow_all: "),
        (["login", "recheck_s"], "300", "global.escape.login.recheck_s: "),
        (["login", "issuer"], "iam.example.org", "login.issuer: must be a URL"),
        (["login", "issuer"], "http://iam.example.org/", "issuer must begin with https://"),
        (["login", "scopes"], ["profile"], "scopes must include openid"),
        (["login", "client_secret"], "s3cret", "login.client_secret is not a setting"),
        (["logn"], {}, "global.escape.logn is not a setting"),
        (["calls"], {"at_once": 0}, "global.escape.calls.at_once: "),
    ],
)
def test_what_is_wrong_is_named_by_its_path(path, value, words):
    with pytest.raises(ConfigurationError) as caught:
        load(changed(path, value))
    assert words in caught.value.message
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["provider", "issuer", "client_id"])
def test_what_is_missing_is_named(name):
    settings = copy.deepcopy(GOOD)
    del settings["login"][name]
    with pytest.raises(ConfigurationError, match=f"global.escape.login.{name} is missing"):
        load(settings)


def test_all_that_is_wrong_is_said_at_once():
    settings = changed(["tokens", "audiences", 0, "name"], 1) | {"colour": "red"}
    with pytest.raises(ConfigurationError) as caught:
        load(settings)
    assert "audiences[0].name" in caught.value.message
    assert "global.escape.colour" in caught.value.message


def test_an_issuer_on_this_machine_needs_no_tls():
    assert load(changed(["login", "issuer"], "http://127.0.0.1:8080/realms/escape"))
    allowed = changed(["login", "issuer"], "http://idp.test/")
    allowed["login"]["allow_http"] = True
    assert load(allowed).login.issuer == "http://idp.test/"


def test_what_is_no_data_is_refused():
    with pytest.raises(ConfigurationError, match=r"global\.escape is not plain data"):
        load({"login": object()})


def test_every_setting_says_what_it_is():
    schema = HubSettings.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        assert section["additionalProperties"] is False
        for name, field in section["properties"].items():
            named = schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
            assert field.get("description") or named.get("description"), name
    assert json.dumps(schema)
