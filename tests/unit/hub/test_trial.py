"""Who lets ``helm test`` in, and where."""

import pytest
from traitlets.config import Config

from escape_vre.hub import configure
from escape_vre.hub.names import is_user_name, user_name
from escape_vre.hub.trial import ROLE, SERVICE, USER, service_token


@pytest.fixture
def released(monkeypatch):
    monkeypatch.setenv("HELM_RELEASE_NAME", "vre")
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "of-this-release")


def test_on_a_hub_that_helm_installed_its_service_may_touch_one_user(given, released):
    c = Config()
    c.JupyterHub.services = [{"name": "other"}]
    configure(c, given)
    other, ours = c.JupyterHub.services
    assert other == {"name": "other"}
    assert ours == {"name": SERVICE, "api_token": service_token("of-this-release")}
    (role,) = [role for role in c.JupyterHub.load_roles if role["name"] == ROLE]
    assert role["services"] == [SERVICE]
    assert all(scope.endswith(f"!user={USER}") for scope in role["scopes"])


@pytest.mark.parametrize("lacking", ["HELM_RELEASE_NAME", "CONFIGPROXY_AUTH_TOKEN"])
def test_elsewhere_there_is_no_such_service(given, released, monkeypatch, lacking):
    monkeypatch.delenv(lacking)
    c = Config()
    configure(c, given)
    assert "services" not in c.JupyterHub
    assert ROLE not in [role["name"] for role in c.JupyterHub.load_roles]


def test_no_person_can_be_the_user():
    assert not is_user_name(USER)
    assert user_name(USER) != USER


def test_another_release_has_another_token():
    assert service_token("a") != service_token("b")
    assert "a-secret" not in service_token("a-secret")
