"""A person's day at a site: signed in once, and everything goes on working."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.integration.whole.conftest import LIFETIME_S

long = pytest.mark.long


def test_sign_in_once_then_panel_and_magic_work(alice):
    alice.open()
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    expect(alice.panel).to_contain_text("alice")
    alice.find("demo:fermi.lightcurves")
    alice.get("fermi.lightcurves")
    alice.is_here("fermi.lightcurves")
    assert alice.has("data/demo/fermi.lightcurves")

    alice.notebook()
    out = alice.run("%dl get demo:fermi.photons.fits")
    expect(out).to_contain_text("fermi.photons.fits")
    expect(out).to_contain_text("verified")
    assert alice.has("data/demo/fermi.photons.fits")
    alice.picture("hub-panel")


@long
def test_tokens_stay_fresh_past_their_lifetime(alice):
    alice.open()
    alice.find("demo:cta")
    expect(alice.row("cta.events")).to_be_visible()
    asked = alice.site.tokens_asked()
    time.sleep(LIFETIME_S + 5)
    alice.find("demo:km3net")
    alice.get("km3net.events")
    alice.is_here("km3net.events")
    assert alice.site.tokens_asked() > asked


@long
def test_a_provider_that_sleeps_is_one_sentence_and_then_nothing(alice):
    alice.open()
    alice.outlives_a_sleep(LIFETIME_S, picture="hub-provider-away")


@long
def test_an_ended_session_asks_for_a_sign_in_and_goes_on(alice):
    alice.open()
    alice.find("demo:lofar")
    expect(alice.row("lofar.images")).to_be_visible()
    alice.site.idp.sign_out("alice")
    time.sleep(LIFETIME_S)
    alice.find("demo:vo")
    link = alice.panel.get_by_role("link", name="Sign in")
    expect(link).to_be_visible()
    alice.picture("hub-sign-in-again")
    with alice.context.expect_page() as opened:
        link.click()
    alice.sign_in(opened.value)
    expect(opened.value.locator("#jp-main-dock-panel, #start").first).to_be_visible()
    opened.value.close()
    alice.page.bring_to_front()
    expect(alice.row("vo.neighbours")).to_be_visible()
    alice.get("vo.neighbours")
    alice.is_here("vo.neighbours")
    alice.picture("hub-signed-in-again")


@long
def test_a_restarted_hub_is_not_noticed(alice):
    alice.open()
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    alice.site.hub.stop()
    alice.site.hub.start()
    alice.site.hub.kill()
    alice.site.hub.start()
    time.sleep(LIFETIME_S)
    alice.find("demo:fermi.photons")
    expect(alice.row("fermi.photons")).to_be_visible()
    expect(alice.page.get_by_text(re.compile("Sign in"))).to_have_count(0)


@long
def test_a_named_server_works_when_the_first_has_ended(alice):
    alice.open()
    alice.open("gpu")
    alice.site.hub.stop_server("alice")
    time.sleep(LIFETIME_S)
    alice.find("demo:cta")
    expect(alice.row("cta.events")).to_be_visible()


@long
def test_ten_kernels_at_once(alice):
    alice.open()
    # Whatever the panel asks for, it has.
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    # The next token outlives the test, so that all who ask for one are counted.
    alice.site.idp.set_lifetimes(access_token_s=300)
    time.sleep(LIFETIME_S)
    asked = alice.site.tokens_asked()
    alice.notebook()
    out = alice.run(
        "import subprocess, sys\n"
        "code = 'import escape_vre; print(len(escape_vre.ls(\"demo:fermi*\")))'\n"
        "run = [sys.executable, '-c', code]\n"
        "ten = [subprocess.Popen(run, stdout=subprocess.PIPE, text=True) for _ in range(10)]\n"
        "print(sorted({p.communicate()[0] + str(p.returncode) for p in ten}))"
    )
    expect(out).to_contain_text("['8\\n0']")
    assert alice.site.tokens_asked() == asked + 1
