"""What the tests on a cluster share. They run where it can be reached: ``make test-cluster``."""

import fcntl
import json
import secrets
import statistics
import time
from contextlib import suppress

import pytest
from playwright.sync_api import Error

from escape_vre.local.lake.layout import HOST
from tests.chromium import started
from tests.cluster import chart, images
from tests.cluster.kubectl import kubectl
from tests.cluster.places import AT_WORK, ROOT, given_kubeconfig
from tests.cluster.pods import Pods
from tests.cluster.release import Release
from tests.cluster.site import Site
from tests.integration.whole.person import Person

LIFETIME_S = 15
"""How long access tokens live at the site, seconds."""

MEASURED = ROOT / ".stamps/cluster.json"
_numbers = pytest.StashKey[dict[str, list[float]]]()


def pytest_configure(config):
    config.stash[_numbers] = {}


def pytest_terminal_summary(terminalreporter, config):
    """Say what was measured, and leave it for the bench."""
    if numbers := config.stash[_numbers]:
        for name, runs in numbers.items():
            terminalreporter.write_line(f"{statistics.median(runs):8.1f}  {name}")
        MEASURED.parent.mkdir(exist_ok=True)
        with MEASURED.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # there are two of us
            file.seek(0)
            others = json.loads(file.read() or "{}")
            file.truncate(0)
            json.dump(others | numbers, file, indent=1)


@pytest.fixture(scope="session")
def measured(pytestconfig):
    """Note a number: its name, which ends in its unit, and how much it is; once a run."""

    def note(name, number):
        pytestconfig.stash[_numbers].setdefault(name, []).append(number)

    return note


@pytest.fixture(scope="session")
def _at_work():
    """A lock that all who use the cluster share."""
    with AT_WORK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


@pytest.fixture
def alone(_at_work):
    """Wait until nobody else uses the cluster; keep others away."""
    fcntl.flock(_at_work, fcntl.LOCK_EX)
    yield
    fcntl.flock(_at_work, fcntl.LOCK_SH)


@pytest.fixture(scope="session")
def cluster(_at_work):
    """A cluster that answers."""
    done = kubectl("get", "--raw=/readyz", check=False)
    if done.returncode:
        pytest.fail(f"There is no cluster: call `make test-cluster`. {done.stderr}")


@pytest.fixture(scope="session")
def pods(cluster):
    """A namespace for pods of one's own."""
    found = Pods(f"test-{secrets.token_hex(4)}")
    found.make()
    yield found
    found.remove()


@pytest.fixture(params=["user", "hub"])
def image(request):
    """Each of our images."""
    return {"user": images.user, "hub": images.hub}[request.param]()


@pytest.fixture(scope="module")
def release(request, cluster, tmp_path_factory):
    """Our chart, to be installed into a namespace that is called as the module of tests."""
    name = request.module.__name__.rpartition("test_")[2]
    found = Release(name, chart.assembled(tmp_path_factory.mktemp("chart")))
    try:
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="session")
def site(cluster, tmp_path_factory, measured):
    """A site for all tests; whoever breaks a part of it mends it."""
    if given_kubeconfig() and HOST == "127.0.0.1":
        pytest.skip("ESCAPE_VRE_LOCAL_HOST does not say where pods reach this machine")
    # Keycloak and the lake draw their ports from below 32000.
    found = Site.below(tmp_path_factory.mktemp("site"), "site", 32081)
    try:
        began = time.monotonic()
        found.start_back_ends(tied=True)
        measured("Keycloak and a lake started, s", time.monotonic() - began)
        found.idp.set_lifetimes(access_token_s=LIFETIME_S)
        began = time.monotonic()
        found.install()
        measured("site installed, s", time.monotonic() - began)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def chromium(site):
    """A browser that takes the site for what it would be with TLS."""
    with started(f"--unsafely-treat-insecure-origin-as-secure={','.join(site.origins)}") as found:
        yield found


@pytest.fixture(scope="module")
def enter(site, chromium, tmp_path_factory):
    """Let a person in, with a browser of their own."""
    contexts = []
    folder = tmp_path_factory.mktemp("seen")

    def one(name):
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Person(name, site, context)

    yield one
    for n, context in enumerate(contexts):
        with suppress(Error):  # a page that has crashed
            context.pages[0].screenshot(path=folder / f"last-{n}.png")  # what a failed test saw
        context.close()
