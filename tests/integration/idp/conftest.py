"""A program in Keycloak's place, for what concerns processes and files alone."""

import sys
from pathlib import Path

import pytest

from escape_vre.local.idp import Idp, installation

STAND_IN = f"""#!{sys.executable}
import http.server, sys, os, time
if "-version" in sys.argv:
    sys.exit(print('openjdk version "17.0.1"'))
port = next(int(word[12:]) for word in sys.argv if word.startswith("--http-port="))
if os.path.exists("../does-not-start"):
    print("2026 ERROR: Failed to start\\n2026 ERROR: the database is of a later version")
    sys.exit(1)
if os.path.exists("../takes-long"):
    time.sleep(60)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{{}}")

try:
    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
except OSError as error:
    sys.exit("Port " + str(port) + " already in use")
server.serve_forever()
"""


@pytest.fixture
def stand_in(tmp_path_factory, monkeypatch):
    """Give a maker of providers that start at once and have no realm."""
    folder = tmp_path_factory.mktemp("stand-in")
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(STAND_IN)
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder))
    monkeypatch.setenv("ESCAPE_VRE_CACHE", str(folder / "cache"))
    installation.folder().mkdir(parents=True)
    (installation.folder() / "complete").touch()
    made = []

    def make(home: Path) -> Idp:
        provider = Idp(home)
        provider.layout.realm_file.parent.mkdir(parents=True)
        provider.layout.realm_file.touch()
        made.append(provider)
        return provider

    yield make
    for provider in made:
        provider.stop()
