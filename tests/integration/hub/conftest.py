"""A real JupyterHub, with a real Keycloak or with a provider that misbehaves on request."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from escape_vre.testing.hub import TestHub
from escape_vre.testing.provider import FakeProvider

KEYS = "a-key-for-tests-of-32-characters"
AUDIENCES = [
    {"name": "rucio", "scopes": ["openid", "profile", "rucio"]},
    {"name": "reana", "scopes": ["openid", "reana"]},
]


IMPATIENT = """
# JupyterHub asks us, and we the provider, much more often than a site may ask for.
c.EscapeAuthenticator.auth_refresh_age = 1
whole = c.EscapeAuthenticator.settings
login = whole.login.model_copy(update={"recheck_s": 2})
c.EscapeAuthenticator.settings = whole.model_copy(update={"login": login})
"""


def at_once(*calls):
    """Do all of it at the same time; return the results in order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [one.result() for one in [pool.submit(call) for call in calls]]


def issued(answer):
    """Return the access token of an answer that has one."""
    assert answer.status == 200, answer.text
    return answer.json()["access_token"]


def error(answer, status):
    """Return the error of an answer, in the shape of ADR 0003."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    found = answer.json()["error"]
    assert set(found) == {"code", "message", "hint", "retryable", "details"}
    assert found["message"].endswith(".")
    return found


@pytest.fixture(scope="module")
def start_hub(tmp_path_factory):
    """Start hubs; ends them. The provider is a ``FakeProvider`` or an ``Idp``."""
    running = []

    def start(provider, *, login=None, tokens=None, more="", last="", begin=True, **options):
        fake = isinstance(provider, FakeProvider)
        secret = provider.client_secret if fake else provider.client_secret()
        settings = {
            "login": {
                "provider": "keycloak",
                "issuer": provider.issuer,
                "client_id": "hub",
                "allowed_groups": ["/escape"],
                **(login or {}),
            },
            "tokens": {"audiences": AUDIENCES, **(tokens or {})},
            "calls": {"timeout_s": 15},
        }
        environment = {"ESCAPE_VRE_CLIENT_SECRET": secret, "ESCAPE_VRE_HUB_KEYS": KEYS}
        hub = TestHub(
            tmp_path_factory.mktemp("hub"),
            settings,
            environment=environment,
            more=more,
            last=IMPATIENT + last,
            **options,
        )
        running.append(hub)
        if not fake:
            provider.add_redirect("hub", hub.callback_url)
        if begin:
            hub.start()
        return hub

    yield start
    for hub in running:
        hub.close()


@pytest.fixture
def fake():
    with FakeProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def module_fake():
    with FakeProvider() as provider:
        yield provider


__all__ = ["at_once", "error", "issued"]
