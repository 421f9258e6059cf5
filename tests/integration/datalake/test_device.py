"""Signing in by a code at a real lake: by routes, in a terminal, and what comes of it.

The provider here is a strict fake whose tokens are the lake's own; a real Keycloak is in
``test_keycloak.py``.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import escape_vre
from escape_vre.client import AgentClient
from escape_vre.core.errors import AuthError, NotFoundError, UsageError
from escape_vre.core.location import locate
from escape_vre.testing.device import DeviceProvider
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid
from tests.integration.datalake.test_bad_luck import _token

GET = {"refs": ["rucio:demo:fermi.lightcurves"]}


@pytest.fixture
def provider(lake):
    with DeviceProvider(mint=lambda: _token(lake), interval_s=0.1) as running:
        yield running


@pytest.fixture
def client(provider, lake, configure, own_agent, tmp_path):
    (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
    names = ("name", "title", "url", "ca_file", "storage_cert_file")
    entry = {name: lake.instance()[name] for name in names}
    sign_in = {"auth": "oidc", "issuer": provider.issuer, "client_id": "escape-vre"}
    configure(DataLake={"instances": [{**entry, **sign_in}]})
    return AgentClient()


@pytest.fixture
def identity(client):
    (instance,) = client.get("/datalake/instances")["instances"]
    return instance["identity"]


def login(*words):
    command = [sys.executable, "-m", "escape_vre", *(words or ("dl", "login"))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def code_of(line):
    return re.search(r"the code (\S+) ", line)[1]


def test_by_routes_as_the_panel_does(client, identity, provider):
    with pytest.raises(AuthError) as caught:
        client.get("/datalake/whoami")
    assert caught.value.details == {"device": identity}
    begun = client.post("/sign-ins", {"identity": identity})
    assert begun["state"] == "waiting"
    assert begun["title"] == "Demo data lake"
    assert begun["user_code"] in begun["verification_uri_complete"]
    assert 0 < begun["expires_in"] <= 60
    assert client.get(f"/sign-ins/{begun['id']}")["state"] == "waiting"
    provider.decide(begun["user_code"])
    assert client.get(f"/sign-ins/{begun['id']}", wait_s=20)["state"] == "done"
    assert client.get("/datalake/whoami")["account"] == "demo"
    assert "demo" in client.get("/datalake/scopes")["scopes"]
    client.post("/sign-outs", {"identity": identity})
    for path in ("/datalake/whoami", "/datalake/scopes"):
        with pytest.raises(AuthError, match="not signed in"):
            client.get(path)


def test_what_is_not_there_is_said(client):
    with pytest.raises(NotFoundError):
        client.post("/sign-ins", {"identity": "0123"})
    with pytest.raises(NotFoundError):
        client.get("/sign-ins/0123")


def test_cancelled_in_another_window(client, identity):
    begun = client.post("/sign-ins", {"identity": identity})
    assert client.post(f"/sign-ins/{begun['id']}/cancel")["state"] == "cancelled"
    assert client.get(f"/sign-ins/{begun['id']}", wait_s=20)["state"] == "cancelled"


def test_a_job_waits_for_the_sign_in(client, identity, provider):
    job = client.post("/datalake/get", GET)

    def waiting():
        return client.get(f"/jobs/{job['id']}")["waiting"]

    assert wait_until(waiting)["details"] == {"device": identity}
    begun = client.post("/sign-ins", {"identity": identity})
    provider.decide(begun["user_code"])
    assert client.wait(job["id"])["state"] == "done"


def test_in_a_terminal(client, provider):
    running = login()
    line = running.stderr.readline()
    provider.decide(code_of(line))
    assert provider.issuer in line
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (0, "You are signed in: demo at Demo data lake.\n")
    again, _ = login("login").communicate(timeout=60)
    assert again == "You are already signed in: demo at Demo data lake.\n"
    out, _ = login("logout", "--service", "datalake").communicate(timeout=60)
    assert out == "You are signed out of Demo data lake.\n"
    _, said = login("dl", "whoami").communicate(timeout=60)
    assert "escape-vre dl login" in said
    assert provider.sessions == []


def test_refused_in_a_terminal(client, provider):
    running = login()
    provider.decide(code_of(running.stderr.readline()), "denied")
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert said.startswith("escape-vre: The sign-in was refused.")


def test_interrupted_in_a_terminal(client, provider, identity):
    running = login()
    code = code_of(running.stderr.readline())
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "You are not signed in" in said
    begun = client.post("/sign-ins", {"identity": identity})
    assert begun["user_code"] != code, "the first was given up"


def test_it_outlives_the_agent_and_shows_nothing(client, identity, provider, own_agent):
    begun = client.post("/sign-ins", {"identity": identity})
    provider.decide(begun["user_code"])
    client.get(f"/sign-ins/{begun['id']}", wait_s=20)
    client.get("/datalake/whoami")
    client.post("/agent/stop")
    wait_until(lambda: agent_pid() is None, what="the end of the agent")
    assert client.get("/datalake/whoami")["account"] == "demo"
    secret = provider.sessions[0].current
    holders = [f for f in own_agent.rglob("*") if f.is_file() and secret in f.read_text()]
    assert [holder.parent.name for holder in holders] == ["sign-in"]
    assert locate().log.is_file()


def test_where_nobody_signs_in_it_says_so(dl):
    assert escape_vre.login() == "You are already signed in: demo at Demo data lake."
    with pytest.raises(UsageError, match="nothing to sign out of"):
        escape_vre.logout()


# ── with-token ──────────────────────────────────────────────────────────────────────────────

SHOW = (
    "import os, stat, json; file = os.environ['BEARER_TOKEN_FILE'];"
    "print(json.dumps({'token': open(file).read(), 'file': file,"
    " 'mode': stat.S_IMODE(os.stat(file).st_mode),"
    " 'folder': stat.S_IMODE(os.stat(os.path.dirname(file)).st_mode),"
    " 'variables': {k: v for k, v in os.environ.items() if k.startswith(('RUCIO', 'REANA',"
    " 'BEARER'))}}))"
)


def with_token(audience, *command, **more):
    words = [sys.executable, "-m", "escape_vre", "with-token", audience, "--", *command]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(words, **{**pipes, **more})


@pytest.fixture
def signed_in(client, identity, provider):
    begun = client.post("/sign-ins", {"identity": identity})
    provider.decide(begun["user_code"])
    assert client.get(f"/sign-ins/{begun['id']}", wait_s=20)["state"] == "done"
    return client


def test_a_command_alone_gets_the_token(signed_in, lake):
    env = {**os.environ, "BEARER_TOKEN": "old", "XDG_RUNTIME_DIR": ""}
    out, said = with_token("rucio", sys.executable, "-c", SHOW, env=env).communicate(timeout=60)
    assert said == ""
    found = json.loads(out)
    assert found["token"].startswith("demo-demo-")
    assert (found["mode"], found["folder"]) == (0o600, 0o700)
    assert found["variables"] == {
        "BEARER_TOKEN_FILE": found["file"],
        "RUCIO_AUTH_TYPE": "oidc",
    }
    wait_until(lambda: not Path(found["file"]).parent.exists(), what="the end of the file")


def test_its_exit_code_and_signals_are_its_own(signed_in, tmp_path):
    code = f"import os; open({str(tmp_path / 'f')!r}, 'w').write(os.environ['BEARER_TOKEN_FILE'])"
    loop = f"{code}; print(os.getpid(), flush=True); import signal; signal.pause()"
    ended = with_token("rucio", sys.executable, "-c", f"{code}; raise SystemExit(7)")
    ended.communicate(timeout=60)
    assert ended.returncode == 7
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = with_token("rucio", sys.executable, "-c", loop)
        assert int(running.stdout.readline()) == running.pid
        file = Path((tmp_path / "f").read_text())
        assert file.exists()
        running.send_signal(number)
        running.communicate(timeout=60)
        assert running.returncode == -number
        wait_until(lambda file=file: not file.parent.exists(), what="the end of the file")


def test_the_file_is_kept_fresh(signed_in, provider, monkeypatch):
    values = iter(range(100))
    provider.mint = lambda: f"token-{next(values)}"
    provider.lifetime_s = 20
    signed_in.post("/agent/stop")  # which forgets the token that lives longer
    wait_until(lambda: agent_pid() is None, what="the end of the agent")
    loop = "import signal; signal.pause()"
    code = f"import os; print(os.environ['BEARER_TOKEN_FILE'], flush=True); {loop}"
    running = with_token("rucio", sys.executable, "-c", code)
    file = Path(running.stdout.readline().strip())
    first = file.read_text()
    wait_until(lambda: file.read_text() != first, 30, what="another token")
    assert oct(file.stat().st_mode)[-3:] == "600"
    running.kill()
    running.communicate(timeout=60)


def test_a_command_that_is_not_there_or_none(signed_in, tmp_path):
    for words, status, said in (
        (("no-such-command",), 127, "no-such-command"),
        ((str(tmp_path / "script"),), 126, "script"),
        ((), 1, "No command was given"),
    ):
        (tmp_path / "script").write_text("no program\n")
        (tmp_path / "script").chmod(0o755)
        running = with_token("rucio", *words)
        _, error = running.communicate(timeout=60)
        assert (running.returncode, said in error) == (status, True), error


def test_an_audience_that_nobody_knows(signed_in):
    running = with_token("moon", "true")
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "No token source is configured for moon." in said
