"""Inside a JupyterHub: the Hub's tokens at a real lake, and what happens when there are none.

The Hub here misbehaves on request; the lake is real, and the tokens that the Hub hands out are
the lake's own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.errors import AuthError, ConfigurationError
from escape_vre.core.location import locate
from escape_vre.display.amounts import amount
from escape_vre.testing.fake_hub import SIGN_IN, FakeHub
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid
from tests.integration.datalake.test_bad_luck import _token

LINK = f"https://hub.example.org{SIGN_IN}"
GET = {"refs": ["rucio:demo:fermi.lightcurves"]}


@pytest.fixture
def hub(lake, monkeypatch):
    with FakeHub(audiences={"rucio": lambda: _token(lake)}) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def inside(hub, lake, configure, own_agent, tmp_path):
    """Configure the lake with some sign-in; returns a client inside a user's server."""

    def make(**changes):
        (own_agent / "launch.json").write_text(f'{{"contents_root": "{tmp_path}"}}')
        settings = {"auth": "hub", **changes}
        names = ("name", "title", "url", "ca_file", "storage_cert_file")
        kept = {name: lake.instance()[name] for name in names}
        configure(DataLake={"instances": [{**kept, **settings}]})
        return AgentClient()

    return make


def waiting(client, job):
    """Return the job once it says what it waits for."""

    def found():
        now = client.get(f"/jobs/{job['id']}")
        return now if now["waiting"] else None

    return wait_until(found, what="a job that waits")


def test_everything_works_by_the_hubs_token_alone(inside, hub):
    client = inside()
    assert client.get("/datalake/whoami")["account"] == "demo"
    job = client.wait(client.post("/datalake/get", GET)["id"])
    assert (job["state"], amount(job, "files")["done"]) == ("done", 5), job["error"]
    assert hub.asked == [("", "rucio")]


def test_ten_processes_at_once_ask_the_hub_once(inside, hub):
    inside().get("/agent")
    code = "from escape_vre.client import AgentClient; print(AgentClient().get('/datalake/whoami'))"
    kernels = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(10)
    ]
    for kernel in kernels:
        assert b"demo" in kernel.communicate(timeout=60)[0]
    assert hub.asked == [("", "rucio")]


def test_without_a_word_about_it_the_hub_is_asked_first_and_then_the_environment(
    inside, hub, lake, monkeypatch
):
    client = inside(auth="auto")
    assert client.get("/datalake/whoami")["account"] == "demo"
    hub.audiences.clear()
    monkeypatch.setenv("RUCIO_AUTH_TOKEN", _token(lake))
    assert client.get("/datalake/whoami")["account"] == "demo"
    assert hub.asked == [("", "rucio")] * 2
    monkeypatch.delenv("RUCIO_AUTH_TOKEN")


def test_outside_of_a_hub_it_says_so(inside, hub, monkeypatch):
    client = inside()
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    with pytest.raises(ConfigurationError, match="not a server of one"):
        client.get("/datalake/whoami")


def test_an_ended_session_gives_the_link_and_ends_with_the_sign_in(inside, hub):
    client = inside()
    hub.mood = "sign_in"
    with pytest.raises(AuthError, match="session") as caught:
        client.get("/datalake/whoami")
    assert caught.value.details["sign_in"] == LINK
    hub.mood = "well"
    assert client.get("/datalake/whoami")["account"] == "demo"


@pytest.mark.parametrize("mood", ["sign_in", "down", "busy"])
def test_a_job_waits_and_goes_on_by_itself(inside, hub, mood):
    client = inside()
    hub.mood = mood
    job = waiting(client, client.post("/datalake/get", GET))
    assert job["state"] == "queued"
    assert job["error"] is None
    assert job["waiting"]["details"].get("sign_in", "") == (LINK if mood == "sign_in" else "")
    hub.mood = "well"
    done = client.wait(job["id"])
    assert (done["state"], done["waiting"], amount(done, "files")["done"]) == ("done", None, 5)


def test_a_job_that_waits_goes_on_at_once_when_anybody_gets_in(inside, hub):
    client = inside()
    hub.mood = "sign_in"
    job = waiting(client, client.post("/datalake/get", GET))
    asked = len(hub.asked)
    hub.mood = "well"
    assert client.get("/datalake/whoami")["account"] == "demo"
    done = client.wait(job["id"])
    assert done["state"] == "done"
    assert len(hub.asked) <= asked + 2  # by us, and perhaps by the job at that very moment


def test_a_job_that_waits_can_be_cancelled(inside, hub, tmp_path):
    client = inside()
    hub.mood = "sign_in"
    job = waiting(client, client.post("/datalake/get", GET))
    assert client.post(f"/jobs/{job['id']}/cancel")["state"] == "cancelled"
    hub.mood = "well"
    assert client.get("/datalake/whoami")["account"] == "demo"
    assert client.get(f"/jobs/{job['id']}")["state"] == "cancelled"
    assert not list(tmp_path.rglob("*.csv"))


def test_a_job_that_waits_survives_its_agent(inside, hub):
    client = inside()
    hub.mood = "sign_in"
    job = waiting(client, client.post("/datalake/get", GET))
    client.post("/agent/stop", force="true")
    wait_until(lambda: agent_pid() is None, what="the end of the agent")
    hub.mood = "well"
    assert client.wait(job["id"])["state"] == "done"


def test_a_restarted_server_has_another_token(inside, hub, monkeypatch):
    client = inside()
    hub.mood = "sign_in"
    job = waiting(client, client.post("/datalake/get", GET))
    pid = agent_pid()
    hub.mood = "well"
    hub.end_server()
    hub.servers["another-"] = "restarted"
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "another-")
    assert client.get("/datalake/whoami")["account"] == "demo"
    assert hub.asked[-1] == ("restarted", "rucio")
    assert client.wait(job["id"])["state"] == "done"
    assert agent_pid() == pid


def test_a_get_in_a_terminal_shows_the_link_once_and_goes_on(inside, hub):
    inside()
    hub.mood = "sign_in"
    command = [sys.executable, "-m", "escape_vre", "dl", "get", "demo:fermi.lightcurves"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = running.stderr.readline()
    assert line.rstrip().endswith(f"Sign in: {LINK}")
    hub.mood = "well"
    out, more = running.communicate(timeout=60)
    assert running.returncode == 0
    assert more.startswith("demo:fermi.lightcurves: 5 files")
    assert "Sign in" not in more + out


def test_a_command_that_cannot_wait_gives_the_link(inside, hub):
    inside()
    hub.mood = "sign_in"
    command = [sys.executable, "-m", "escape_vre", "dl", "whoami"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"Sign in: {LINK}"


def test_the_hubs_token_is_nowhere_to_be_found(inside, hub, own_agent):
    client = inside()
    client.wait(client.post("/datalake/get", GET)["id"])
    hub.mood = "sign_in"
    hub.lifetime_s = 0.0
    token = os.environ["JUPYTERHUB_API_TOKEN"]
    files = [file for file in own_agent.rglob("*") if file.is_file()]
    assert locate().log in files
    for file in files:
        assert token.encode() not in file.read_bytes(), file
    environment = Path(f"/proc/{agent_pid()}/environ").read_bytes()
    assert b"JUPYTERHUB_" not in environment
