"""What a provider answers is read as it was meant, or is a bad answer of which nothing is kept."""

import asyncio
import json

import pytest

from escape_vre.core.errors import BadResponseError, ConfigurationError
from escape_vre.core.keyring import Keyring
from escape_vre.core.oidc import MalformedError, Provider, Registration
from escape_vre.testing.device import DeviceProvider
from escape_vre.testing.rucio import Answer, FakeRucio, fixed

CODE = {"device_code": "d", "user_code": "u", "verification_uri": "https://x", "expires_in": 60}
NO_TEXT = [7, True, ["x"], {"x": 1}, ""]
NO_CREDENTIAL = [*NO_TEXT, "a\nb", " a", "\u00e9", "x" * 65_537]
NO_URL = [
    *NO_TEXT,
    "/enter",
    "javascript:alert(1)",
    "http://idp.example.org/enter",
    "https://idp.example.org:port/enter",
    "https://idp.example.org/a\nb",
    "https://idp.example.org/" + "x" * 2048,
]


def asked(ask, *, document=None, device=None, token=None):
    """Do something with a provider that answers so."""

    async def once(url):
        provider = Provider(Registration(url, "c", "rucio", "openid"))
        try:
            return await ask(provider)
        finally:
            await provider.close()

    with FakeRucio() as server:
        known = {
            "issuer": server.url,
            "token_endpoint": f"{server.url}/token",
            "device_authorization_endpoint": f"{server.url}/device",
            **(document or {}),
        }
        server.says("/.well-known/openid-configuration", fixed(known))
        server.says("/device", fixed({**CODE, **(device or {})}))
        server.says("/token", token if isinstance(token, Answer) else fixed(token or {}))
        return asyncio.run(once(server.url))


def start(**changes):
    """Return what a device sign-in begins with."""
    return asked(lambda provider: provider.start(), device=changes)


def refresh(token, document=None):
    """Return what a renewal brings."""
    return asked(lambda provider: provider.refresh("old"), token=token, document=document)


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [(7, 7.0), ("7", 7.0), (None, 5.0), (0, 5.0), ("x", 5.0), (-1, 5.0), (10**400, 5.0), ([], 5.0)],
)
def test_the_pause_between_two_questions(interval, seconds):
    assert start(interval=interval).interval_s == seconds


@pytest.mark.parametrize("lifetime", [None, "soon", -1, 10**400, float("inf"), float("nan"), True])
def test_a_code_without_an_end_is_no_answer(lifetime):
    with pytest.raises(BadResponseError):
        start(expires_in=lifetime)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("device_code", value) for value in (None, *NO_CREDENTIAL)),
        *(("user_code", value) for value in (None, *NO_TEXT, "a\x1b[2J", "x" * 129)),
        *(("verification_uri", value) for value in (None, *NO_URL)),
        *(("verification_uri_complete", value) for value in NO_URL),
    ],
)
def test_a_malformed_code_is_a_bad_answer(name, value):
    with pytest.raises(MalformedError, match=rf"\({name}\)"):
        start(**{name: value})


@pytest.mark.parametrize("url", ["https://x/enter", "http://127.0.0.1:8/enter", "http://[::1]/e"])
def test_a_page_with_tls_or_on_this_machine_is_shown(url):
    found = start(verification_uri=url, verification_uri_complete=url)
    assert (found.verification_uri, found.verification_uri_complete) == (url, url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("access_token", value) for value in (None, *NO_CREDENTIAL)),
        *(("refresh_token", value) for value in NO_CREDENTIAL),
        *(("id_token", value) for value in NO_CREDENTIAL),
        ("token_type", 7),
    ],
)
def test_a_malformed_token_is_a_bad_answer(name, value):
    with pytest.raises(MalformedError, match=rf"\({name}\)") as caught:
        refresh({"access_token": "a", "expires_in": 60, name: value})
    assert "x" * 100 not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("token_endpoint", value) for value in (None, *NO_URL)),
        *(("device_authorization_endpoint", value) for value in NO_URL),
        *(("revocation_endpoint", value) for value in NO_URL),
        ("code_challenge_methods_supported", "S256"),
        ("code_challenge_methods_supported", [256]),
    ],
)
def test_a_malformed_description_is_a_bad_answer(name, value):
    with pytest.raises(MalformedError, match=rf"\({name}\)"):
        refresh({"access_token": "a"}, document={name: value})


@pytest.mark.parametrize("issuer", [7, ["https://x"], "", None, "https://other.example.org"])
def test_an_issuer_of_another_name_is_refused(issuer):
    with pytest.raises(ConfigurationError, match="is not an OpenID Connect issuer"):
        refresh({"access_token": "a"}, document={"issuer": issuer})


@pytest.mark.parametrize("error", [7, ["invalid_grant"], {"invalid_grant": 1}, "x" * 41, "a\x1bb"])
def test_an_error_that_is_no_code_ends_no_session(error):
    with pytest.raises(BadResponseError):
        refresh(Answer(json.dumps({"error": error}).encode(), 400))


def test_what_a_provider_says_of_an_error_is_short_and_holds_no_token():
    long = {"error": "invalid_scope", "error_description": "\x1b[2J" + "x" * 10_000}
    with pytest.raises(ConfigurationError) as caught:
        refresh(Answer(json.dumps(long).encode(), 400))
    assert str(caught.value).isprintable()
    assert len(caught.value.message) < 400
    told = {"error": "invalid_request", "error_description": "no such token: old"}
    with pytest.raises(ConfigurationError) as caught:
        refresh(Answer(json.dumps(told).encode(), 400))
    assert caught.value.message == "The identity provider refused the request: invalid_request."


@pytest.mark.parametrize("field", ["access_token", "refresh_token"])
def test_nothing_of_a_bad_answer_is_kept(tmp_path, field):
    """The session stays as it was; a sign-in whose code is used up fails at once."""

    async def scene(provider):
        keyring = Keyring(tmp_path)
        registration = Registration(provider.issuer, "escape-vre", "rucio", "openid")
        identity = keyring.device(registration, title="the lake")
        try:
            good, provider.token_fields = provider.token_fields, {field: ["no text"]}
            failed = await identity.start()
            provider.decide(failed.code.user_code)
            await failed.changed(60)
            assert failed.state == "failed"
            assert isinstance(failed.error, MalformedError)
            assert not list(tmp_path.rglob("*.json"))

            provider.token_fields = good
            signed_in = await identity.start()
            provider.decide(signed_in.code.user_code)
            await signed_in.changed(60)
            await identity.token({})
            (file,) = tmp_path.rglob("*.json")
            kept = file.read_text()
            provider.token_fields = {field: ["no text"]}
            with pytest.raises(MalformedError):
                await identity.token({})
            assert file.read_text() == kept
        finally:
            await keyring.close()

    with DeviceProvider() as provider:
        asyncio.run(scene(provider))
