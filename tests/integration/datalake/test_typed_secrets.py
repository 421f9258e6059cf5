"""Signing in to a real lake by typing its password or a token: routes, terminal, notebook."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.client import AgentClient, accounts
from escape_vre.core.errors import AuthError, UsageError
from escape_vre.core.location import locate
from escape_vre.testing.waiting import wait_until
from tests.integration.datalake.test_bad_luck import _token
from tests.integration.notebook.test_kernel import kernel

GET = {"refs": ["rucio:demo:fermi.lightcurves"]}

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore:Kernel is running over TCP"
)


@pytest.fixture
def password(lake):
    return Path(lake.instance()["password_file"]).read_text().strip()


@pytest.fixture
def configured(lake, configure, own_agent, tmp_path):
    """Have the lake ask for what its users type."""

    def write(auth="userpass"):
        (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
        names = ("name", "title", "url", "ca_file", "storage_cert_file", "account", "username")
        entry = {name: lake.instance()[name] for name in names if name in lake.instance()}
        configure(DataLake={"instances": [{**entry, "auth": auth}]})
        return AgentClient()

    return write


def identity_of(client):
    (instance,) = client.get("/datalake/instances")["instances"]
    return instance["identity"]


def type_in(client, secret, username="demo"):
    body = {"identity": identity_of(client), "username": username, "secret": secret}
    return client.post("/sign-ins/form", body)


def test_a_password_by_routes_as_the_panel_does(configured, password):
    client = configured()
    with pytest.raises(AuthError, match="not signed in") as caught:
        client.get("/datalake/whoami")
    assert caught.value.details == {"device": identity_of(client)}
    form = client.post("/sign-ins", {"identity": identity_of(client)})
    assert (form["kind"], form["asks"]) == ("form", "password")
    with pytest.raises(AuthError, match="does not accept"):
        type_in(client, "wrong")
    type_in(client, password)
    assert client.get("/datalake/whoami")["account"] == "demo"
    client.post("/sign-outs", {"identity": identity_of(client)})
    with pytest.raises(AuthError, match="not signed in"):
        client.get("/datalake/scopes")


def test_a_token_by_routes(configured, lake):
    client = configured("token")
    with pytest.raises(AuthError, match="does not accept this token"):
        type_in(client, "wrong", "")
    type_in(client, f"{_token(lake)}\n", "")
    assert client.get("/datalake/whoami")["account"] == "demo"
    client.post("/sign-outs", {"identity": identity_of(client)})


def test_a_job_waits_for_the_password(configured, password):
    client = configured()
    job = client.post("/datalake/get", GET)

    def waiting():
        return client.get(f"/jobs/{job['id']}")["waiting"]

    assert wait_until(waiting)["details"] == {"device": identity_of(client)}
    type_in(client, password)
    assert client.wait(job["id"])["state"] == "done"
    client.post("/sign-outs", {"identity": identity_of(client)})


def test_the_secret_is_in_no_file_log_environment_or_command(configured, password, tmp_path):
    secret = f"s3cret-{'x' * 20}"
    client = configured()
    with pytest.raises(AuthError) as caught:
        type_in(client, secret)
    assert secret not in json.dumps(caught.value.as_dict())
    state = locate().state
    read = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    read += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                read.append((process / name).read_bytes())
            except OSError:  # it has ended, or is another user's
                continue
    assert any(b"escape_vre" in text for text in read)
    assert not any(secret.encode() in text for text in read)


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, *words):
        self.screen = ""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "escape_vre", "dl", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: _take(theirs),
        )
        os.close(theirs)

    def answers(self, prompt, text):
        """Wait for a question, and type the answer."""
        while prompt not in self.screen:
            assert self._read(), self.screen
        os.write(self._ours, text.encode())

    def end(self):
        """Return the exit code, once the command has ended."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(60)

    def interrupted(self):
        """Press Ctrl-C until it is heard; returns the exit code.

        Once is not enough in the moment between Python's prompt and its wait for a key.
        """
        os.write(self._ours, b"\x03")
        while "You are not signed in" not in self.screen:
            if select.select([self._ours], [], [], 5)[0]:
                assert self._read(), self.screen
            else:
                os.write(self._ours, b"\x03")
        return self.end()

    def _read(self):
        ready, _, _ = select.select([self._ours], [], [], 60)
        assert ready, self.screen
        try:
            got = os.read(self._ours, 4096).decode()
        except OSError:  # how Linux says that the other end is closed
            return ""
        self.screen += got
        return got


def _take(terminal):
    """Make a terminal that of the new session: the question for a password is asked there."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_in_a_terminal(configured, password):
    client = configured()
    running = Terminal("login")
    running.answers("User name at Demo data lake [demo]: ", "\n")
    running.answers("Password: ", f"{password}\n")
    assert running.end() == 0, running.screen
    assert "You are signed in: demo at Demo data lake." in running.screen
    assert "It is kept" in running.screen
    assert "; escape-vre logout forgets it." in running.screen
    assert password not in running.screen
    assert client.get("/datalake/whoami")["account"] == "demo"
    again = Terminal("logout")
    assert again.end() == 0
    assert "You are signed out of Demo data lake." in again.screen


def test_a_wrong_password_and_none_in_a_terminal(configured):
    configured()
    for typed, said in (("wrong\n", "does not accept"), ("\n", "Nothing was typed")):
        running = Terminal("login")
        running.answers("User name", "\n")
        running.answers("Password: ", typed)
        assert running.end() == 1
        assert said in running.screen
        assert "Traceback" not in running.screen
    running = Terminal("login")
    running.answers("User name", "")
    assert running.interrupted() == 1
    assert "You are not signed in" in running.screen


def test_a_token_in_a_terminal(configured, lake):
    configured("token")
    running = Terminal("login")
    running.answers("Personal token for Demo data lake: ", f"{_token(lake)}\n")
    assert running.end() == 0, running.screen
    assert Terminal("logout").end() == 0


def test_without_a_terminal_nothing_is_asked(configured):
    configured()
    with pytest.raises(UsageError, match="nothing can be typed here"):
        accounts.login(service="datalake")
    command = [sys.executable, "-m", "escape_vre", "dl", "login"]
    run = subprocess.run(command, input="x\n", capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert "in a terminal" in run.stderr


def test_in_a_notebook(configured, password, tmp_path, monkeypatch):
    configured()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    asked, shown = [], []

    def answer(message):
        asked.append((message["content"]["prompt"], message["content"]["password"]))
        running.client.input(password if message["content"]["password"] else "")

    def output(message):
        shown.append(json.dumps(message["content"], default=str))

    with kernel(tmp_path) as running:
        running.client.execute_interactive(
            "%dl login", timeout=60, allow_stdin=True, stdin_hook=answer, output_hook=output
        )
        status, out = running.text("%dl logout")
        again = running.client.execute_interactive(
            "%dl login", timeout=60, allow_stdin=False, output_hook=output
        )
    assert asked == [("User name at Demo data lake [demo]: ", False), ("Password: ", True)]
    assert any("You are signed in: demo at Demo data lake." in text for text in shown)
    assert not any(password in text for text in shown)
    assert (status, out.strip()) == ("ok", "You are signed out of Demo data lake.")
    assert again["content"]["status"] == "error"
    assert any("nothing can be typed here" in text for text in shown)
    assert not any("Traceback" in text for text in shown)
