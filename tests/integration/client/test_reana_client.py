"""The real ``reana-client`` under ``escape-vre with-token``; REANA itself is a stand-in here."""

import json
import os
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest

from escape_vre.testing.fake_hub import FakeHub
from escape_vre.testing.loopback import Handler, Server
from tests import back_ends


@pytest.fixture(scope="session")
def reana_client():
    """Return the command."""
    return back_ends.reana_client()


@pytest.fixture
def reana():
    """Answer ``GET /api/you`` as REANA 0.9 does; returns its URL and the tokens that it saw."""
    seen = []

    class Reana(Handler):
        def do_GET(self):
            url = urlsplit(self.path)
            seen.append((url.path, parse_qs(url.query).get("access_token")))
            body = json.dumps(
                {
                    "email": "alice@example.org",
                    "full_name": "Alice",
                    "username": "alice",
                    "reana_server_version": "0.9.4",
                    "reana_token": {"value": "kept", "status": "active"},
                }
            ).encode()
            self.send(200, body)

    with Server(Reana) as server:
        yield server.origin, seen


def test_reana_client_signs_in_with_the_lent_token(reana_client, reana, own_agent, monkeypatch):
    url, seen = reana
    with FakeHub(audiences={"reana": lambda: "a-token-for-reana"}) as hub:
        for name, value in hub.environment().items():
            monkeypatch.setenv(name, value)
        done = subprocess.run(
            [sys.executable, "-m", "escape_vre", "with-token", "reana", "--", reana_client, "ping"],
            env={**os.environ, "REANA_SERVER_URL": url, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Authenticated as: Alice <alice@example.org>" in done.stdout
    assert seen == [("/api/you", ["a-token-for-reana"])]
    assert "a-token-for-reana" not in done.stdout + done.stderr
