"""No secret of the hub reaches the environment of users' servers."""

import pytest
from traitlets.config import Config

from escape_vre.hub import configure
from tests.unit.hub.conftest import KEY


def refusal(c, given):
    with pytest.raises(SystemExit) as caught:
        configure(c, given)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "ESCAPE_VRE_CLIENT_SECRET",
        "ESCAPE_VRE_HUB_KEYS",
        "CONFIGPROXY_AUTH_TOKEN",
        "JUPYTERHUB_CRYPT_KEY",
        "ESCAPE_VRE_TEST_TOKEN",
    ],
)
@pytest.mark.parametrize("section", ["Spawner", "KubeSpawner"])
def test_a_variable_with_a_secret_is_not_passed_on(given, section, name):
    c = Config()
    c[section].env_keep = ["PATH", name]
    said = refusal(c, given)
    assert f"c.{section}.env_keep passes a secret of the hub to users' servers, as {name}." in said
    c[section].env_keep = ["PATH", "LANG"]
    configure(c, given)


def test_nor_one_that_was_appended(given):
    c = Config()
    c.Spawner.env_keep.append("ESCAPE_VRE_CLIENT_SECRET")
    assert "c.Spawner.env_keep" in refusal(c, given)


@pytest.mark.parametrize(
    "value",
    [
        KEY,
        f"key={KEY}",
        {"name": "MINE", "value": "client-s3cret"},
        {"valueFrom": {"secretKeyRef": {"name": "escape-hub", "key": "escape.keys"}}},
        {"valueFrom": {"secretKeyRef": {"name": "escape-hub", "key": "escape.client-secret"}}},
    ],
)
def test_a_secret_under_another_name_is_not_passed_on(given, value):
    c = Config()
    c.KubeSpawner.environment = {"LANG": "C.UTF-8", "MINE": value}
    said = refusal(c, given)
    assert "c.KubeSpawner.environment passes a secret" in said
    assert "as MINE" in said
    assert KEY not in said
    assert "client-s3cret" not in said


def test_the_site_may_pass_what_it_likes_besides(given):
    c = Config()
    c.KubeSpawner.environment = {
        "LANG": "C.UTF-8",
        "MADE": lambda spawner: "later",
        "OTHER": {"valueFrom": {"secretKeyRef": {"name": "site", "key": "licence"}}},
    }
    configure(c, given)
    assert set(c.KubeSpawner.environment) == {"LANG", "MADE", "OTHER"}
