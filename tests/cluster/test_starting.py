"""What a person sees whose server cannot start, and that it starts once the reason is gone."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.cluster.kubectl import apply, kubectl
from tests.cluster.test_laptop import EXAMPLE
from tests.integration.conftest import chromium  # noqa: F401
from tests.integration.whole.person import IMAGES

pytestmark = pytest.mark.cluster


@pytest.fixture
def visited(release, chromium):  # noqa: F811
    """Return a page on which somebody has just signed in, so that their server starts."""
    contexts = []

    def sign_in(name):
        context = chromium.new_context(viewport={"width": 1000, "height": 640})
        contexts.append((context, forward := release.forwarded()))
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(forward.__enter__())
        page.locator("#username_input").fill(name)
        page.locator("#password_input").fill("escape-on-my-laptop")
        page.locator("#login_submit").click()
        return page

    yield sign_in
    for context, forward in contexts:
        context.close()
        forward.__exit__(None, None, None)


def single_user(**settings):
    return {"jupyterhub": {"singleuser": settings}}


def expect_server(page):
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=120_000)


def test_an_image_that_does_not_exist(release, visited):
    release.install(EXAMPLE, single_user(image={"tag": "no-such-tag"}))
    page = visited("ada")
    said = page.locator("#progress-message")
    # The time to start is five minutes: this is not waited for.
    expect(page.locator("#progress-bar.bg-danger")).to_be_visible(timeout=100_000)
    expect(said).to_contain_text("escape-vre-user:no-such-tag, does not exist.")
    expect(said).to_contain_text("Tell the administrators of this hub.")
    expect(page.locator("#progress-log")).to_contain_text("[Warning] Failed to pull image")
    page.reload()
    expect(page.locator("h1")).to_have_text("Spawn failed")
    expect(page.get_by_text("does not exist.")).to_be_visible()
    assert release.pods("component=singleuser-server") == []


def test_a_server_too_large_for_every_machine(release, visited):
    release.install(EXAMPLE, single_user(memory={"guarantee": "900G"}, startTimeout=45))
    page = visited("emmy")
    said = page.locator("#progress-message")
    sentence = (
        "No machine of this cluster has enough free memory for your server: it asks for 900 GiB of"
        " memory."
    )
    expect(said).to_contain_text(sentence)
    expect(said).to_contain_text("It starts automatically")
    expect(said).to_contain_text("[Warning] 0/1 nodes are available: 1 Insufficient memory.")
    expect(page.get_by_text("Your server is starting up.")).to_be_visible()
    if IMAGES:
        page.screenshot(path=IMAGES / "server-does-not-start.png")
    expect(page.locator("#progress-bar.bg-danger")).to_be_hidden()
    expect(page.locator("#progress-bar.bg-danger")).to_be_visible(timeout=100_000)
    expect(said).to_contain_text(f"{sentence}Try again later or ask the administrators")
    expect(page.get_by_text("Your server is starting up.")).to_be_hidden()
    expect(said).to_contain_text("Your server did not start.")
    if IMAGES:
        page.screenshot(path=IMAGES / "server-did-not-start.png")
    page.get_by_role("button", name="Go to your servers").click()
    expect(page.locator("#start")).to_be_visible()


def test_each_starts_once_the_values_are_right(release, visited):
    release.install(EXAMPLE)
    expect_server(visited("ada"))
    expect_server(visited("emmy"))


def test_a_quota(release, visited):
    with quota(release, "256Mi"):
        page = visited("lise")
        said = page.get_by_text("The quota of this hub does not allow your server: 256 MiB").first
        expect(said).to_contain_text("your server needs 512 MiB.")
        page.reload()
        expect(page.get_by_text("Tell the administrators of this hub.")).to_be_visible()

    page.locator("#start").click()
    expect_server(page)


@contextmanager
def quota(release, memory):
    """Limit what the namespace's pods ask for; a hub, which asks for none, could not restart."""
    metadata = {"name": "small", "namespace": release.name}
    spec = {"hard": {"requests.memory": memory}}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})
    try:
        counted = "--for=jsonpath={.status.hard}"
        kubectl("wait", counted, "resourcequota/small", "-n", release.name, "--timeout=60s")
        yield
    finally:
        kubectl("delete", "resourcequota", "small", "-n", release.name)
