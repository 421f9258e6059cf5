"""Configuration files of the node's daemons."""

import json
from pathlib import Path

from tests.cluster.certificates import kubeconfig
from tests.cluster.places import (
    ADDRESS,
    CACHE,
    CERTIFICATES,
    NODE,
    PAUSE,
    PODS,
    REGISTRY,
    RUN,
    STATE,
)

CONTAINERD_SOCKET = STATE / "containerd.sock"
CONTAINERD = STATE / "containerd.toml"
KUBELET = STATE / "kubelet.json"
KUBE_PROXY = STATE / "kube-proxy.json"
COREDNS = STATE / "Corefile"
IMAGE_REGISTRY = STATE / "registry.json"

_CONTAINERD = """\
version = 2
root = "{state}/containerd"
state = "{run}/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE a container may not lower its OOM score.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{state}/registries"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""

# Every name of an image, whatever registry it has in it, is asked of ours: tags and digests both
# work, and what is not there fails as anywhere.
_REGISTRIES = """\
server = "http://{registry}"
[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""

_COREFILE = """\
.:53 {{
  bind {address}
  errors
  ready
  kubernetes cluster.local in-addr.arpa {{
    kubeconfig {kubeconfig}
  }}
}}
"""


def write() -> None:
    """Write all of them."""
    _write(
        CONTAINERD,
        _CONTAINERD.format(state=STATE, run=RUN, socket=CONTAINERD_SOCKET, pause=PAUSE),
    )
    _write(STATE / "registries/_default/hosts.toml", _REGISTRIES.format(registry=REGISTRY))
    _write(IMAGE_REGISTRY, _registry())
    _write(STATE / "cni/10-pods.conflist", _pod_network())
    _write(STATE / "resolv.conf", f"nameserver {ADDRESS}\n")
    _write(KUBELET, _kubelet())
    _write(KUBE_PROXY, _kube_proxy())
    _write(COREDNS, _COREFILE.format(address=ADDRESS, kubeconfig=kubeconfig("coredns")))


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))


def _registry() -> dict[str, object]:
    return {
        "version": 0.1,
        "log": {"level": "warn"},
        "http": {"addr": REGISTRY, "secret": "for tests"},
        # Kept, so that a second push of the same layers costs nothing.
        "storage": {"filesystem": {"rootdirectory": str(CACHE / "registry")}},
    }


def _pod_network() -> dict[str, object]:
    ranges = [[{"subnet": PODS}]]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(STATE / "addresses"),
            "ranges": ranges,
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def _kubelet() -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(CERTIFICATES / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(CERTIFICATES / "kubelet-serving.crt"),
        "tlsPrivateKeyFile": str(CERTIFICATES / "kubelet-serving.key"),
        # Kubernetes 1.36 is the last that starts on control groups of version 1.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "failSwapOn": False,
        # Neither may be raised without CAP_SYS_RESOURCE.
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,
        "clusterDNS": [ADDRESS],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        # A developer's disk is often nearly full.
        "evictionHard": {
            "memory.available": "200Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "imageGCHighThresholdPercent": 99,
        "imageGCLowThresholdPercent": 98,
        "resolvConf": str(STATE / "resolv.conf"),
        "podLogsDir": str(STATE / "podlogs"),
        "nodeStatusUpdateFrequency": "4s",
    }


def _kube_proxy() -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(kubeconfig("kube-proxy"))},
        "mode": "iptables",
        "clusterCIDR": PODS,
        "hostnameOverride": NODE,
        "conntrack": {"maxPerCore": 0, "min": 0},
    }
