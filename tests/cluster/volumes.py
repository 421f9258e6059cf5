"""Storage of the node: a default class with volumes that are there already.

The provisioner of the controller manager makes folders that pods cannot write into, and a pod's
``fsGroup`` does not reach a folder of the node: so each is made here, for everybody to write.
"""

from typing import Any

from tests.cluster.kubectl import apply
from tests.cluster.places import STATE

CLASS = "standard"
COUNT = 40


def make() -> None:
    """Make the class and its volumes."""
    apply(_storage_class(), *(_volume(number) for number in range(COUNT)))


def _storage_class() -> dict[str, Any]:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": default},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _volume(number: int) -> dict[str, Any]:
    folder = STATE / "volumes" / f"v{number}"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": folder.name},
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder), "type": "Directory"},
        },
    }
