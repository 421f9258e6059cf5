"""The node's own authority, and who has a certificate of it: new at every start."""

import json
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cluster.places import ADDRESS, API_SERVICE, CERTIFICATES, KUBECONFIG, NODE

CLIENTS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
    "coredns": ("coredns", "system:masters"),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
}
"""Users and groups of those who call the API server; each gets a kubeconfig."""


def kubeconfig(name: str) -> Path:
    """Return where the configuration of a client of the API server is."""
    return KUBECONFIG if name == "admin" else CERTIFICATES / f"{name}.kubeconfig"


def write() -> None:
    """Make the authority, all certificates, kubeconfigs and the key of service accounts."""
    CERTIFICATES.mkdir(mode=0o700)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(CERTIFICATES / "ca.crt")
    ca.private_key_pem.write_to_path(CERTIFICATES / "ca.key")
    service = [f"kubernetes{rest}" for rest in ("", ".default", ".default.svc")]
    service += ["kubernetes.default.svc.cluster.local", API_SERVICE, "127.0.0.1", ADDRESS]
    _issue(ca, "apiserver", *service, user="kube-apiserver")
    _issue(ca, "kubelet-serving", NODE, ADDRESS, user=NODE)
    _issue(ca, "to-kubelet", user="kube-apiserver-kubelet-client", group="system:masters")
    for name, (user, group) in CLIENTS.items():
        _issue(ca, name, user=user, group=group)
        target = kubeconfig(name)
        target.touch(mode=0o600)
        target.write_text(json.dumps(_client(name)))
    _service_account_key()


def _issue(ca: trustme.CA, name: str, *hosts: str, user: str, group: str | None = None) -> None:
    names = hosts or (f"{name}.local",)
    certificate = ca.issue_cert(*names, common_name=user, organization_name=group)
    certificate.private_key_pem.write_to_path(CERTIFICATES / f"{name}.key")
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    (CERTIFICATES / f"{name}.crt").write_bytes(chain)


def _client(name: str) -> dict[str, object]:
    server = {
        "server": f"https://{ADDRESS}:6443",
        "certificate-authority": str(CERTIFICATES / "ca.crt"),
    }
    user = {
        "client-certificate": str(CERTIFICATES / f"{name}.crt"),
        "client-key": str(CERTIFICATES / f"{name}.key"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "node", "cluster": server}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "node", "context": {"cluster": "node", "user": name}}],
        "current-context": "node",
    }


def _service_account_key() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (CERTIFICATES / "sa.key").write_bytes(private)
    (CERTIFICATES / "sa.pub").write_bytes(public)
