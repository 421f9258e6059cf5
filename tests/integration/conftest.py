"""Real parts: an agent for every test, and one lake for all."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from escape_vre.client import AgentClient
from escape_vre.client.start import answers
from escape_vre.core.location import locate
from escape_vre.local.idp import Idp
from escape_vre.local.lake.lake import Lake
from escape_vre.testing.waiting import wait_until


def agent_pid():
    try:
        return int(locate().pid.read_text())
    except (OSError, ValueError):
        return None


def is_alive(pid):
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def listening_addresses(pids):
    """Return the addresses that processes listen on, as Linux writes them."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                target = str(link.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] in ("0A", "07"):
                found.append(fields[1].rpartition(":")[0])
    return found


def end_agent():
    pid = agent_pid()
    if pid and is_alive(pid):
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_alive(pid), what="the end of the agent")
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """The state directory of a module's tests that are marked ``one_agent``; ends their agent."""
    home = tmp_path_factory.mktemp("home")
    yield home
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESCAPE_VRE_HOME", str(home))
        end_agent()


@pytest.fixture(autouse=True)
def own_agent(request, own_agent, monkeypatch):
    """The test's state directory, or its module's: one agent for tests that change nothing."""
    if request.node.get_closest_marker("one_agent") is None:
        return own_agent
    home = request.getfixturevalue("shared_home")
    monkeypatch.setenv("ESCAPE_VRE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_agent_left(request, own_agent):
    """End the test's own agent, whatever became of it."""
    yield
    if request.node.get_closest_marker("one_agent") is None:
        end_agent()


@pytest.fixture
def agent():
    return AgentClient()


@pytest.fixture
def configure(tmp_path_factory, monkeypatch):
    """Write the configuration that the test's agent will read."""

    def write(**sections):
        folder = tmp_path_factory.mktemp("config")
        (folder / "escape_vre_config.json").write_text(json.dumps(sections))
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
        return folder

    return write


@pytest.fixture
def listening():
    return lambda: answers(locate())


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    """A real Rucio with two storage sites, for the whole session."""
    running = Lake(tmp_path_factory.mktemp("lake"))
    running.start(tied=True)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def idp(tmp_path_factory):
    """A real Keycloak for the whole session; whoever changes its realm puts it back."""
    running = Idp(tmp_path_factory.mktemp("idp"))
    running.start(tied=True)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium():
    """A real browser; for a module only, because its event loop would be in others' way."""
    from tests.chromium import started

    with started() as browser:
        yield browser


@pytest.fixture
def dl(lake, configure, own_agent, tmp_path):
    """The data lake of this test: our client, configured for the lake, data below tmp_path."""
    (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
    configure(DataLake={"instances": [lake.instance()]})
    return AgentClient()


@pytest.fixture(scope="session")
def rucio(lake):
    """Run the real ``rucio`` command; returns what it prints."""

    def run(*words):
        env = {**os.environ, **lake.rucio_environment()}
        done = subprocess.run(
            [str(lake.rucio), *words], capture_output=True, text=True, env=env, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def big(lake):
    """A dataset of 12 files of 5 MB, each at one site, the last six at the second."""
    block = os.urandom(5_000_000)
    bodies = {f"big.{n:02}": block[n:] + block[:n] for n in range(12)}
    files = list(bodies.items())
    for site, half in zip(lake.sites, (files[:6], files[6:]), strict=True):
        lake.upload_many("demo", "big.files", half, site=site)
    return bodies


@contextlib.contextmanager
def asleep(lake, *sites):
    """Have sites of a lake, or all, send nothing for a while: what needs them lasts as long.

    Yields a function that lets them send for a moment.
    """
    running = lake.status()["pids"]
    pids = [running[site] for site in sites or lake.sites]

    def tell(number):
        for pid in pids:
            os.kill(pid, number)

    def for_a_moment():
        tell(signal.SIGCONT)
        time.sleep(0.005)
        tell(signal.SIGSTOP)

    tell(signal.SIGSTOP)
    try:
        yield for_a_moment
    finally:
        tell(signal.SIGCONT)


@contextlib.contextmanager
def faulty(lake, site, fault):
    """Give a site's storage a fault for a while: one of ``local.lake.behaviour.FAULTS``."""
    lake.break_storage(site, fault)
    try:
        yield
    finally:
        lake.mend_storage(site)
