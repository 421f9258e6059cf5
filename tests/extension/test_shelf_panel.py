"""The panel of the second distribution, in JupyterLab and a real browser."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from escape_vre.testing.waiting import wait_until
from tests.chromium import started


@pytest.fixture
def lab(remote, beside, tmp_path, monkeypatch):
    """JupyterLab in an empty folder; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={notebooks}"]
    if os.getuid() == 0:
        command.append("--allow-root")
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)

    def answers():
        assert running.poll() is None, (tmp_path / "log").read_text()
        with contextlib.suppress(OSError):
            return urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=5).status == 200

    try:
        wait_until(answers, what="JupyterLab's first answer")
        yield f"http://127.0.0.1:{port}/lab?token={token}", notebooks
    finally:
        running.terminate()
        running.wait(60)


def test_a_search_a_get_and_a_long_job_in_the_panel(lab, remote):
    url, folder = lab
    with started() as browser:
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("tab", name="Shelf").click()
        field = page.get_by_role("searchbox", name="Search the shelf")
        field.fill("dune")
        field.press("Enter")
        page.get_by_role("button", name="Get dune").click()
        status = page.locator(".jp-Shelf").get_by_role("status")
        expect(status).to_have_text("dune is here")
        assert (folder / "data" / "shelf" / "dune").read_bytes() == remote.files["dune"]
        remote.free.clear()
        page.get_by_role("button", name="Bind all").click()
        expect(status).to_have_text("binding everything is being bound")
        remote.free.set()
        expect(status).to_have_text("binding everything is bound")
