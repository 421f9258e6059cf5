"""Whom a lake trusts, and how long it keeps a provider's keys, without a lake."""

import contextlib
import threading

import pytest

from escape_vre.local.lake import Lake, LakeError
from escape_vre.local.lake.layout import Layout
from escape_vre.local.lake.server import keys
from escape_vre.local.lake.trust import Trust, fetch, identity, keys_url, unverified
from escape_vre.testing.loopback import Handler, Server

ISSUER = "https://idp.example/realms/test"


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when the test says so."""
    now = [1000.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def said(monkeypatch):
    """What the provider answers: its keys, or an exception."""
    said = {"keys": ["one"], "asked": 0, "open": threading.Event()}
    said["open"].set()

    def fetch(_url, **_options):
        said["asked"] += 1
        assert said["open"].wait(10)
        if isinstance(said["keys"], Exception):
            raise said["keys"]
        return {"keys": [{"kid": kid, "kty": "RSA"} for kid in said["keys"]]}

    monkeypatch.setattr(keys, "keys_url", lambda issuer, **_options: f"{issuer}/keys")
    monkeypatch.setattr(keys, "fetch", fetch)
    return said


@pytest.fixture
def provider(tmp_path, clock, said):
    layout = Layout(tmp_path)
    Trust(ISSUER).write(layout.trust)
    return keys.Provider(layout)


def settle(provider):
    """Wait for a question that nobody waits for."""
    while (asking := provider._asking) is not None:
        asking.join(10)


def test_trusts_nobody_at_first(tmp_path, said):
    provider = keys.Provider(Layout(tmp_path))
    assert provider.trust() == Trust()
    assert provider.key("one") is None
    assert said["asked"] == 0


def test_keeps_keys(provider, said):
    assert provider.key("one")["kid"] == "one"
    assert provider.key("one")["kid"] == "one"
    assert said["asked"] == 1


def test_unknown_keys_are_asked_for_every_three_seconds(provider, said, clock):
    assert provider.key("two") is None
    said["keys"] = ["two"]
    assert provider.key("two") is None
    assert said["asked"] == 1
    clock[0] += 3.1
    assert provider.key("two")["kid"] == "two"
    assert provider.key("one") is None


def test_old_keys_serve_while_new_ones_are_fetched(provider, said, clock):
    assert provider.key("one")
    clock[0] += 301
    said["open"].clear()
    assert provider.key("one")
    said["keys"] = ["two"]
    said["open"].set()
    settle(provider)
    assert list(provider.keys()) == ["two"]
    assert said["asked"] == 2


def test_a_provider_that_is_down_takes_no_key_away(provider, said, clock, caplog):
    assert provider.key("one")
    said["keys"] = LakeError("down", "start it")
    for _ in range(3):
        clock[0] += 301
        assert provider.key("one")
        settle(provider)
    assert said["asked"] == 4
    assert [record.message for record in caplog.records] == ["down"]


def test_a_provider_that_drips_is_asked_again(provider, said, clock):
    assert provider.key("one")
    clock[0] += 301
    said["open"].clear()
    assert provider.key("one")
    dripping = provider._asking
    clock[0] += 6
    assert provider.key("one")
    latest = provider._asking
    assert latest is not dripping
    said["keys"] = ["two"]
    said["open"].set()
    dripping.join(10)
    settle(provider)
    assert list(provider.keys()) == ["two"]


def test_another_provider_has_other_keys(provider, said, tmp_path):
    assert provider.key("one")
    said["keys"] = ["other"]
    Trust("https://other.example").write(Layout(tmp_path).trust)
    assert provider.key("one") is None
    assert provider.key("other")


@pytest.mark.parametrize(
    "key",
    [
        7,
        {},
        {"kid": 1, "kty": "RSA"},
        {"kid": "x", "kty": "oct"},
        {"kid": "x", "kty": "RSA", "use": "enc"},
    ],
)
def test_what_is_no_key_to_verify_with(key):
    assert keys._usable({"keys": [key, {"kid": "one", "kty": "EC"}]}).keys() == {"one"}
    assert keys._usable({"keys": key}) == {}


@pytest.mark.parametrize("token", ["", "a.b", "..", "a.b.c", "W10.W10.", "é.é.é"])
def test_what_is_no_token(token):
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part it fails at
        unverified(token)


@pytest.fixture
def page():
    """A page on this machine; what it answers, status and content, can be set."""
    said = [200, b"{}"]

    class Page(Handler):
        protocol_version = "HTTP/1.0"

        def do_GET(self):
            self.send_response(said[0])
            if said[0] == 302:
                self.send_header("Location", "/other")
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(said[1])

    with Server(Page) as server:
        yield said, server.origin


@pytest.mark.parametrize(
    ("status", "content", "why"),
    [
        (200, b"<html>busy</html>", "Expecting value"),
        (200, b"[]", "no JSON object"),
        (200, b"\xff", "decode"),
        (200, b" " * 1_100_000, "does not end"),
        (302, b"{}", "302"),
        (500, b"{}", "500"),
    ],
)
def test_what_is_no_answer(page, status, content, why):
    said, url = page
    said[:] = [status, content]
    with pytest.raises(LakeError, match=f"did not answer like.*{why}"):
        fetch(url, ca_file=None, timeout_s=5)


def test_who_is_asked_on_this_machine_is_not_asked_through_a_proxy(page, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(page[1], ca_file=None, timeout_s=5) == {}


@pytest.mark.parametrize("content", [b"{}", b'{"issuer": 7, "jwks_uri": "x"}'])
def test_what_is_no_provider(page, content):
    said, url = page
    said[1] = content
    with pytest.raises(LakeError, match="names no keys"):
        keys_url(url, ca_file=None, timeout_s=5)


def test_identities_are_written_as_rucio_does():
    assert identity("a-1", ISSUER) == f"SUB=a-1, ISS={ISSUER}"


def test_mapping_needs_a_provider_and_a_lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    with pytest.raises(LakeError, match="trusts no identity provider"):
        lake.map_identity("a-1", "alice")
    with pytest.raises(LakeError, match="There is no lake"):
        lake.map_identity("a-1", "alice", issuer=ISSUER)
    lake.distrust()
    assert not (tmp_path / "lake").exists()
