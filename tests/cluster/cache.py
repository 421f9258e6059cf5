"""Bounds of the cluster's cache: the newest few of everything, and not too much in the registry."""

import fcntl
import shutil
from pathlib import Path

from tests.cluster import images, tools
from tests.cluster.places import CACHE
from tests.cluster.tools import Say

KEPT = 2
"""How many versions of a program are kept, the newest: two branches may want different ones."""

REGISTRY_BYTES = 3_000_000_000
"""What the registry may hold when it starts; else it starts empty, and is pushed to again."""


def prune(say: Say) -> None:
    """Remove what is older than the newest few; nobody else may use the cluster meanwhile."""
    used = {one.folder for one in tools.ALL}
    programs = [(CACHE / "tools", f"{one.name}-") for one in tools.ALL]
    for folder, prefix in (*programs, (CACHE, "go-"), (CACHE, "configurable-http-proxy@")):
        for old in _older(folder, prefix):
            if old not in used and _removed(old):
                say(f"Removed {old.name} from the cache: newer ones are there.")
    images.prune()


def bound_registry(say: Say) -> None:
    """Empty the registry's content if it is too much; the registry must not run."""
    content = CACHE / "registry"
    size = sum(path.lstat().st_blocks * 512 for path in content.rglob("*"))
    if size > REGISTRY_BYTES:
        say(f"Removing {size / 1e9:.1f} GB of older images from the registry ...")
        shutil.rmtree(content)


def _older(folder: Path, prefix: str) -> list[Path]:
    found = [path for path in folder.glob(f"{prefix}*") if path.is_dir()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]


def _removed(folder: Path) -> bool:
    """Remove a folder unless it is being filled (``install_once``)."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        shutil.rmtree(folder)
        return True
