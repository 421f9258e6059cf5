"""One agent: started by whoever comes first, reachable by its user alone, gone when idle."""

import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import venv
from pathlib import Path

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.client import AgentClient
from escape_vre.core.location import is_free, locate
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid, is_alive

ASK = """
import json
from escape_vre.client import AgentClient
print(json.dumps(AgentClient().get("/agent")))
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users or hosts")


def ask(*prefix, python=sys.executable, env=None):
    done = subprocess.run(
        [*prefix, python, "-c", ASK], capture_output=True, text=True, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_runs_before_first_use_and_nothing_heavy_is_imported(listening):
    code = (
        "import sys, escape_vre, escape_vre.client, escape_vre.core.refs, escape_vre.core.errors\n"
        "import escape_vre.services.datalake.api, escape_vre.services.datalake.cli\n"
        "outside = {m.split('.')[0] for m in sys.modules} - set(sys.stdlib_module_names)\n"
        "ours = ('_', 'escape_vre', 'sitecustomize')\n"
        "print(sorted(m for m in outside if not m.startswith(ours)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(escape_vre.__file__).parents[1])},
    )
    assert done.stdout.strip() == "[]", done
    assert not listening()


def test_the_first_call_starts_it_in_a_session_of_its_own(agent):
    found = agent.get("/agent")
    assert found["pid"] == agent_pid()
    assert os.getsid(found["pid"]) == found["pid"] != os.getsid(0)


def test_ten_simultaneous_first_clients_share_one():
    clients = [
        subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE) for _ in range(10)
    ]
    pids = {json.loads(client.communicate(timeout=60)[0])["pid"] for client in clients}
    assert pids == {agent_pid()}


def test_a_second_agent_leaves_at_once(agent):
    agent.get("/agent")
    second = subprocess.run([sys.executable, "-m", "escape_vre.agent"], timeout=60)
    assert second.returncode == 0
    assert AgentClient().get("/agent")["pid"] == agent.get("/agent")["pid"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folder_and_socket_are_ours_alone_whatever_the_umask(umask):
    before = os.umask(umask)
    try:
        os.umask(umask)
        AgentClient().get("/agent")
    finally:
        os.umask(before)
    place = locate()
    assert stat.S_IMODE(place.runtime.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600


@needs_root
def test_another_user_is_refused(agent):
    agent.get("/agent")
    code = (
        "import os, socket, sys\nos.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "try: s.connect(sys.argv[1])\n"
        "except PermissionError: print('refused')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(locate().socket)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "refused", done.stderr


@needs_root
def test_a_runtime_folder_of_somebody_else_is_not_used(monkeypatch, short_path):
    short_path.chmod(0o755)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(short_path))
    theirs = locate().runtime
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with pytest.raises(escape_vre.core.errors.ConfigurationError) as caught:
        AgentClient().get("/agent")
    assert "someone else" in caught.value.message


def test_a_stale_socket_does_not_matter():
    place = locate()
    place.make_runtime()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(place.socket))
    left.close()
    assert AgentClient().get("/agent")["pid"] == agent_pid()


def test_kill_minus_9_is_healed_by_the_next_call(agent):
    first = agent.get("/agent")["pid"]
    os.kill(first, signal.SIGKILL)
    second = agent.get("/agent")["pid"]
    assert second != first
    assert is_alive(second)


def test_it_ends_when_idle_and_leaves_nothing(configure):
    configure(Agent={"idle_timeout_s": 0.5})
    pid = AgentClient().get("/agent")["pid"]
    wait_until(lambda: not is_alive(pid), what="the end of an idle agent")
    assert not locate().socket.exists()
    assert not locate().pid.exists()


def test_watching_events_keeps_it_not_alive(configure):
    configure(Agent={"idle_timeout_s": 0.8})
    client = AgentClient()
    pid = client.get("/agent")["pid"]
    response, connection = client._send("GET", "/jobs/events", None, None)
    assert response.readline() == b"{}\n"
    wait_until(lambda: not is_alive(pid), what="the end of an agent that is only watched")
    connection.close()


def test_sigterm_ends_it_tidily(agent):
    pid = agent.get("/agent")["pid"]
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), what="the end of the agent")
    assert not locate().socket.exists()


def test_stop_is_one_of_its_requests(agent):
    pid = agent.get("/agent")["pid"]
    agent.post("/agent/stop")
    wait_until(lambda: not is_alive(pid), what="the end of the agent")


def test_the_stop_command_returns_when_it_has_ended(agent, capsys):
    for _ in range(5):
        agent.get("/agent")
        assert main(["agent", "stop"]) == 0
        assert main(["agent", "status"]) == 0
        ended, none = capsys.readouterr().out.splitlines()
        assert ended == "The agent has stopped."
        assert none.startswith("No agent is running for ")
    assert main(["agent", "stop"]) == 0
    assert capsys.readouterr().out == "No agent is running.\n"


def test_the_next_one_waits_for_one_that_puts_its_jobs_to_rest(own_agent, capsys, monkeypatch):
    location = locate()
    location.make_runtime()
    with location.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as one that listens no more, and has not ended
        seen = []

        def is_free_once_seen(path):
            seen.append(is_free(path))
            lock.close()  # it ends right after somebody saw that it had not
            return seen[-1]

        with monkeypatch.context() as watching:
            watching.setattr("escape_vre.client.cli.is_free", is_free_once_seen)
            assert main(["agent", "stop"]) == 0
        assert seen == [False]
        assert capsys.readouterr().out == "The agent has stopped.\n"
    with location.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        threading.Timer(0.5, lock.close).start()
        assert AgentClient().get("/agent")["pid"] == agent_pid()
    assert "another agent" not in location.log.read_text(), "none was started in vain"


def test_native_windows_is_one_sentence():
    code = (
        "import sys; sys.platform = 'win32'; sys.modules['fcntl'] = None\n"
        "from escape_vre.client import AgentClient\n"
        "try: AgentClient()\n"
        "except Exception as e: print(type(e).__name__, e.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == (
        "ConfigurationError Run Jupyter in WSL (Windows Subsystem for Linux).\n"
    ), done.stderr


def test_an_agent_that_cannot_start_says_why(configure):
    configure(Agent={"idle_timeout_s": "soon"})
    with pytest.raises(escape_vre.core.errors.ConfigurationError) as caught:
        AgentClient().get("/agent")
    assert "idle_timeout_s" in caught.value.message
    assert "escape_vre_config" in caught.value.hint


def test_a_state_folder_that_cannot_be_made_is_named(own_agent):
    (own_agent / "jobs").write_text("a file where a folder should be")
    with pytest.raises(escape_vre.core.errors.ConfigurationError) as caught:
        AgentClient().get("/agent")
    assert str(own_agent / "jobs") in caught.value.message
    assert "ESCAPE_VRE_HOME" in caught.value.hint


@needs_root
@pytest.mark.parametrize("kind", ["--net", "--uts"])
def test_two_hosts_on_one_home_have_one_each(agent, kind):
    mine = agent.get("/agent")["pid"]
    other = ["unshare", kind]
    if kind == "--uts":
        other += ["sh", "-c", 'hostname other-node; exec "$@"', "sh"]
    theirs = ask(*other)["pid"]
    try:
        assert theirs != mine
        assert is_alive(mine)
        assert is_alive(theirs)
        assert agent.get("/agent")["pid"] == mine
    finally:
        os.kill(theirs, signal.SIGTERM)
        wait_until(lambda: not is_alive(theirs), what="the end of the other host's agent")
    assert agent.get("/agent")["pid"] == mine


def test_a_kernel_of_another_environment_and_version_shares_it(agent, tmp_path, own_agent):
    """Such a kernel has our package without its dependencies, and another version of it."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(tmp_path / "env")
    package = tmp_path / "package"
    shutil.copytree(
        Path(escape_vre.__file__).parent,
        package / "escape_vre",
        ignore=shutil.ignore_patterns("labextension", "__pycache__", "lake"),
    )
    (package / "escape_vre" / "_version.py").write_text('__version__ = "0.0.9"\n')
    launch = {"python": sys.executable, "contents_root": str(tmp_path), "environment": {}}
    (own_agent / "launch.json").write_text(json.dumps(launch))
    env = {**os.environ, "PYTHONPATH": str(package)}
    python = str(tmp_path / "env" / "bin" / "python")
    first = ask(python=python, env=env)
    assert first["version"] == escape_vre.__version__
    assert first["data_dir"] == str(tmp_path / "data")
    assert agent.get("/agent")["pid"] == first["pid"]


def test_a_client_of_another_api_is_told(agent, monkeypatch):
    monkeypatch.setattr("escape_vre.client.agent.API", 99)
    with pytest.raises(escape_vre.core.errors.EscapeError) as caught:
        agent.get("/agent")
    assert "Update" in caught.value.hint
