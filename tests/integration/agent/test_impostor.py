"""Nothing is sent to another user who listens in the agent's place: no token, no password."""

import asyncio
import os
import socket
import subprocess
import sys

import pytest

from escape_vre.cli import main
from escape_vre.client import AgentClient
from escape_vre.client.start import answers
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.location import locate
from escape_vre.server.link import AgentLink
from escape_vre.server.pool import AgentPool
from tests.integration import impostor
from tests.integration.conftest import agent_pid

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")

SECRETS = {
    "RUCIO_AUTH_TOKEN": "rucio-s3cret",
    "RUCIO_PASSWORD": "rucio-passw0rd",
    "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
    "JUPYTERHUB_API_TOKEN": "hub-s3cret",
}


@pytest.fixture(autouse=True)
def shared_tmp(short_path, monkeypatch):
    """A folder of sockets in a place that all users share; secrets in the environment."""
    short_path.chmod(0o1777)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(short_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert locate().runtime.parent == short_path


PLACES = [
    # He made the folder first; he was let in once, when it was open; he owns nothing but the ear.
    {"folder_uid": impostor.UID},
    {"folder_uid": 0, "folder_mode": 0o777},
    {"folder_uid": 0, "folder_mode": 0o700},
]


def call(agent):
    agent.get("/agent")


def by_listening(_):
    return answers(locate())


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("ask", [call, by_listening])
def test_a_client_says_nothing(where, ask):
    with impostor.listening(**where) as heard:
        with pytest.raises(ConfigurationError) as caught:
            ask(AgentClient())
        assert caught.value.hint
        assert heard() == b""


def test_a_command_says_nothing_and_explains(capsys):
    with impostor.listening() as heard:
        for words in (["agent", "status"], ["agent", "stop"], ["dl", "whoami"]):
            assert main(words) == 1
            assert "belongs to someone else" in capsys.readouterr().err
        assert main(["with-token", "rucio", "--", "true"]) == 1
        assert heard() == b""


@pytest.mark.parametrize("where", PLACES)
def test_the_servers_link_says_nothing(where, tmp_path):
    async def by_link():
        link = AgentLink(locate(), tmp_path)
        try:
            async with link.stream("GET", "/agent", headers={}):
                pass
        finally:
            await link.close()

    async def by_pool():
        pool = AgentPool(locate().socket)
        try:
            async with pool.stream("GET", "/agent", headers=SECRETS):
                pass
        finally:
            await pool.aclose()

    async def by_listening():
        await AgentLink(locate(), tmp_path).listens()

    with impostor.listening(**where) as heard:
        for way in (by_link, by_pool, by_listening):
            with pytest.raises(ConfigurationError):
                asyncio.run(way())
        assert heard() == b""


def test_a_folder_that_we_may_not_look_into_is_explained_too():
    with impostor.listening(folder_mode=0o700), pytest.raises(ConfigurationError):
        AgentClient().get("/agent")


def test_the_agent_answers_nobody_but_its_user(agent):
    agent.get("/agent")
    place = locate()
    place.runtime.chmod(0o755)
    place.socket.chmod(0o666)
    code = (
        "import os, socket, sys\nos.chdir(sys.argv[1]); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.connect(sys.argv[2])\n"
        "try: s.sendall(b'GET /agent HTTP/1.1\\r\\nHost: agent\\r\\n\\r\\n'); print(s.recv(99))\n"
        "except OSError: print(b'')"
    )
    words = [sys.executable, "-c", code, str(place.runtime), place.socket.name]
    asked = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert asked.stdout.strip() == "b''", asked
    assert agent.get("/agent")["pid"] == agent_pid()
    assert "Traceback" not in place.log.read_text()


def test_a_pipe_in_place_of_the_lock_holds_nobody_up(agent):
    place = locate()
    place.make_runtime()
    os.mkfifo(place.lock)
    assert main(["agent", "stop"]) == 0
    place.lock.unlink()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place.socket))
    assert agent.get("/agent")["pid"] == agent_pid()
