"""A hub on a laptop: one password, and no provider."""

import logging

import pytest
from traitlets.config import Config

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import configure
from escape_vre.hub.settings import load

LAPTOP = {"login": {"provider": "shared-password"}}


def laptop(password="a-password-of-some-length"):
    c = Config()
    c.SharedPasswordAuthenticator.user_password = password
    return c


def test_everybody_may_and_it_is_said_loudly(caplog):
    c = laptop()
    with caplog.at_level(logging.WARNING, logger="jupyterhub.escape_vre"):
        configure(c, LAPTOP)
    assert c.JupyterHub.authenticator_class == "shared-password"
    assert c.SharedPasswordAuthenticator.allow_all is True
    assert "can sign in as any user" in caplog.text
    assert "a-password-of-some-length" not in caplog.text


def test_no_secret_and_no_key_is_needed(monkeypatch):
    for name in ("ESCAPE_VRE_CLIENT_SECRET", "ESCAPE_VRE_HUB_KEYS"):
        monkeypatch.delenv(name, raising=False)
    configure(laptop(), LAPTOP)


@pytest.mark.parametrize("password", [None, "", "short", 12345678])
def test_without_a_password_the_hub_does_not_start(password):
    with pytest.raises(SystemExit) as caught:
        configure(laptop(password), LAPTOP)
    assert "hub.config.SharedPasswordAuthenticator.user_password" in str(caught.value)


def test_there_are_no_tokens_without_a_provider():
    with pytest.raises(ConfigurationError, match=r"tokens\.audiences needs an identity provider"):
        load({**LAPTOP, "tokens": {"audiences": [{"name": "rucio"}]}})


def test_a_kind_of_provider_that_there_is_not_is_told_which_there_are():
    with pytest.raises(ConfigurationError) as caught:
        load({"login": {"provider": "google"}})
    said = caught.value.message
    assert "global.escape.login.provider must be one of keycloak, iam, egi, shared-password" in said


def test_what_is_wrong_in_login_is_named_without_its_kind():
    with pytest.raises(ConfigurationError, match=r"global\.escape\.login\.client_id is missing"):
        load({"login": {"provider": "iam", "issuer": "https://iam.example.org/"}})
