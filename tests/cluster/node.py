"""One node: everything up, everything down, and nothing left of it."""

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster import cache, certificates, images, network, processes, settings, tools, volumes
from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import kubectl
from tests.cluster.places import (
    ADDRESS,
    CACHE,
    CERTIFICATES,
    LOCK,
    LOGS,
    NETWORK,
    NODE,
    PIDS,
    RUN,
    SERVICES,
    STATE,
    given_kubeconfig,
)
from tests.cluster.tools import Say, program

DEBIAN = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "sysctl": "procps",
    "conntrack": "conntrack",
    "socat": "socat",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "docker-registry": "docker-registry",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
"""Programs of the system, and the Debian packages that they are in."""

FOR_IMAGES = ("buildah", "mmdebstrap")
"""The programs that build images."""

READY_S = 90.0
_SYSCTLS = ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory")
"""The kubelet sets these for the whole machine."""
_BEFORE = STATE / "before.json"
_READY = STATE / "ready"


def lacking(wanted: Iterable[str] = tuple(DEBIAN)) -> list[str]:
    """Return the Debian packages that are not installed, of those that programs are in."""
    return [DEBIAN[name] for name in wanted if shutil.which(name) is None]


def check() -> None:
    """Check that a node can be started here, or images be built for the cluster that was given.

    Raises
    ------
    ClusterError
        It cannot; the hint says what to do.
    """
    if given_kubeconfig():
        check_images()
        return
    if os.geteuid() != 0:
        raise ClusterError(
            "A Kubernetes node of our own needs root.",
            "Run as root, or set KUBECONFIG to an existing cluster.",
        )
    _check_packages(lacking())


def check_images() -> None:
    """Check that images can be built here.

    Raises
    ------
    ClusterError
        They cannot; the hint says what to do.
    """
    _check_packages(lacking(FOR_IMAGES))


def _check_packages(missing: Sequence[str]) -> None:
    if missing:
        raise ClusterError(
            f"Some Debian packages are missing: {', '.join(missing)}.",
            f"Install them: apt-get install --no-install-recommends {' '.join(missing)}",
        )


@contextmanager
def locked() -> Iterator[int]:
    """Keep others off the node; yields the lock's descriptor, for those who are to hold it too.

    Raises
    ------
    ClusterError
        Somebody else has it.
    """
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise ClusterError(
                "Another process is starting, testing or stopping a cluster on this machine.",
                "Wait until it has finished, or stop it.",
            ) from e
        yield lock.fileno()


def is_up() -> bool:
    """Say whether the node runs and answers."""
    return _READY.exists() and processes.runs("kube-apiserver") and _answers()


def up(say: Say) -> None:
    """Bring the node up; what a killed run left goes first.

    Raises
    ------
    ClusterError
        It does not come up; nothing of it is left.
    """
    check()
    tools.ensure(say)
    down()
    if processes.pods_groups():
        raise ClusterError(
            "Another Kubernetes is running on this machine.",
            "Set KUBECONFIG to use it, or stop it first.",
        )
    began = time.monotonic()
    try:
        _start(say)
    except BaseException:
        down()
        raise
    _READY.touch()
    say(f"Kubernetes {tools.KUBERNETES} is ready after {time.monotonic() - began:.1f} s.")


def down() -> None:
    """End the node and remove everything of it, whatever state it is in.

    Nothing of it is worth an orderly end, so there is one way, which a killed run leaves open too.

    Raises
    ------
    ClusterError
        Something is still there.
    """
    if not (STATE.exists() or RUN.exists() or network.exists()):
        return
    before = json.loads(_BEFORE.read_text()) if _BEFORE.exists() else {}
    processes.stop("registry", grace_s=3)  # what it keeps outlives the node
    while left := processes.ours():  # the dying still beget
        processes.end(left, grace_s=0)
    pods = network.pods() - set(before.get("pods", network.pods()))
    network.remove(pods | {NETWORK})
    _unmount()
    for group in processes.pods_groups():
        for path, _, _ in os.walk(group, topdown=False):
            _remove_group(Path(path))
    for key, value in before.get("sysctls", {}).items():
        Path("/proc/sys", key).write_text(value)
    if not processes.pods_groups():  # else whoever comes next must see that they are ours
        for folder in (STATE, RUN):
            shutil.rmtree(folder, ignore_errors=True)
    if found := leftovers():
        raise ClusterError(f"Parts of the cluster could not be removed: {', '.join(found)}.")


def leftovers() -> list[str]:
    """Return what there is of a node, in words."""
    found = [f"process {pid}" for pid in sorted(processes.ours())]
    found += [f"mount {mount}" for mount in _mounts()]
    found += [f"control group {group}" for group in processes.pods_groups()]
    found += [str(folder) for folder in (STATE, RUN) if folder.exists()]
    if network.exists():
        found.append(f"network namespace {NETWORK}")
    return found


def start_kubelet() -> None:
    """Start the kubelet; pods may run already.

    Raises
    ------
    ClusterError
        It does not start.
    """
    log = LOGS / "kubelet.log"
    deadline = time.monotonic() + READY_S
    # It ends where containerd is not ready yet; on other nodes, systemd starts it again.
    while time.monotonic() < deadline:
        before = log.stat().st_size if log.exists() else 0
        processes.start(
            "kubelet",
            *(program("kubelet"), "--config", settings.KUBELET),
            *("--kubeconfig", certificates.kubeconfig("kubelet")),
            *("--root-dir", STATE / "kubelet", "--hostname-override", NODE, "--node-ip", ADDRESS),
        )
        while processes.runs("kubelet") and time.monotonic() < deadline:
            if b"Started kubelet" in log.read_bytes()[before:]:
                return
            time.sleep(0.1)
    raise ClusterError(f"The kubelet did not start: {processes.said('kubelet')}")


def start_containerd() -> None:
    """Start containerd; containers may run already."""
    processes.start("containerd", "containerd", "-c", settings.CONTAINERD)


def _start(say: Say) -> None:
    STATE.mkdir(mode=0o700)  # keys, and an administrator's kubeconfig, are in it
    for folder in (LOGS, PIDS):
        folder.mkdir()
    RUN.mkdir(exist_ok=True)
    sysctls = {key: Path("/proc/sys", key).read_text().strip() for key in _SYSCTLS}
    _BEFORE.write_text(json.dumps({"sysctls": sysctls, "pods": sorted(network.pods())}))
    network.make()
    certificates.write()
    settings.write()
    cache.bound_registry(say)
    processes.start("registry", "docker-registry", "serve", settings.IMAGE_REGISTRY)
    start_containerd()
    processes.start("etcd", "etcd", "--data-dir", STATE / "etcd", "--unsafe-no-fsync")
    _start_api_server()
    _wait(_answers, "kube-apiserver")
    _start_controllers()
    start_kubelet()
    processes.start("kube-proxy", program("kube-proxy"), "--config", settings.KUBE_PROXY)
    processes.start("coredns", program("coredns"), "-conf", settings.COREDNS)
    images.push_pause(say)
    volumes.make()
    _wait(_is_ready, "kubelet")


def _start_api_server() -> None:
    of = CERTIFICATES
    processes.start(
        "kube-apiserver",
        program("kube-apiserver"),
        "--etcd-servers=http://127.0.0.1:2379",
        f"--advertise-address={ADDRESS}",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        *(f"--tls-cert-file={of}/apiserver.crt", f"--tls-private-key-file={of}/apiserver.key"),
        f"--client-ca-file={of}/ca.crt",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={of}/sa.pub",
        f"--service-account-signing-key-file={of}/sa.key",
        f"--kubelet-client-certificate={of}/to-kubelet.crt",
        f"--kubelet-client-key={of}/to-kubelet.key",
        f"--kubelet-certificate-authority={of}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
    )


def _start_controllers() -> None:
    of = CERTIFICATES
    more = {
        "kube-controller-manager": [
            f"--service-account-private-key-file={of}/sa.key",
            f"--root-ca-file={of}/ca.crt",
            "--use-service-account-credentials",
            f"--cluster-signing-cert-file={of}/ca.crt",
            f"--cluster-signing-key-file={of}/ca.key",
        ],
        "kube-scheduler": [],
    }
    for name, options in more.items():
        own = certificates.kubeconfig(name)
        processes.start(
            name,
            program(name),
            f"--kubeconfig={own}",
            f"--authentication-kubeconfig={own}",
            f"--authorization-kubeconfig={own}",
            "--leader-elect=false",
            *options,
        )


def _answers() -> bool:
    return kubectl("get", "--raw=/readyz", check=False).returncode == 0


def _is_ready() -> bool:
    # Pods are refused until the controller manager has made the default service account.
    account = kubectl("get", "serviceaccount", "default", check=False)
    return " Ready" in kubectl("get", "node", NODE, check=False).stdout and not account.returncode


def _wait(condition: Callable[[], bool], daemon: str) -> None:
    deadline = time.monotonic() + READY_S
    while not condition():
        if not processes.runs(daemon):
            raise ClusterError(f"The node's {daemon} ended: {processes.said(daemon)}")
        if time.monotonic() > deadline:
            raise ClusterError(
                f"The node's {daemon} is not ready after {READY_S:.0f} s: {processes.said(daemon)}"
            )
        time.sleep(0.1)


def _mounts() -> list[str]:
    found = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    ours = tuple(f"{folder}/" for folder in (STATE, RUN, CACHE))
    return [mount for mount in reversed(found) if mount.startswith(ours)]


def _unmount() -> None:
    for mount in _mounts():
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)


def _remove_group(folder: Path) -> None:
    """Remove a control group, which the kernel empties a moment after the last process ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):
            folder.rmdir()
            return
        time.sleep(0.05)
