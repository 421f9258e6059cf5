"""A Jupyter server whose agent's place another user has taken: it tells him nothing."""

import json
import os
import time

import pytest

from escape_vre.core.location import locate
from tests.integration import impostor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")


def test_neither_a_browser_nor_the_relay_of_events_speaks_to_him(
    start_server, configure, short_path, monkeypatch
):
    configure()
    short_path.chmod(0o1777)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert locate().runtime.parent == short_path
    monkeypatch.setenv("RUCIO_PASSWORD", "rucio-passw0rd")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub-s3cret")
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:1/hub/api")
    with impostor.listening() as heard:
        server = start_server()
        for method, path in (("GET", "agent"), ("GET", "jobs"), ("POST", "agent/stop")):
            body = {} if method == "POST" else None
            status, _, answer = server.call(method, f"escape-vre/{path}", body)
            error = json.loads(answer)["error"]
            assert (status, error["code"]) == (500, "configuration")
            assert "belongs to someone else" in error["message"]
            assert error["hint"]
        time.sleep(1.5)  # the relay looks for an agent twice a second
        assert heard() == b""
    assert server.log.read_text().count("belongs to someone else") == 1
