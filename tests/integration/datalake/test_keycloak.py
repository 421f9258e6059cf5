"""Signing in by a code at a real Keycloak, which rotates, for a real lake that takes its tokens."""

import html
import http.cookiejar
import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.errors import AuthError
from escape_vre.local.lake.lake import Lake
from escape_vre.testing.waiting import wait_until

PHOTONS = {"refs": ["rucio:demo:fermi.photons"]}
CURVES = {"refs": ["rucio:demo:fermi.lightcurves"]}


class Browser:
    """Follows links and fills in forms, as a person at Keycloak's own pages does."""

    def __init__(self):
        cookies = http.cookiejar.CookieJar(
            http.cookiejar.DefaultCookiePolicy(secure_protocols=("https", "http"))
        )
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(cookies)
        )

    def open(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        with self._opener.open(url, data, timeout=30) as answer:
            return answer.url, answer.read().decode()

    def submit(self, page, **fields):
        """Send the form of a page, with its hidden fields."""
        url, text = page
        action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', text)[1])
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
        hidden = {name: html.unescape(value) for name, value in hidden}
        return self.open(urllib.parse.urljoin(url, action), {**hidden, **fields})

    def approve(self, url, user, password):
        page = self.open(url)
        page = self.submit(page, username=user, password=password)
        if 'name="accept"' in page[1]:
            page = self.submit(page, accept="Yes")
        return page[1]


@pytest.fixture(scope="module")
def trusting(tmp_path_factory, idp):
    """A lake of our own: an account, once made, stays, and others list what there is."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    lake.start(tied=True)
    lake.trust(idp.issuer)
    lake.map_identity(idp.subject("alice"), "alice")
    yield lake
    lake.stop()


@pytest.fixture
def client(trusting, configure, own_agent, tmp_path):
    (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
    configure(DataLake={"instances": [trusting.token_instance(client_id="device")]})
    return AgentClient()


@pytest.fixture
def sign_in(client, idp):
    def do():
        (instance,) = client.get("/datalake/instances")["instances"]
        begun = client.post("/sign-ins", {"identity": instance["identity"]})
        said = Browser().approve(begun["verification_uri_complete"], "alice", idp.password("alice"))
        found = client.get(f"/sign-ins/{begun['id']}", wait_s=20)
        assert found["state"] == "done", (found, said)

    return do


@pytest.mark.long
def test_a_day_with_it(client, sign_in, idp):
    """Signs in, gets by token alone, past its life, is signed out and goes on after that."""
    idp.set_lifetimes(access_token_s=8)
    try:
        sign_in()
        assert client.get("/datalake/whoami")["account"] == "alice"
        assert client.wait(client.post("/datalake/get", PHOTONS)["id"])["state"] == "done"
        idp.sign_out("alice")
        # Until the token that is still good has ended.
        wait_until(lambda: _refused(client), what="the end of the token")
        again = client.post("/datalake/get", {**CURVES, "files": ["*.csv"]})
        reason = wait_until(lambda: client.get(f"/jobs/{again['id']}")["waiting"])
        assert "device" in reason["details"]
        sign_in()
        assert client.wait(again["id"])["state"] == "done"
    finally:
        idp.set_lifetimes(access_token_s=300)


def _refused(client):
    try:
        client.get("/datalake/whoami")
    except AuthError as e:
        return e
    return None


@pytest.mark.long
def test_many_renewals_in_a_row_keep_the_session(client, sign_in, idp):
    """Keycloak ends the session of whoever uses a refresh token twice."""
    idp.set_lifetimes(access_token_s=6)
    try:
        sign_in()
        ask = (
            "from escape_vre.client import AgentClient; import time;"
            "end = time.monotonic() + 15;\n"
            "while time.monotonic() < end: AgentClient().get('/datalake/whoami')"
        )
        kernels = [subprocess.Popen([sys.executable, "-c", ask]) for _ in range(3)]
        assert [kernel.wait(timeout=60) for kernel in kernels] == [0, 0, 0]
    finally:
        idp.set_lifetimes(access_token_s=300)


def test_the_rucio_command_under_with_token(client, sign_in, trusting):
    sign_in()
    env = {**os.environ, "RUCIO_CONFIG": str(trusting.layout.client_config())}
    command = [sys.executable, "-m", "escape_vre", "with-token", "rucio", "--"]
    done = subprocess.run(
        [*command, str(trusting.rucio), "whoami"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"account\s*:\s*alice", done.stdout), done.stdout
