"""The lake takes the tokens of a real provider, as the Hub gets them and as a device does."""

import json

import pytest

import escape_vre
from escape_vre.testing.waiting import wait_until

from .asking import ask, who


@pytest.fixture(scope="module")
def trusting(lake, idp):
    """The lake, trusting Keycloak, where Alice and Bob have accounts."""
    lake.trust(idp.issuer)
    for user in ("alice", "bob"):
        lake.map_identity(idp.subject(user), user)
    yield lake
    lake.distrust()


@pytest.fixture
def exchanged(idp):
    """Get a token for one audience in exchange for a session's, as the Hub does (RFC 8693)."""

    def get(user, audience="rucio", subject=""):
        kind = "urn:ietf:params:oauth:token-type:access_token"
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": subject or idp.tokens(user)["access_token"],
            "subject_token_type": kind,
            "requested_token_type": kind,
            "audience": audience,
            "scope": f"openid profile {audience}",
        }
        return idp.token("hub", form)["access_token"]

    return get


@pytest.fixture
def listed(trusting, storage):
    """List a dataset and get a file of it with a token; gives both statuses."""

    def get(token, path):
        return storage("GET", path, known=False, Authorization=f"Bearer {token}")

    def ask_both(token):
        status, said = ask(trusting, token, path="/dids/demo/fermi.lightcurves/files")
        if status != 200:
            return status, get(token, "/data/").status
        file = json.loads(said.splitlines()[0])
        body = {"dids": [{"scope": "demo", "name": file["name"]}]}
        status, said = ask(trusting, token, "POST", "/replicas/list", body)
        if status != 200:
            return status, get(token, "/data/").status
        (url,) = json.loads(said)["rses"][trusting.sites[0]]
        got = get(token, "/" + url.split("/", 3)[3])
        assert got.status != 200 or len(got.content) == file["bytes"]
        return status, got.status

    return ask_both


def test_exchanged_tokens_list_and_get(trusting, exchanged, listed):
    for user in ("alice", "bob"):
        token = exchanged(user)
        assert who(trusting, token) == user
        assert listed(token) == (200, 200)


def test_our_own_client_gets_with_a_token(
    trusting, exchanged, configure, own_agent, agent, tmp_path
):
    file = tmp_path / "token"
    file.write_text(exchanged("bob"))
    source = {"auth": "token_file", "token_file": str(file)}
    configure(DataLake={"instances": [{**trusting.token_instance(), **source}]})
    (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
    assert agent.get("/datalake/whoami")["account"] == "bob"
    assert len(escape_vre.get("demo:fermi.lightcurves", progress=False)) == 5


def test_tokens_of_a_device_list_and_get(trusting, idp, listed):
    scope = trusting.token_instance(client_id="device")["scope"]
    token = idp.tokens("alice", client="device", scope=scope)["access_token"]
    assert who(trusting, token) == "alice"
    assert listed(token) == (200, 200)


def test_tokens_for_others_open_nothing(idp, exchanged, listed):
    answer = idp.tokens("alice", audience="rucio")
    assert listed(answer["access_token"]) == (200, 200)
    assert listed(answer["refresh_token"]) == (401, 401)
    assert listed(idp.tokens("alice")["access_token"]) == (401, 401)
    assert listed(exchanged("alice", "reana")) == (401, 401)


def test_nobody_without_an_account(trusting, idp):
    idp.add_users(["carol"])
    assert who(trusting, idp.tokens("carol", audience="rucio")["access_token"]) == 401


def test_a_token_past_its_life(idp, exchanged, listed):
    subject = idp.tokens("alice")["access_token"]
    idp.set_lifetimes(access_token_s=3)
    try:
        token = exchanged("alice", subject=subject)
        wait_until(lambda: listed(token) == (401, 401))
    finally:
        idp.set_lifetimes(access_token_s=300)
    assert listed(exchanged("alice")) == (200, 200)


def test_goes_on_while_keycloak_sleeps(idp, exchanged, listed):
    first, second = exchanged("alice"), exchanged("bob")
    assert listed(first) == (200, 200)
    idp.pause()
    try:
        assert listed(first) == (200, 200)
        assert listed(second) == (200, 200)
    finally:
        idp.resume()


def test_keycloak_changes_its_keys(idp, exchanged, listed):
    old = exchanged("alice")
    assert listed(old) == (200, 200)
    idp.rotate_keys()
    new = exchanged("alice")
    wait_until(lambda: listed(new) == (200, 200))
    assert listed(old) == (401, 401)
