"""Our chart on the cluster, installed as an administrator does."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import chart, volumes
from tests.cluster.errors import ClusterError
from tests.cluster.images import PROXY, hub, pulled, user
from tests.cluster.kubectl import apply, command, environment, get, kubectl, run
from tests.cluster.places import given_kubeconfig

WAIT = "180s"


@dataclass(frozen=True)
class Release:
    """A release of the chart in a namespace of its name.

    Parameters
    ----------
    name : str
        Of the release and of the namespace.
    chart : Path
        The chart with its dependency in it.
    """

    name: str
    chart: Path

    def install(self, *values: Path | Mapping[str, Any], options: Sequence[str] = ()) -> str:
        """Install it, or upgrade it; returns what Helm says when all is ready.

        Parameters
        ----------
        values : Path or mapping
            The later goes over the earlier.
        options : sequence of str
            Of ``helm upgrade``.

        Raises
        ------
        ClusterError
            Helm refuses, or it does not get ready; the message is what it said.
        """
        if given_kubeconfig() is None:
            volumes.recycle()
        with tempfile.TemporaryDirectory() as folder:
            whole = [*values, _of_the_cluster()]
            files = [_file(one, Path(folder) / f"{n}.json") for n, one in enumerate(whole)]
            done = run(
                *("helm", "upgrade", "--install", self.name, str(self.chart)),
                *(f"--namespace={self.name}", "--create-namespace", "--wait", f"--timeout={WAIT}"),
                *(f"--values={path}" for path in files),
                *options,
                check=False,
                timeout_s=300,
            )
        if done.returncode:
            said = kubectl("get", "pods,events", "-n", self.name, check=False).stdout
            raise ClusterError(f"{done.stderr.strip()}\n{said}")
        self.wait_for_hub()
        return done.stdout

    def test(self) -> str:
        """Run ``helm test``; returns what the test pod said.

        Raises
        ------
        ClusterError
            It found something; the message is what it said.
        """
        done = run("helm", "test", self.name, f"--namespace={self.name}", timeout_s=400)
        return done.stdout + done.stderr  # the hooks' logs are among Helm's own

    def rollback(self) -> None:
        """Go back to the revision before."""
        wait = ("--wait", f"--timeout={WAIT}")
        run("helm", "rollback", self.name, f"--namespace={self.name}", *wait, timeout_s=300)
        self.wait_for_hub()

    def revision(self) -> int:
        """Return the number of the newest revision."""
        return int(self._said()["version"])

    def status(self) -> str:
        """Return what Helm says of the newest revision, such as ``deployed``."""
        status: str = self._said()["info"]["status"]
        return status

    def given(self) -> str:
        """Return the values that were given, as Helm keeps them."""
        return run("helm", "get", "values", self.name, f"--namespace={self.name}").stdout

    def wait_for_hub(self) -> None:
        """Wait until the hub answers through the proxy.

        Raises
        ------
        ClusterError
            It does not.
        """
        # A pod that is ready has its address in every proxy's table a moment later.
        path = f"/api/v1/namespaces/{self.name}/services/proxy-public:http/proxy/hub/health"
        deadline = time.monotonic() + 60
        while (done := kubectl("get", f"--raw={path}", check=False)).returncode:
            if time.monotonic() > deadline:
                raise ClusterError(f"The hub does not answer: {done.stderr.strip()}")
            time.sleep(0.2)

    def make_namespace(self) -> None:
        """Make the namespace, unless it is there."""
        apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}})

    def has(self, kind: str, name: str) -> bool:
        """Say whether its namespace has an object."""
        return not kubectl("get", kind, name, "-n", self.name, check=False).returncode

    def remove(self) -> None:
        """Uninstall it, and delete what it leaves: people's volumes and servers."""
        now = ("--grace-period=0", "--force")
        run(
            "helm",
            "uninstall",
            self.name,
            f"--namespace={self.name}",
            "--wait=hookOnly",
            check=False,
        )
        kubectl("delete", "pods", "--all", "-n", self.name, *now, check=False)
        kubectl("delete", "namespace", self.name, "--wait=false", check=False)

    def logs(self, workload: str = "deployment/hub") -> str:
        """Return what a workload's container says."""
        return kubectl("logs", "-n", self.name, workload, check=False).stdout

    def pods(self, label: str = "") -> list[str]:
        """Return the names of its pods, or of those with a label."""
        wanted = [f"--selector={label}"] if label else []
        found = get("pods", "-n", self.name, *wanted)["items"]
        return [pod["metadata"]["name"] for pod in found]

    def _said(self) -> Any:
        words = ("helm", "status", self.name, f"--namespace={self.name}", "--output=json")
        return json.loads(run(*words).stdout)

    @contextmanager
    def forwarded(self, service: str = "proxy-public", port: str = "http") -> Iterator[str]:
        """Forward a service to this machine, as the laptop's example says; yields its URL."""
        forward = ["kubectl", "port-forward", "-n", self.name, f"service/{service}", f":{port}"]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                command("/usr/bin/env", *forward),
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                assert process.stdout is not None
                first = process.stdout.readline()
                if "->" not in first:
                    errors.seek(0)
                    raise ClusterError(f"{service} cannot be reached: {errors.read()}")
                yield f"http://{first.split()[2]}/"
            finally:
                process.terminate()
                process.communicate(timeout=20)


def _of_the_cluster() -> dict[str, Any]:
    """Return what has to be said beside any values because of the cluster."""
    if given_kubeconfig() is None:
        if not chart.is_real():
            return {}
        # z2jh's own chart names images that our node cannot pull.
        image = dict(zip(("name", "tag"), PROXY.split(":"), strict=True))
        lacking = {
            "singleuser": {"cloudMetadata": {"blockWithIptables": False}},
            "proxy": {"chp": {"image": image}},
        }
        return {"jupyterhub": lacking}
    names = {"hub": pulled(hub()), "singleuser": pulled(user())}
    parts = {part: name.rpartition(":") for part, name in names.items()}
    return {
        "jupyterhub": {
            part: {"image": {"name": name, "tag": tag}} for part, (name, _, tag) in parts.items()
        }
    }


def _file(values: Path | Mapping[str, Any], place: Path) -> Path:
    if isinstance(values, Path):
        return values
    place.write_text(json.dumps(values))
    return place
