"""What ``helm test`` does, at a real JupyterHub whose users' servers are real ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from escape_vre.core.errors import ConfigurationError, RemoteError
from escape_vre.hub.settings import load
from escape_vre.hub.trial import USER, Trial
from escape_vre.testing.loopback import Handler, Server
from escape_vre.testing.visitor import call

TOKEN = "the-tests-own-token-of-a-release"


class Ping(Handler):
    def do_GET(self):
        self.send(200, json.dumps({"version": "40.0.0"}).encode())


@pytest.fixture(scope="module")
def rucio():
    with Server(Ping) as server:
        yield server.origin


@pytest.fixture(scope="module")
def site(start_hub, module_fake, rucio, tmp_path_factory):
    """A hub that Helm installed, as far as it can tell; and what the chart was told."""
    config = tmp_path_factory.mktemp("config")
    lakes = [{"name": "escape", "url": rucio, "auth": "hub"}]
    (config / "escape_vre_config.json").write_text(json.dumps({"DataLake": {"instances": lakes}}))
    server = [sys.executable, "-m", "jupyterhub.singleuser"]
    if os.getuid() == 0:
        server.append("--allow-root")
    hub = start_hub(
        module_fake,
        command=server,
        server_environment={"JUPYTER_CONFIG_PATH": str(config)},
        begin=False,
    )
    hub.variable("ESCAPE_VRE_TEST_TOKEN", TOKEN)
    hub.start()
    login = {
        "provider": "keycloak",
        "issuer": module_fake.issuer,
        "client_id": "hub",
        "allow_all": True,
    }
    yield hub, {"login": login, "tokens": {"audiences": [{"name": "rucio"}]}, "lakes": lakes}
    for home in (hub.home / "homes").iterdir():
        command = [Path(sys.executable).with_name("escape-vre"), "agent", "stop", "--force"]
        subprocess.run(command, env={"HOME": str(home), "PATH": os.environ["PATH"]}, check=True)


def trial(site, settings=None, *, token=TOKEN, said=None):
    hub, given = site
    headers = {"Authorization": f"token {token}"}
    client = httpx.Client(base_url=hub.url.rstrip("/"), headers=headers, timeout=60)
    with client:
        Trial(client, load(settings or given), (said if said is not None else []).append).run()


def test_everything_works_and_nothing_is_left(site):
    hub, _ = site
    said = []
    trial(site, said=said)
    text = "\n".join(said)
    assert "Data lakes: escape" in text
    assert "The token endpoint answers for escape" in text
    assert "Rucio 40.0.0 answers" in text
    assert hub.api("GET", f"users/{USER}").status == 404


def test_what_an_earlier_one_left_is_in_nobodys_way(site):
    hub, _ = site
    assert hub.api("POST", f"users/{USER}").status == 201
    trial(site)
    assert hub.api("GET", f"users/{USER}").status == 404


def test_the_service_may_touch_nobody_else(site):
    hub, _ = site
    assert hub.api("POST", "users/anna").status == 201
    token = TOKEN
    for method, path in (
        ("GET", "users/anna"),
        ("DELETE", "users/anna"),
        ("POST", "users/anna/server"),
        ("POST", "users/berta"),
        ("POST", f"users/{USER}/tokens"),
    ):
        assert hub.api(method, path, token=token).status in (403, 404), path
    assert hub.api("GET", "users", token=token).json() == []
    headers = {"Authorization": f"token {token}"}
    assert call("GET", f"{hub.url}user/anna/api", headers=headers).status != 200


def test_another_lake_than_the_values_say_is_said(site, rucio):
    _, given = site
    other = {**given, "lakes": [{"name": "other", "url": rucio}]}
    with pytest.raises(ConfigurationError, match=r"\['escape'\], but global\.escape\.lakes has"):
        trial(site, other)


def test_a_rucio_that_does_not_answer_is_named(site):
    hub, given = site
    away = {**given, "lakes": [{**given["lakes"][0], "url": "http://127.0.0.1:9"}]}
    with pytest.raises(RemoteError, match=r"escape does not answer at http://127\.0\.0\.1:9"):
        trial(site, away)
    assert hub.api("GET", f"users/{USER}").status == 404


def test_without_the_tests_token_nothing_is_started(site):
    hub, _ = site
    with pytest.raises(RemoteError, match="403"):
        trial(site, token="a guess")
    assert hub.api("GET", f"users/{USER}").status == 404
