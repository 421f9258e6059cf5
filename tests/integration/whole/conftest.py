"""A whole site: a real JupyterHub, Keycloak and lake, and a person with a real browser."""

import json
import os
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from escape_vre.local.idp import Idp
from escape_vre.local.lake.lake import Lake
from escape_vre.testing.hub import TestHub
from escape_vre.testing.visitor import call
from tests.integration.whole.person import Person

LIFETIME_S = 15
"""How long access tokens live at this site, seconds."""


@dataclass
class Site:
    """What a site consists of; tests break its parts and mend them again."""

    hub: TestHub
    idp: Idp
    lake: Lake

    def tokens_asked(self):
        """Return how many tokens users' servers have been given so far."""
        headers = {"Authorization": f"token {self.hub.token}"}
        said = call("GET", f"{self.hub.hub_url}metrics", headers=headers).text
        return sum(
            float(value)
            for value in re.findall(r'^escape_vre_token_requests_total{.*"ok".*} (.+)$', said, re.M)
        )

    @property
    def url(self):
        """Where people find the hub."""
        return self.hub.url

    def has(self, user, path):
        """Tell whether a file is below the folder that a user's server shows."""
        return (self.hub.home / "homes" / user / path).exists()


@pytest.fixture(scope="session")
def site(tmp_path_factory, idp):
    """One site for all tests here: starting a server takes longer than most of them."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.start(tied=True)
    idp.set_lifetimes(access_token_s=LIFETIME_S)
    lake.trust(idp.issuer)
    for user in ("alice", "bob"):
        lake.map_identity(idp.subject(user), user)
    config = tmp_path_factory.mktemp("config")
    (config / "escape_vre_config.json").write_text(
        json.dumps({"DataLake": {"instances": [lake.token_instance()]}})
    )
    # Lab asks whether it may fetch news from elsewhere; its answer is a setting.
    overrides = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    lab = config / "labconfig"
    lab.mkdir()
    (lab / "default_setting_overrides.json").write_text(json.dumps(overrides))
    settings = {
        "login": {
            "provider": "keycloak",
            "issuer": idp.issuer,
            "client_id": "hub",
            "allowed_groups": ["/escape"],
            "recheck_s": 30,
        },
        "tokens": {"audiences": [{"name": "rucio", "scopes": ["openid", "profile", "rucio"]}]},
    }
    server = [sys.executable, "-m", "jupyterhub.singleuser"]
    if os.getuid() == 0:
        server.append("--allow-root")
    hub = TestHub(
        tmp_path_factory.mktemp("hub"),
        settings,
        environment={
            "ESCAPE_VRE_CLIENT_SECRET": idp.client_secret("hub"),
            "ESCAPE_VRE_HUB_KEYS": secrets.token_hex(32),
        },
        more="c.Spawner.default_url = '/lab'",
        command=server,
        server_environment={"JUPYTER_CONFIG_PATH": str(config)},
    )
    idp.add_redirect("hub", hub.callback_url)
    with hub:
        yield Site(hub, idp, lake)
    for home in (hub.home / "homes").iterdir():
        # Agents outlive their servers, as they should.
        command = [Path(sys.executable).with_name("escape-vre"), "agent", "stop", "--force"]
        subprocess.run(command, env={"HOME": str(home), "PATH": os.environ["PATH"]}, check=True)
    idp.set_lifetimes(access_token_s=300)
    lake.stop()


@pytest.fixture
def alice(site, chromium, tmp_path):
    """Alice, signed in to nothing yet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(40_000)
    person = Person("alice", site, context)
    yield person
    person.page.screenshot(path=tmp_path / "last.png")  # what a failed test saw
    context.close()
