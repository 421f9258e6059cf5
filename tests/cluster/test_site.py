"""People at a site on Kubernetes: signed in once, each in their own, come what may."""

import json
import re
import time

import pytest
from playwright.sync_api import expect

from escape_vre.core.tokens import jwt_claims
from escape_vre.hub.trial import USER
from escape_vre.testing.waiting import wait_until
from tests.cluster.conftest import LIFETIME_S
from tests.cluster.site import PEOPLE

pytestmark = pytest.mark.cluster


def test_sign_in_once_then_panel_and_magic_work(site, enter, measured):
    alice = enter("alice")
    began = time.monotonic()
    alice.open()
    measured("sign-in at the provider to JupyterLab shown, s", time.monotonic() - began)
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    expect(alice.panel).to_contain_text("alice")
    alice.find("demo:fermi.lightcurves")
    alice.get("fermi.lightcurves")
    alice.is_here("fermi.lightcurves")
    alice.notebook()
    out = alice.run("%dl get demo:fermi.photons.fits")
    expect(out).to_contain_text("verified")
    assert alice.has("data/demo/fermi.photons.fits")
    alice.picture("kubernetes-panel")
    time.sleep(LIFETIME_S + 5)
    alice.find("demo:km3net")
    alice.get("km3net.events")
    alice.is_here("km3net.events")


def test_a_provider_that_sleeps_is_one_sentence_and_then_nothing(site, enter):
    alice = enter("alice")
    alice.open()
    alice.outlives_a_sleep(LIFETIME_S)


ASK = """
import os, sys, urllib.error, urllib.request
headers = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"}
headers["Content-Type"] = "application/json"
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
request = urllib.request.Request(sys.argv[1], body, headers)
try:
    with urllib.request.urlopen(request, timeout=20) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


def test_each_has_a_server_an_agent_tokens_and_a_volume_of_their_own(site, enter):
    alice, bob = enter("alice"), enter("bob")
    alice.open()
    bob.open()
    expect(bob.panel).to_contain_text("bob")
    api = site.environment("alice")["JUPYTERHUB_API_URL"]

    def asked_by_bob(*words):
        status, _, said = site.inside("bob", "python3", "-c", ASK, *words).partition(" ")
        return int(status), said

    # Server: by the front door, and from pod to pod.
    answer = bob.page.goto(f"{site.url}user/alice/api/contents")
    assert answer.status in (403, 404), answer.text()
    inner = site.address("alice")
    for path in ("api/contents", "escape-vre/datalake/instances"):
        assert asked_by_bob(f"http://{inner}:8888/user/alice/{path}")[0] in (302, 403)
    # Tokens: what bob's server may ask for is bob's.
    status, said = asked_by_bob(
        f"{api.removesuffix('/api')}/escape/token", json.dumps({"audience": "rucio"})
    )
    assert status == 200
    assert jwt_claims(json.loads(said)["access_token"])["preferred_username"] == "bob"
    for path in ("users/alice", "users/alice/tokens"):
        assert asked_by_bob(f"{api}/{path}")[0] in (403, 404)
    # Agent and volume: another pod, another claim.
    sockets = {user: site.inside(user, "sh", "-c", "escape-vre agent status") for user in PEOPLE}
    assert all(" is running, " in said for said in sockets.values())
    site.inside("alice", "sh", "-c", "echo alice > ~/whose")
    assert not site.has("bob", "whose")
    assert site.claim("alice") != site.claim("bob")


def test_helm_test_tries_it_and_leaves_nothing(site):
    of_alice = site.objects_of("alice")
    said = site.release.test()
    assert re.search(r"Rucio 41\.\S+ answers", said)
    assert "the test user is not signed in" in said
    assert site.objects_of("alice") == of_alice
    # An object goes a moment after its user.
    wait_until(lambda: not site.objects_of(USER), what="an end of what the test made")
