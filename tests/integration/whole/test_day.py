"""A person's day at a site: signed in once, and everything goes on working."""

from playwright.sync_api import expect


def test_sign_in_once_then_panel_and_magic_work(alice):
    alice.open()
    expect(alice.panel.get_by_role("treeitem", name="Scope demo")).to_be_visible()
    expect(alice.panel).to_contain_text("alice")
    alice.find("demo:fermi.lightcurves")
    alice.get("fermi.lightcurves")
    alice.is_here("fermi.lightcurves")
    assert alice.has("data/demo/fermi.lightcurves")
    alice.picture("hub-panel")

    alice.notebook()
    out = alice.run("%dl get demo:fermi.photons.fits")
    expect(out).to_contain_text("fermi.photons.fits")
    expect(out).to_contain_text("verified")
    assert alice.has("data/demo/fermi.photons.fits")
