"""A person with a browser, as far as these tests need one."""

import os
import re
from pathlib import Path

from playwright.sync_api import expect

IMAGES = Path("docs/images") if os.environ.get("UPDATE_SCREENSHOTS") else None


class Person:
    """Somebody who signs in, and works in JupyterLab."""

    def __init__(self, name, site, context):
        self.name = name
        self.site = site
        self.context = context
        self.page = context.new_page()

    def picture(self, name):
        """Take a picture for the documentation, when asked to."""
        if IMAGES:
            self.page.screenshot(path=IMAGES / f"{name}.png")

    def open(self, server=""):
        """Go to the own server, by way of the provider's form if need be."""
        # A named server's own address belongs to the first server until it has started.
        path = f"hub/spawn/{self.name}/{server}" if server else f"user/{self.name}/lab?reset"
        self.page.goto(self.site.url + path)
        self.sign_in(self.page)
        launch = self.page.get_by_role("button", name="Launch Server")
        lab = self.page.locator("#jp-main-dock-panel")
        expect(launch.or_(lab).first).to_be_visible()
        if launch.is_visible():
            launch.click()
        tab = self.page.locator('.jp-SideBar [data-id="escape-vre-datalake"]')
        expect(tab).to_be_visible()
        expect(self.page.locator(".jp-Launcher").first).to_be_visible()
        if not self.panel.is_visible():
            tab.click()

    def sign_in(self, page):
        """Fill the provider's form where it is shown."""
        button = page.get_by_role("button", name=re.compile("Sign in with"))
        button = button.or_(page.get_by_role("link", name=re.compile("Sign in with")))
        form = page.locator("#kc-form-login")
        elsewhere = page.locator("#jp-main-dock-panel, #start")
        elsewhere = elsewhere.or_(page.get_by_role("button", name="Launch Server"))
        expect(button.or_(form).or_(elsewhere).first).to_be_visible()
        if button.first.is_visible():
            button.first.click()
            expect(form.or_(elsewhere).first).to_be_visible()
        if form.is_visible():
            page.locator("#username").fill(self.name)
            page.locator("#password").fill(self.site.idp.password(self.name))
            if page is self.page:
                self.picture("sign-in")
            page.locator("#kc-login").click()

    def stop(self):
        """Stop the own server."""
        # Its buttons do nothing before its scripts have come.
        self.page.goto(self.site.url + "hub/home", wait_until="networkidle")
        stop = self.page.get_by_role("button", name="Stop My Server")
        stop = stop.or_(self.page.get_by_role("link", name="Stop My Server"))
        if stop.is_visible():
            stop.click()
            expect(stop).not_to_be_visible()

    def notebook(self):
        """Open a new notebook whose kernel is ready."""
        self.page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
        status = self.page.locator(".jp-StatusBar-Widget, #jp-bottom-panel")
        expect(status.get_by_text("| Idle").first).to_be_visible()

    def run(self, code):
        """Run code in the last cell; return what stands below it."""
        cells = self.page.locator(".jp-NotebookPanel .jp-CodeCell")
        cell = cells.nth(cells.count() - 1)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        return cell.locator(".jp-OutputArea")

    def outlives_a_sleep(self, wait_s, picture=""):
        """See that a provider that sleeps for so long is one sentence, and then nothing."""
        self.find("demo:lofar")
        expect(self.row("lofar.images")).to_be_visible()
        self.site.idp.pause()
        try:
            self.page.wait_for_timeout(wait_s * 1000)  # so that no token is left that is good
            self.find("demo:vo")
            error = self.panel.locator(".escape-Notice")
            expect(error).to_have_count(1)
            expect(error).to_contain_text("identity provider")
            if picture:
                self.picture(picture)
        finally:
            self.site.idp.resume()
        # Nobody has to click.
        expect(self.row("vo.neighbours")).to_be_visible()
        expect(error).to_have_count(0)

    @property
    def panel(self):
        return self.page.locator("#escape-vre-datalake")

    def row(self, name):
        """Return the row of a DID."""
        pattern = re.compile(f"^{re.escape(name)},")
        return self.panel.get_by_role("tree").get_by_role("treeitem", name=pattern)

    def find(self, text):
        """List what a text means."""
        search = self.panel.get_by_role("combobox", name="Search the data lake")
        search.fill(text)
        search.press("Enter")

    def get(self, name):
        """Get what a row stands for by its button."""
        self.row(name).hover()
        self.row(name).get_by_role("button", name="Get", exact=True).click()

    def is_here(self, name, timeout_s=40):
        """Wait until the row says so."""
        state = self.row(name).locator(".escape-Row-state")
        expect(state).to_have_attribute("data-shape", "here", timeout=timeout_s * 1000)

    def has(self, path):
        """Tell whether a file is below the folder that the server shows."""
        return self.site.has(self.name, path)
