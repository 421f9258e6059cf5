"""Our images, and a server in a pod."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.fixtures import Bench
from bench.measure import BenchError
from bench.table import Row, row

TITLE = "image sizes, and the start time of a server, on a real Kubernetes"

_ROOT = Path(__file__).parents[2]
_MEASURED = _ROOT / ".stamps/cluster.json"
_TESTS = ("tests/cluster/test_node.py", "tests/cluster/test_laptop.py")


def measure(_: Bench) -> Iterator[Row]:
    """Run the tests on a cluster that record these figures."""
    _MEASURED.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.cluster", "test", *_TESTS, "-q"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode or not _MEASURED.exists():
        raise BenchError(f"`make test-cluster` fails: {(done.stderr or done.stdout[-500:])[:500]}")
    found: dict[str, list[float]] = json.loads(_MEASURED.read_text())
    for name in ("user", "hub"):
        yield row(
            f"kubernetes.{name}-image",
            found[f"escape-vre-{name}, MB on disk"],
            unit="MB",
            note="Unpacked, as on a node",
        )
    yield row(
        "kubernetes.ready",
        found["server ready, s"],
        unit="s",
        peer=found["server ready without escape-vre, s"],
        peer_name="the same server without it",
        note="From the request for a pod to its first answer; the image is on the node",
    )
    yield row(
        "kubernetes.install",
        found["helm install to Ready, s"],
        unit="s",
        note="`helm install --wait` of the laptop example, including the check",
    )
    yield row(
        "kubernetes.sign-in",
        found["sign-in to JupyterLab shown, s"],
        unit="s",
        note="From the password to JupyterLab on the screen of a user who has no server yet",
    )
