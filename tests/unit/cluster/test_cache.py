"""The cluster's cache has bounds."""

import fcntl
import os

import pytest

from tests.cluster import cache, images
from tests.cluster.tools import Tools


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "CACHE", tmp_path)
    monkeypatch.setattr("tests.cluster.tools.CACHE", tmp_path)
    monkeypatch.setattr(images, "prune", lambda: None)
    monkeypatch.setattr(cache.tools, "ALL", (Tools("helm", ("helm.sh/helm",)),))
    return tmp_path


def kept(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def made(path, age_s):
    path.mkdir(parents=True)
    (path / "complete").touch()
    os.utime(path, (age_s * -1 + 2e9, age_s * -1 + 2e9))


def test_the_newest_builds_of_a_program_stay_and_the_one_in_use(folder):
    for name, age_s in (("helm-1", 40), ("helm-2", 30), ("helm-3", 20), ("helm-4", 10)):
        made(folder / "tools" / name, age_s)
    made(folder / "tools" / "other-1", 90)
    used = cache.tools.ALL[0].folder
    made(used, 99)
    said = []
    cache.prune(said.append)
    assert kept(folder / "tools") == sorted(["helm-3", "helm-4", "other-1", used.name])
    assert len(said) == 2


def test_go_and_the_proxy_stay_in_their_newest_versions(folder):
    for n in range(4):
        made(folder / f"go-1.2{n}", 40 - n)
        made(folder / f"configurable-http-proxy@5.{n}.0", 40 - n)
    made(folder / "registry", 99)
    cache.prune(lambda _: None)
    newest = ["configurable-http-proxy@5.2.0", "configurable-http-proxy@5.3.0"]
    assert kept(folder) == [*newest, "go-1.22", "go-1.23", "registry"]


def test_what_is_being_built_stays(folder):
    for n in range(4):
        made(folder / "tools" / f"helm-{n}", 40 - n)
    with (folder / "tools" / "helm-0.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cache.prune(lambda _: None)
    assert kept(folder / "tools") == ["helm-0", "helm-2", "helm-3"]


def test_a_registry_of_too_much_starts_empty(folder, monkeypatch):
    layer = folder / "registry" / "docker" / "layer"
    layer.parent.mkdir(parents=True)
    layer.write_bytes(bytes(1_000_000))
    cache.bound_registry(lambda _: None)
    assert layer.exists()
    monkeypatch.setattr(cache, "REGISTRY_BYTES", 500_000)
    cache.bound_registry(lambda _: None)
    assert not layer.exists()
    cache.bound_registry(lambda _: None)  # where there is none
