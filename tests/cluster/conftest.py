"""What the tests on a cluster share. They run where it can be reached: ``make test-cluster``."""

import json
import secrets

import pytest

from tests.cluster import images
from tests.cluster.kubectl import kubectl
from tests.cluster.places import ROOT, given_kubeconfig
from tests.cluster.pods import Pods

MEASURED = ROOT / ".stamps/cluster.json"
_numbers = pytest.StashKey[dict[str, float]]()


def pytest_configure(config):
    config.stash[_numbers] = {}


def pytest_terminal_summary(terminalreporter, config):
    """Say what was measured, and leave it for the bench."""
    if numbers := config.stash[_numbers]:
        for name, number in numbers.items():
            terminalreporter.write_line(f"{number:8.1f}  {name}")
        MEASURED.parent.mkdir(exist_ok=True)
        MEASURED.write_text(json.dumps(numbers, indent=1))


@pytest.fixture(scope="session")
def measured(pytestconfig):
    """Note a number: its name, which ends in its unit, and how much it is."""
    return pytestconfig.stash[_numbers].__setitem__


@pytest.fixture(scope="session")
def cluster():
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


def pulled(image, digest=""):
    """Return the name by which pods pull an image; a digest in place of the tag, where given."""
    prefix = f"{images.registry()}/" if given_kubeconfig() else ""
    return f"{prefix}{image.name}@{digest}" if digest else f"{prefix}{image.tagged}"
