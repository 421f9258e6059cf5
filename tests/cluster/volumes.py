"""Storage of the node: a default class with volumes that are there already.

The provisioner of the controller manager makes folders that pods cannot write into, and a pod's
``fsGroup`` does not reach a folder of the node: so each is made here, for everybody to write.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cluster.kubectl import apply, get, kubectl
from tests.cluster.places import DEFAULT_CLASS, RECYCLING, STATE

CLASS = "standard"
COUNT = 40
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def make() -> None:
    """Make the class and its volumes."""
    apply(_storage_class(), *(_volume(number) for number in range(COUNT)))


def recycle() -> None:
    """Empty the volumes whose claims are gone, and offer them again."""
    with _locked(RECYCLING, fcntl.LOCK_EX):
        for volume in get("persistentvolumes")["items"]:
            name, spec = volume["metadata"]["name"], volume["spec"]
            ours = spec["storageClassName"] == CLASS
            # One that was offered again a moment ago still says Released.
            if ours and spec.get("claimRef") and volume["status"].get("phase") == "Released":
                folder = Path(spec["hostPath"]["path"])
                shutil.rmtree(folder)
                _make_folder(folder)
                kubectl("patch", "pv", name, "--type=merge", '--patch={"spec": {"claimRef": null}}')


@contextmanager
def default_class() -> Iterator[None]:
    """Keep the cluster's default storage class for a while."""
    with _locked(DEFAULT_CLASS, fcntl.LOCK_SH):
        yield


@contextmanager
def no_default_class() -> Iterator[None]:
    """Take the default from the cluster's storage class, while nobody needs one."""
    with _locked(DEFAULT_CLASS, fcntl.LOCK_EX):
        (name,) = (
            one["metadata"]["name"]
            for one in get("storageclass")["items"]
            if one["metadata"].get("annotations", {}).get(_DEFAULT) == "true"
        )
        kubectl("annotate", "--overwrite", "storageclass", name, f"{_DEFAULT}=false")
        try:
            yield
        finally:
            kubectl("annotate", "--overwrite", "storageclass", name, f"{_DEFAULT}=true")


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, how)
        yield


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)


def _storage_class() -> dict[str, Any]:
    default = {_DEFAULT: "true"}
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
