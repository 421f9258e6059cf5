"""A Java that only says its version, and a Maven repository on loopback."""

import hashlib
import io
import zipfile

import pytest

from escape_vre.local.idp import installation
from escape_vre.testing.loopback import Handler, Server


@pytest.fixture
def java(tmp_path):
    """Make a ``java``: a script of the given lines of sh."""

    def make(*lines):
        path = tmp_path / "jdk" / "bin" / "java"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)
        return path

    return make


class Repository:
    """Serves one distribution; notes what was asked, and may break off or not continue."""

    def __init__(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as content:
            content.writestr(f"keycloak-{installation.VERSION}/lib/quarkus-run.jar", "a jar")
            content.writestr(f"keycloak-{installation.VERSION}/filling", bytes(3_000_000))
        self.content = packed.getvalue()
        self.asked = []
        self.continues = True
        self.breaks_after = None
        self.status = None

    @property
    def sha512(self):
        return hashlib.sha512(self.content).hexdigest()

    def serve(self, handler):
        wanted = handler.headers.get("Range")
        self.asked.append((handler.path, wanted))
        if self.status:
            handler.send_error(self.status)
            return
        first = int(wanted[6:-1]) if wanted and self.continues else 0
        handler.send_response(206 if first else 200)
        handler.send_header("Content-Length", str(len(self.content) - first))
        handler.end_headers()
        handler.wfile.write(self.content[first : self.breaks_after])
        handler.close_connection = True


@pytest.fixture
def maven(monkeypatch):
    repository = Repository()

    class Answers(Handler):
        def do_GET(self):
            repository.serve(self)

    with Server(Answers) as server:
        monkeypatch.setenv("ESCAPE_VRE_MAVEN", f"{server.origin}/maven2/")
        monkeypatch.setattr(installation, "SHA512", repository.sha512)
        yield repository
