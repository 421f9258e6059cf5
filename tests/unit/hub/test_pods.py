"""What users' pods are told, as kubespawner makes them."""

import asyncio
import json

import pytest
import trustme
from traitlets.config import Config

from escape_vre.core.settings import load_config
from escape_vre.hub.pods import AUTHORITIES_FILE, CONFIG, CONFIG_FILE, equip, users_config
from escape_vre.hub.settings import load
from escape_vre.services.datalake.instances import DataLake
from escape_vre.services.datalake.models import LakeSettings

LAKE = {"name": "escape", "url": "https://rucio.example.org", "storage_token": "rucio"}


def settings(**more):
    return load({"login": {"provider": "shared-password"}, **more})


def pod(c):
    """Return the pod that kubespawner would ask for, as Kubernetes sees it."""
    kubernetes = pytest.importorskip("kubernetes_asyncio")
    from kubespawner import KubeSpawner

    async def made():
        spawner = KubeSpawner(_mock=True, config=c)
        async with kubernetes.client.ApiClient() as client:
            return client.sanitize_for_serialization(await spawner.get_pod_manifest())

    return asyncio.run(made())


@pytest.fixture
def kubernetes(monkeypatch, tmp_path):
    """Let kubespawner believe that it is in a cluster: it asks nothing of it here."""
    pytest.importorskip("kubespawner")
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda *_, **__: None)


def test_the_agent_reads_what_the_site_wrote(tmp_path):
    found = settings(
        lakes=[LAKE],
        user={"data_dir": "/scratch", "config": {"Transfers": {"connections": 3}}},
    )
    folder = tmp_path / "escape_vre_config.d"
    folder.mkdir()
    (folder / "50-hub.json").write_text(json.dumps(users_config(found)))
    config = load_config([str(tmp_path)])
    (entry,) = DataLake(config=config).instances
    assert LakeSettings(**entry).url == "https://rucio.example.org"
    assert config.Agent.data_dir == "/scratch"
    assert config.Transfers.connections == 3


def test_where_nothing_is_told_nothing_is_added():
    c = Config()
    equip(c, settings())
    assert c == {}


def test_a_pod_has_its_configuration_in_a_file_of_its_own(kubernetes):
    c = Config()
    equip(c, settings(lakes=[LAKE]))
    found = pod(c)
    text = found["metadata"]["annotations"][CONFIG]
    assert json.loads(text)["DataLake"]["instances"] == [LAKE]
    (container,) = found["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == CONFIG_FILE
    (volume,) = found["spec"]["volumes"]
    (item,) = volume["downwardAPI"]["items"]
    assert item["fieldRef"]["fieldPath"] == f"metadata.annotations['{CONFIG}']"
    assert (volume["name"], item["path"]) == (mount["name"], mount["subPath"])


def test_braces_are_no_template(kubernetes):
    c = Config()
    equip(c, settings(user={"config": {"Agent": {"data_dir": "/s/{username}"}}}))
    assert json.loads(pod(c)["metadata"]["annotations"][CONFIG])["Agent"]["data_dir"] == (
        "/s/{username}"
    )


@pytest.mark.parametrize("kind", ["maps", "lists"])
def test_what_the_site_gives_its_pods_stays(kubernetes, kind):
    c = Config()
    volume = {"name": "scratch", "emptyDir": {}}
    mounts = [
        {"name": "scratch", "mountPath": "/scratch"},
        {"name": "scratch", "mountPath": "/tmp", "subPath": "tmp"},
    ]
    c.KubeSpawner.volumes = {"s": volume} if kind == "maps" else [volume]
    c.KubeSpawner.volume_mounts = dict(zip("ab", mounts, strict=True)) if kind == "maps" else mounts
    c.KubeSpawner.extra_annotations = {"site": "x"}
    equip(c, settings(lakes=[LAKE]))
    found = pod(c)
    assert found["metadata"]["annotations"]["site"] == "x"
    assert len(found["spec"]["volumes"]) == 2
    paths = [m["mountPath"] for m in found["spec"]["containers"][0]["volumeMounts"]]
    assert sorted(paths) == sorted(["/scratch", "/tmp", CONFIG_FILE])


def test_authorities_are_a_file_that_the_lakes_trust(kubernetes):
    pem = trustme.CA().cert_pem.bytes().decode()
    own = {**LAKE, "name": "own", "ca_file": "/etc/ssl/other.pem"}
    c = Config()
    found = settings(lakes=[LAKE, own], authorities=pem)
    equip(c, found)
    made = pod(c)
    (volume,) = made["spec"]["volumes"]
    assert len(volume["downwardAPI"]["items"]) == 2
    assert made["metadata"]["annotations"]["escape-vre.authorities"].strip() == pem.strip()
    assert AUTHORITIES_FILE in [
        m["mountPath"] for m in made["spec"]["containers"][0]["volumeMounts"]
    ]
    files = [entry["ca_file"] for entry in users_config(found)["DataLake"]["instances"]]
    assert files == [AUTHORITIES_FILE, "/etc/ssl/other.pem"]
