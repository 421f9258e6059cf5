"""The network namespace of the node, and those of its pods."""

import subprocess
from pathlib import Path

from tests.cluster.places import ADDRESS, NETWORK, OUTSIDE
from tests.cluster.processes import inside

_NAMESPACES = Path("/run/netns")
_LINK = "escape-vre"


def make() -> None:
    """Make the namespace, with the node's address on a bridge and a route to nowhere.

    Nothing leads out: pods see each other, the node, and what runs beside it in here.
    """
    _run("ip", "netns", "add", NETWORK)
    for line in (
        "link set lo up",
        "link add node0 type bridge",
        f"addr add {ADDRESS}/24 dev node0",
        # Both ends are here: a bridge without a carrier is down.
        "link add nv0 type veth peer name nv1",
        "link set nv0 master node0",
        "link set node0 up",
        "link set nv0 up",
        "link set nv1 up",
        "route add default dev node0",
    ):
        _run("ip", "-n", NETWORK, *line.split())
    _run(*inside("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.route_localnet=1"))
    for setting in (
        # Lacking without the kernel's br_netfilter, and then bridges skip iptables anyway.
        "net.bridge.bridge-nf-call-iptables=1",
        # Each pod's device would get an address: to a browser in here, a network that changes.
        "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv6.conf.default.disable_ipv6=1",
    ):
        command = inside("sysctl", "-qw", setting)
        subprocess.run(command, check=False, capture_output=True)


def link() -> None:
    """Let this machine reach the node, and it this machine: for people, not for tests."""
    for line in (
        f"link add {_LINK} type veth peer name nv2 netns {NETWORK}",
        f"-n {NETWORK} link set nv2 master node0 up",
        f"addr add {OUTSIDE}/24 dev {_LINK}",
        f"link set {_LINK} up",
    ):
        _run("ip", *line.split())


def is_linked() -> bool:
    """Say whether this machine can reach the node."""
    return Path("/sys/class/net", _LINK).exists()


def pods() -> set[str]:
    """Return the namespaces that pods have, of this node and of other containerds."""
    if not _NAMESPACES.exists():
        return set()
    return {path.name for path in _NAMESPACES.iterdir() if path.name.startswith("cni-")}


def exists() -> bool:
    """Say whether the node's namespace is there."""
    return (_NAMESPACES / NETWORK).exists()


def remove(names: set[str]) -> None:
    """Remove namespaces that are there, and with each its devices, routes and rules."""
    for name in names:
        if (_NAMESPACES / name).exists():
            _run("ip", "netns", "del", name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
