"""What every test may use."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

# A busy machine is no counterexample, and a found one is found by everybody.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell's background job we were born deaf to it, and so would be what tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What tests start hundreds of times is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What the person who runs the tests has set for other programs, and our clients send along.
_OF_OTHERS = (
    *("RUCIO_", "X509_", "BEARER_TOKEN", "JUPYTER_CONFIG", "VIRTUAL_ENV", "CONDA_PREFIX"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_"),
)


class ByFile(LoadScopeScheduling):
    """Has one worker run all tests of a file, because modules share what is slow to start.

    One worker runs all files that name the provider, so that there is only one Keycloak.
    """

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        named = re.search(r"\bidp\b", (self.config.rootpath / file).read_text())
        return "with a Keycloak" if named and file.startswith("tests/integration") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Say which tests stay together where there are several workers."""
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def own_agent(tmp_path_factory, monkeypatch):
    """Give every test a state directory, and so an agent, of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ESCAPE_VRE_HOME", str(home))
    for name in list(os.environ):
        if name.startswith(_OF_OTHERS) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return home


@pytest.fixture
def short_path():
    """A folder of our own in which sockets can be: their addresses have at most 103 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="vre-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody():
    """Act as another user for a while; only root can, and CI is root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")

    @contextlib.contextmanager
    def acting():
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return acting


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB; needs to be root on Linux."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("needs root on Linux")
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("may not mount here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
