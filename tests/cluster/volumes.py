"""Storage of the node: a default class with volumes that are there already.

The provisioner of the controller manager makes folders that pods cannot write into, and a pod's
``fsGroup`` does not reach a folder of the node: so each is made here, for everybody to write.
"""

import shutil
from pathlib import Path
from typing import Any

from tests.cluster.kubectl import apply, get, kubectl
from tests.cluster.places import STATE

CLASS = "standard"
COUNT = 40


def make() -> None:
    """Make the class and its volumes."""
    apply(_storage_class(), *(_volume(number) for number in range(COUNT)))


def recycle() -> None:
    """Empty the volumes whose claims are gone, and offer them again."""
    for volume in get("persistentvolumes")["items"]:
        name, spec = volume["metadata"]["name"], volume["spec"]
        if volume["status"].get("phase") == "Released" and spec["storageClassName"] == CLASS:
            folder = Path(spec["hostPath"]["path"])
            shutil.rmtree(folder, ignore_errors=True)  # somebody else may be at it, too
            _make_folder(folder)
            kubectl("patch", "pv", name, "--type=merge", '--patch={"spec": {"claimRef": null}}')


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)


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
    _make_folder(folder)
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
