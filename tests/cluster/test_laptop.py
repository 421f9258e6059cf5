"""``helm install`` with nothing but the laptop's example, and somebody who uses it."""

import time

import pytest
from playwright.sync_api import expect

from tests.cluster import chart, images
from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import kubectl
from tests.cluster.volumes import no_default_class
from tests.integration.conftest import chromium  # noqa: F401

pytestmark = pytest.mark.cluster

EXAMPLE = chart.EXAMPLES / "laptop.yaml"


def test_without_a_default_storage_class_nothing_is_installed(release):
    with no_default_class(), pytest.raises(ClusterError) as refused:
        release.install(EXAMPLE)
    assert "no default StorageClass" in str(refused.value)
    assert "jupyterhub.hub.db.pvc.storageClassName" in str(refused.value)
    assert release.pods("component=hub") == []


def test_install_sign_in_and_a_server_with_our_panel(release, chromium, measured):  # noqa: F811
    began = time.monotonic()
    notes = release.install(EXAMPLE)
    measured("helm install to Ready, s", time.monotonic() - began)
    assert "WARNING" in notes.upper()
    with release.forwarded() as url:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(60_000)
        page.goto(url)
        page.locator("#username_input").fill("alice")
        page.locator("#password_input").fill("escape-on-my-laptop")
        began = time.monotonic()
        page.locator("#login_submit").click()
        expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=120_000)
        measured("sign-in to JupyterLab shown, s", time.monotonic() - began)
        tab = page.locator('.jp-SideBar [data-id="escape-vre-datalake"]')
        expect(tab).to_be_visible(timeout=60_000)
        page.close()
    (server,) = release.pods("component=singleuser-server")
    said = kubectl("get", "pod", "-n", release.name, server, "-o", "jsonpath={..image}").stdout
    assert images.user().tagged in said
