"""Who lets ``helm test`` in, and where."""

import pytest
from traitlets.config import Config

from escape_vre.hub import configure
from escape_vre.hub.names import is_user_name, user_name
from escape_vre.hub.trial import ROLE, SERVICE, USER


@pytest.fixture
def released(monkeypatch):
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "the-proxys")
    monkeypatch.setenv("ESCAPE_VRE_TEST_TOKEN", "of-this-release")


def test_on_a_hub_that_helm_installed_its_service_may_touch_one_user(given, released):
    c = Config()
    c.JupyterHub.services = [{"name": "other"}]
    configure(c, given)
    other, ours = c.JupyterHub.services
    assert other == {"name": "other"}
    assert ours == {"name": SERVICE, "api_token": "of-this-release"}
    (role,) = [role for role in c.JupyterHub.load_roles if role["name"] == ROLE]
    assert role["services"] == [SERVICE]
    assert all(scope.endswith(f"!user={USER}") for scope in role["scopes"])


@pytest.mark.parametrize("token", [None, ""])
def test_elsewhere_there_is_no_such_service(given, released, monkeypatch, token):
    if token is None:
        monkeypatch.delenv("ESCAPE_VRE_TEST_TOKEN")
    else:
        monkeypatch.setenv("ESCAPE_VRE_TEST_TOKEN", token)
    c = Config()
    configure(c, given)
    assert "services" not in c.JupyterHub
    assert ROLE not in [role["name"] for role in c.JupyterHub.load_roles]


def test_no_person_can_be_the_user():
    assert not is_user_name(USER)
    assert user_name(USER) != USER
