"""People at a site on Kubernetes: signed in once, each in their own, come what may."""

import time

import pytest
from playwright.sync_api import expect

from tests.chromium import started
from tests.cluster.site import Site
from tests.integration.whole.person import Person

pytestmark = pytest.mark.cluster

LIFETIME_S = 60
"""How long access tokens live at this site, seconds."""


@pytest.fixture(scope="module")
def site(cluster, tmp_path_factory, measured):
    found = Site.below(tmp_path_factory.mktemp("site"))
    try:
        found.start_back_ends(tied=True)
        found.idp.set_lifetimes(access_token_s=LIFETIME_S)
        began = time.monotonic()
        found.install()
        measured("site installed, s", time.monotonic() - began)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def chromium(site):
    with started(f"--unsafely-treat-insecure-origin-as-secure={','.join(site.origins)}") as found:
        yield found


@pytest.fixture
def enter(site, chromium, tmp_path):
    """Let a person in, with a browser of their own."""
    contexts = []

    def one(name):
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Person(name, site, context)

    yield one
    for n, context in enumerate(contexts):
        context.pages[0].screenshot(path=tmp_path / f"last-{n}.png")  # what a failed test saw
        context.close()


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
    alice.picture("kubernetes-panel")
    alice.notebook()
    out = alice.run("%dl get demo:fermi.photons.fits")
    expect(out).to_contain_text("verified")
    assert alice.has("data/demo/fermi.photons.fits")
    time.sleep(LIFETIME_S + 5)
    alice.find("demo:km3net")
    alice.get("km3net.events")
    alice.is_here("km3net.events")
