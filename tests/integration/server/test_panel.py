"""The panel in a real browser when a sign-in is in the way: one sentence, then as it was."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from escape_vre.testing.device import DeviceProvider
from escape_vre.testing.fake_hub import SIGN_IN, FakeHub
from escape_vre.testing.waiting import wait_until
from tests.integration.datalake.test_bad_luck import _token

AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def hub(lake, monkeypatch):
    with FakeHub(audiences={"rucio": lambda: _token(lake)}) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def configure_lake(lake, configure, **sign_in):
    names = ("name", "title", "url", "ca_file", "storage_cert_file")
    entry = {name: lake.instance()[name] for name in names}
    configure(DataLake={"instances": [{**entry, **sign_in}]})


@pytest.fixture
def open_panel(page, start_server):
    """Open JupyterLab with the panel shown; returns the panel."""

    def do():
        server = start_server()
        page.goto(f"{server.url}lab?reset&token={server.token}")
        tab = page.locator('.jp-SideBar [data-id="escape-vre-datalake"]')
        expect(tab).to_be_visible(timeout=60_000)
        panel = page.locator("#escape-vre-datalake")
        expect(page.locator(".jp-Launcher").first).to_be_visible(timeout=60_000)
        if not panel.is_visible():
            tab.click()
        return panel

    return do


def axe(page, part):
    """Say what keeps people from using a part of the page."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("part => axe.run(part)", part)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


def come_back(page):
    """Do what a browser does when a person comes back from another tab."""
    page.wait_for_timeout(1100)  # the gate takes two events within a second for one
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def row(panel, name):
    return panel.get_by_role("treeitem", name=re.compile(f"^(Scope )?{re.escape(name)}"))


def test_a_session_that_had_ended_before(page, hub, lake, configure, open_panel):
    configure_lake(lake, configure, auth="hub")
    hub.mood = "sign_in"
    panel = open_panel()
    notice = panel.get_by_role("alert")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("Your session at the identity provider has ended.")
    link = notice.get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", f"https://hub.example.org{SIGN_IN}")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(panel.locator(".escape-Health")).to_contain_text("sign in")
    assert axe(page, "#escape-vre-datalake") == []
    hub.mood = "well"
    come_back(page)
    expect(row(panel, "demo")).to_be_visible()
    expect(notice).to_have_count(0)
    expect(panel.locator(".escape-Health")).to_have_attribute(
        "data-state", re.compile("connected|slow")
    )


def test_a_session_that_ends_on_the_way_takes_nothing_away(page, hub, lake, configure, open_panel):
    configure_lake(lake, configure, auth="hub")
    hub.lifetime_s = 10
    panel = open_panel()
    search = panel.get_by_role("combobox", name="Search the data lake")
    search.fill("demo:fermi")
    search.press("Enter")
    curves = row(panel, "fermi.lightcurves")
    curves.click()
    expect(curves).to_be_visible()
    hub.mood = "sign_in"
    notice = panel.get_by_role("alert")

    def refused():
        panel.get_by_role("button", name="Refresh").click()
        page.wait_for_timeout(500)
        return notice.count()

    assert wait_until(refused, what="the end of the token") == 1
    expect(curves).to_be_visible()
    curves.hover()
    curves.get_by_role("button", name="Get", exact=True).click()
    transfer = panel.locator(".escape-Job")
    expect(transfer).to_contain_text("waiting")
    expect(transfer).to_contain_text("Your session at the identity provider has ended.")
    expect(notice).to_have_count(1)
    assert axe(page, "#escape-vre-datalake") == []
    hub.mood = "well"
    come_back(page)
    expect(notice).to_have_count(0)
    expect(transfer).to_have_attribute("data-state", "done")
    expect(curves.locator(".escape-Row-state")).to_have_attribute("data-shape", "here")


def test_a_provider_that_is_down_is_one_sentence_and_passes(page, hub, lake, configure, open_panel):
    configure_lake(lake, configure, auth="hub")
    hub.mood = "down"
    panel = open_panel()
    notice = panel.get_by_role("alert")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("The identity provider does not answer.")
    expect(notice.get_by_role("link")).to_have_count(0)
    hub.mood = "well"
    notice.get_by_role("button", name="Try again").click()
    expect(row(panel, "demo")).to_be_visible()


def test_a_session_with_jupyter_that_has_ended(page, hub, lake, configure, open_panel):
    configure_lake(lake, configure, auth="hub")
    panel = open_panel()
    expect(row(panel, "demo")).to_be_visible()
    refusal = json.dumps({"message": "Forbidden", "reason": None})
    page.route("**/escape-vre/**", lambda route: route.fulfill(status=403, body=refusal))
    panel.get_by_role("button", name="Refresh").click()
    notice = panel.get_by_role("alert")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("Your Jupyter session has ended.")
    link = notice.get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", re.compile(r"^http://127\.0\.0\.1:\d+/lab$|/lab$"))
    page.unroute("**/escape-vre/**")
    come_back(page)
    expect(notice).to_have_count(0)
    expect(row(panel, "demo")).to_be_visible()


def test_signing_in_and_out_with_a_code(page, lake, configure, open_panel):
    with DeviceProvider(mint=lambda: _token(lake), interval_s=0.2) as provider:
        configure_lake(lake, configure, auth="oidc", issuer=provider.issuer, client_id="escape-vre")
        panel = open_panel()
        notice = panel.get_by_role("alert")
        expect(notice).to_have_count(1)
        expect(notice).to_contain_text("You are not signed in to Demo data lake.")
        notice.get_by_role("button", name="Sign in").click()
        dialog = page.get_by_role("dialog")
        code = dialog.locator("code").inner_text()
        link = dialog.get_by_role("link")
        expect(link).to_have_attribute("href", re.compile(f"user_code={code}"))
        expect(dialog).to_contain_text("The code is valid for")
        assert axe(page, ".escape-SignIn") == []
        with page.expect_response("**/cancel"):
            dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_have_count(0)
        expect(notice).to_have_count(1)

        notice.get_by_role("button", name="Sign in").click()
        other = dialog.locator("code").inner_text()
        assert other != code
        provider.decide(other, "denied")
        expect(dialog).to_contain_text("The sign-in was refused.")
        dialog.get_by_role("button", name="Get a new code").click()
        expect(dialog.locator("code")).to_be_visible()
        provider.decide(dialog.locator("code").inner_text())
        expect(dialog).to_have_count(0)
        expect(row(panel, "demo")).to_be_visible()
        expect(notice).to_have_count(0)

        panel.get_by_role("button", name="Menu").click()
        page.get_by_role("menuitem", name="Sign Out of Data Lake").click()
        expect(notice).to_contain_text("You are not signed in to Demo data lake.")
        expect(row(panel, "demo")).to_have_count(0)
        assert provider.sessions == []


def test_signing_in_and_out_with_a_password(page, lake, configure, open_panel):
    password = Path(lake.instance()["password_file"]).read_text().strip()
    configure_lake(lake, configure, auth="userpass", username="demo", account="demo")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    panel = open_panel()
    notice = panel.get_by_role("alert")
    expect(notice).to_contain_text("You are not signed in to Demo data lake.")
    expect(panel.locator(".escape-Health")).to_contain_text("sign in")
    notice.get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in to Demo data lake")
    expect(dialog.get_by_label("User name")).to_have_value("demo")
    secret = dialog.get_by_label("Password")
    expect(secret).to_be_focused()
    expect(secret).to_have_attribute("type", "password")
    assert axe(page, ".escape-SignIn") == []
    secret.fill("wrong")
    secret.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("does not accept the user name, password")
    expect(secret).to_have_value("wrong")
    assert axe(page, ".escape-SignIn") == []
    secret.fill(password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(row(panel, "demo")).to_be_visible()
    expect(notice).to_have_count(0)
    assert not any(password in url for url in sent)
    assert password not in page.content()

    panel.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="Sign Out of Data Lake").click()
    expect(notice).to_contain_text("You are not signed in to Demo data lake.")
    notice.get_by_role("button", name="Sign in").click()
    secret.press("Escape")
    expect(dialog).to_have_count(0)
    expect(notice).to_contain_text("You are not signed in to Demo data lake.")


def test_signing_in_with_a_token(page, lake, configure, open_panel):
    configure_lake(lake, configure, auth="token")
    panel = open_panel()
    panel.get_by_role("alert").get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in to Demo data lake")
    expect(dialog.get_by_label("User name")).to_have_count(0)
    field = dialog.get_by_label("Personal token")
    expect(field).to_be_focused()
    field.fill(_token(lake))
    field.press("Enter")
    expect(dialog).to_have_count(0)
    expect(row(panel, "demo")).to_be_visible()
    panel.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="Sign Out of Data Lake").click()
    expect(panel.get_by_role("alert")).to_contain_text("You are not signed in")
