"""Names, addresses and folders of the node: the one place that knows them."""

import os
from pathlib import Path

from escape_vre.local.cache import cache_folder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

CACHE = cache_folder() / "cluster"
"""What is worth keeping: programs, image layers, the registry's content. Outside the clone."""

STATE = Path("/var/lib/escape-vre-cluster")
"""Everything of the node that runs, readable by root alone. One place for all clones, so that the
next run finds what a killed one has left; where only root can make it, as all these places."""

RUN = Path("/run/escape-vre-cluster")
"""As ``STATE``, for what containerd and buildah keep in memory."""

LOCK = Path("/run/escape-vre-cluster.lock")
"""Locked (``flock``) while somebody starts, uses for tests, or ends the node."""

AT_WORK = Path("/run/escape-vre-cluster.work")
"""Locked by all who use the cluster, shared, or by one alone."""

DEFAULT_CLASS = Path("/run/escape-vre-cluster.class")
"""Locked by all who need the cluster's default storage class, shared, or by who takes it away."""

RECYCLING = Path("/run/escape-vre-cluster.volumes")
"""Locked by who makes used volumes new ones."""

KUBECONFIG = STATE / "admin.kubeconfig"
CERTIFICATES = STATE / "certificates"
LOGS = STATE / "log"
PIDS = STATE / "pids"

NETWORK = "escape-vre-cluster"
"""The network namespace."""

NODE = "node1"
ADDRESS = "10.200.0.1"
"""Where pods find the node, and what else runs in its network namespace."""

OUTSIDE = "10.200.0.2"
"""Where the node finds this machine, once somebody wants to reach the node from it."""

REGISTRY = f"{ADDRESS}:5000"
PODS = "10.244.0.0/24"
SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
PAUSE = "localhost/pause:1"
CONTROL_GROUP = "kubepods"
"""Where a kubelet keeps its pods' control groups; another kubelet's are called the same."""


def given_kubeconfig() -> Path | None:
    """Return the existing cluster's configuration, where ``KUBECONFIG`` names one."""
    given = os.environ.get("KUBECONFIG")
    return Path(given) if given and Path(given) != KUBECONFIG else None
