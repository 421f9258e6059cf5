"""Calls of ``kubectl``, to our node or to the cluster that was given."""

import json
import os
import subprocess
from typing import Any

from tests.cluster import processes, tools
from tests.cluster.errors import ClusterError
from tests.cluster.places import ADDRESS, KUBECONFIG, given_kubeconfig


def command(*words: str) -> list[str]:
    """Return a command that runs where the cluster can be reached."""
    return list(words) if given_kubeconfig() else processes.inside(*words)


def environment() -> dict[str, str]:
    """Return the variables with which programs find each other, the cluster, and where to listen.

    What runs beside a cluster that was given listens where ``ESCAPE_VRE_LOCAL_HOST`` says.
    """
    if given_kubeconfig():
        return dict(os.environ)
    ours = {
        "KUBECONFIG": str(KUBECONFIG),
        "PATH": tools.search_path(),
        "ESCAPE_VRE_LOCAL_HOST": ADDRESS,
    }
    return {**os.environ, **ours}


def run(
    *words: str, stdin: str | None = None, check: bool = True, timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run a program that talks to the cluster.

    Raises
    ------
    ClusterError
        It failed; the message is what it said.
    """
    done = subprocess.run(
        # /usr/bin/env looks the program up on the new PATH.
        command("/usr/bin/env", *words),
        input=stdin,
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=timeout_s,
    )
    if check and done.returncode:
        raise ClusterError(f"`{' '.join(words)}` failed: {done.stderr.strip() or done.stdout}")
    return done


def kubectl(
    *words: str, stdin: str | None = None, check: bool = True, timeout_s: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run ``kubectl``; raises ClusterError with what it said where it fails."""
    return run("kubectl", *words, stdin=stdin, check=check, timeout_s=timeout_s)


def apply(*objects: dict[str, Any]) -> None:
    """Make objects, or change them."""
    kubectl("apply", "-f", "-", stdin=json.dumps(_list(objects)))


def get(*words: str) -> Any:
    """Return what ``kubectl get`` says, from its JSON."""
    return json.loads(kubectl("get", *words, "-o", "json").stdout)


def _list(objects: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}
