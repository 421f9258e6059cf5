"""Pods as a careful site runs them: restricted, and with a root file system that is read-only."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import apply, get, kubectl

_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class Pods:
    """A namespace for pods, which admits restricted ones only."""

    namespace: str

    def make(self) -> None:
        """Make the namespace."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        metadata = {"name": self.namespace, "labels": labels}
        apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def remove(self) -> None:
        """Remove the namespace and all that is in it."""
        kubectl("delete", "namespace", self.namespace, "--wait=false")

    def start(
        self, name: str, image: str, command: Sequence[str] = (), *, ready: str = "", port: int = 0
    ) -> None:
        """Start a pod; what it may write to is its home and ``/tmp``.

        Parameters
        ----------
        name, image : str
            Of the pod.
        command : sequence of str
            What it runs in place of the image's own command; its entry point stays.
        ready, port : str, int
            Path and port that answer once it is ready.
        """
        container: dict[str, Any] = {
            "name": "main",
            "image": image,
            "securityContext": _RESTRICTED,
            "volumeMounts": [
                {"name": "home", "mountPath": "/home/jovyan"},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
        }
        if command:
            container["args"] = list(command)
        if ready:
            probe = {"httpGet": {"path": ready, "port": port}, "periodSeconds": 1}
            container["readinessProbe"] = {**probe, "failureThreshold": 1000}
        spec = {
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": {"fsGroup": 100},
            "volumes": [{"name": name, "emptyDir": {}} for name in ("home", "tmp")],
        }
        metadata = {"name": name, "namespace": self.namespace}
        apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def run(self, name: str, image: str, command: Sequence[str], *, timeout_s: float = 180) -> str:
        """Run a command in a pod of its own; returns what it printed.

        Raises
        ------
        ClusterError
            It failed, or did not end; the message is what it said.
        """
        self.start(name, image, command)
        status = self.wait(name, ("Succeeded", "Failed"), timeout_s=timeout_s)
        said = kubectl("logs", "-n", self.namespace, name).stdout
        if status["phase"] != "Succeeded":
            raise ClusterError(f"The pod {name} failed: {said}")
        return said

    def inside(self, name: str, *command: str) -> str:
        """Run a command in a pod that runs; returns what it printed."""
        return kubectl("exec", "-n", self.namespace, name, "--", *command).stdout

    def wait(self, name: str, phases: Sequence[str], *, timeout_s: float = 180) -> Any:
        """Wait for a phase of a pod's life; returns its status.

        Raises
        ------
        ClusterError
            The pod did not get there; the message says where it is.
        """
        deadline = time.monotonic() + timeout_s
        while (status := self.status(name))["phase"] not in phases:
            if time.monotonic() > deadline:
                raise ClusterError(f"The pod {name} is not {phases}: {status}")
            time.sleep(0.2)
        return status

    def wait_ready(self, name: str, *, timeout_s: float = 180) -> None:
        """Wait until a pod is ready; raises ClusterError where it does not get so."""
        kubectl(
            *("wait", "-n", self.namespace, f"pod/{name}", "--for=condition=Ready"),
            f"--timeout={timeout_s:.0f}s",
            timeout_s=timeout_s + 10,
        )

    def status(self, name: str) -> Any:
        """Return a pod's status."""
        return get("pod", "-n", self.namespace, name)["status"]

    def waiting(self, name: str) -> str:
        """Return why a pod's container waits, in Kubernetes' word; empty if it does not."""
        for container in self.status(name).get("containerStatuses", ()):
            reason: str = container["state"].get("waiting", {}).get("reason", "")
            return reason
        return ""
