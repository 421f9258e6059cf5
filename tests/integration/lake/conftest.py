"""A real lake for all tests here, and the real ``rucio`` command."""

import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from escape_vre.local.lake import Lake

HIERARCHY = json.loads(
    (Path(__file__).parents[3] / "escape_vre/local/lake/samples/hierarchy.json").read_text()
)


@dataclass(frozen=True)
class Answer:
    """What a site said."""

    status: int
    headers: object
    content: bytes


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("a lake"))
    lake.start(tied=True)
    yield lake
    lake.stop()


@pytest.fixture(scope="session")
def rucio(lake):
    """Run ``rucio`` with arguments as an account; gives what it printed."""

    def run(*arguments, account="demo"):
        done = subprocess.run(
            [lake.rucio, *arguments],
            env={**os.environ, **lake.rucio_environment(account), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def storage(lake):
    """Send one request to the first site; gives the answer, of an error too."""
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    tls.load_cert_chain(lake.layout.client_identity)
    stranger = ssl.create_default_context(cafile=lake.layout.ca)

    def send(method, path, *, data=None, known=True, site=0, **headers):
        port = lake.layout.ports()["sites"][lake.sites[site]]
        request = urllib.request.Request(
            f"https://127.0.0.1:{port}{path}",
            data=data,
            method=method,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=tls if known else stranger)
        )
        try:
            answer = opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers, answer.read())

    return send
