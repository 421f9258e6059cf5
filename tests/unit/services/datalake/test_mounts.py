"""Storages that are mounted here, and a cache before the others."""

import zlib

import pytest
from pydantic import ValidationError

from escape_vre.services.datalake.models import LakeSettings
from escape_vre.services.datalake.reading.settings import Mount
from escape_vre.services.datalake.reading.ways import Ways, path_of
from escape_vre.testing.rucio import fixed, listed
from escape_vre.testing.storage import FakeStorage
from tests.unit.services.datalake.conftest import Agent

BODY = b"observation,1\n" * 50
PFN = "root://eos.org:1094//eos/vre/t/a"


@pytest.fixture
def mount(tmp_path):
    folder = tmp_path / "eos" / "vre"
    (folder / "t").mkdir(parents=True)
    (folder / "t/a").write_bytes(BODY)
    return folder


@pytest.fixture
def storage(rucio):
    """A storage that has the file too, and a Rucio that says so."""
    with FakeStorage() as running:
        url = running.put("a", BODY)
        row = {
            "scope": "t",
            "name": "a",
            "type": "FILE",
            "bytes": len(BODY),
            "adler32": f"{zlib.adler32(BODY):08x}",
            "pfns": {
                url: {"rse": "WEB", "type": "DISK", "priority": 1},
                PFN: {"rse": "EOS", "type": "DISK", "priority": 2},
            },
            "rses": {"WEB": [url], "EOS": [PFN]},
            "states": {"WEB": "AVAILABLE", "EOS": "AVAILABLE"},
        }
        rucio.says("/dids/t/a", fixed({"scope": "t", "name": "a", "type": "FILE"}))
        rucio.says("/dids/bulkmeta", listed({**row, "did_type": "FILE"}))
        rucio.says("/replicas/list", listed(row))
        running.row = row
        yield running


@pytest.fixture
def make(rucio, tmp_path, mount):
    """Return an agent with this mount, and with other settings of its instance."""
    running = []

    def agent(**settings):
        password = tmp_path / "password"
        password.write_text("p")
        entry = {"name": "lab", "url": rucio.url, "account": "jdoe", "auth": "userpass"}
        entry |= {"password_file": str(password)}
        entry |= {
            "mounts": [
                {"rse": "EOS", "prefix": "root://eos.org:1094//eos", "path": str(mount.parent)}
            ]
        }
        found = Agent(rucio, tmp_path, {"DataLake": {"instances": [{**entry, **settings}]}})
        running.append(found)
        return found.__enter__()

    yield agent
    for one in running:
        one.__exit__()


def get(agent, **how):
    _, job = agent.ask("/datalake/get", {"refs": ["rucio:t:a"], "client": "me", **how})
    return agent.ask(f"/jobs/{job['id']}", wait_s=60)[1]


def state(agent):
    return agent.ask("/datalake/states", {"refs": ["rucio:t:a"]})[1]["rows"][0]


def test_a_mounted_file_is_used_in_place(make, storage, mount, tmp_path):
    agent = make()
    assert (state(agent)["local"], state(agent)["mounted"]) == ("here", True)
    job = get(agent)
    assert (job["state"], job["path"], job["note"]) == ("done", str(mount / "t/a"), None)
    assert job["counts"]["files_in_place"] == 1
    (file, _) = agent.ask(f"/jobs/{job['id']}/files")[1]
    assert (file["path"], file["state"]) == (str(mount / "t/a"), "here")
    assert not storage.seen
    assert not (tmp_path / "data").exists()
    found = agent.ask("/datalake/sources", {"path": "t/a"})[1]
    assert (found["path"], found["credentials"]) == (str(mount / "t/a"), None)


@pytest.mark.parametrize("how", ["copy", "to"])
def test_a_copy_is_a_copy_and_verified(make, storage, mount, tmp_path, how):
    agent = make()
    folder = tmp_path / "to" if how == "to" else tmp_path / "data" / "t"
    job = get(agent, **({"to": str(folder)} if how == "to" else {"copy_mounted": True}))
    assert (job["state"], job["path"]) == ("done", str(folder / "a"))
    assert (folder / "a").read_bytes() == BODY
    assert job["counts"]["files_unverified"] == 0
    assert not storage.seen  # the mounted replica was read
    (mount / "t/a").write_bytes(BODY[::-1])  # of the same size, and wrong
    job = get(agent, to=str(tmp_path / "again"), copy_mounted=True)
    assert (tmp_path / "again" / "a").read_bytes() == BODY


def changed(mount):
    (mount / "t/a").write_bytes(b"other")


def removed(mount):
    (mount / "t/a").unlink()


def leads_out(mount):
    (mount.parent.parent / "secret").write_bytes(BODY)
    (mount / "t/a").unlink()
    (mount / "t/a").symlink_to(mount.parent.parent / "secret")


def is_a_folder(mount):
    removed(mount)
    (mount / "t/a").mkdir()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (changed, "has 5 bytes, in the catalogue 700"),
        (removed, "No such file"),
        (leads_out, "leads out of"),
        (is_a_folder, "is not a file"),
    ],
)
def test_what_is_wrong_with_the_mount_is_said_and_the_file_fetched(
    make, storage, mount, tmp_path, spoil, why
):
    spoil(mount)
    agent = make()
    assert state(agent)["local"] == "elsewhere"
    job = get(agent)
    assert (job["state"], job["path"]) == ("done", str(tmp_path / "data/t/a"))
    assert why in job["note"]
    assert job["note"].startswith("1 file not used in place: ")
    assert (tmp_path / "data/t/a").read_bytes() == BODY


def test_a_file_that_is_mounted_only(make, storage, rucio, mount):
    row = {**storage.row, "pfns": {PFN: {"rse": "EOS"}}, "rses": {"EOS": [PFN]}}
    rucio.says("/replicas/list", listed(row))
    agent = make()
    assert get(agent)["path"] == str(mount / "t/a")
    removed(mount)
    job = get(agent)
    assert (job["state"], job["error"]["code"]) == ("failed", "not_found")
    assert "No such file" in job["error"]["message"]


def test_links_inside_the_mount_are_followed(make, storage, mount):
    (mount / "t/a").rename(mount / "real")
    (mount / "t/a").symlink_to("../real")
    assert get(make())["path"] == str(mount / "t/a")


def test_a_policy_without_mounts(make, storage, tmp_path):
    agent = make(access=["streamed", "downloaded"])
    assert state(agent)["local"] == "elsewhere"
    assert get(agent)["path"] == str(tmp_path / "data/t/a")


def test_a_call_chooses_its_own_ways(make, storage, mount):
    agent = make()

    def ask(*access):
        status, found = agent.ask("/datalake/sources", {"path": "t/a", "access": list(access)})
        assert status == 200
        return found["path"], len(found["urls"]), found["download"]

    assert ask("streamed") == (None, 1, "never")
    assert ask("downloaded", "streamed") == (None, 1, "first")
    assert ask("downloaded") == (None, 0, "first")
    assert ask("streamed", "downloaded") == (None, 1, "last")
    assert ask("mounted") == (str(mount / "t/a"), 0, "last")
    removed(mount)
    status, found = agent.ask("/datalake/sources", {"path": "t/a", "access": ["mounted"]})
    assert (status, found["error"]["code"]) == (404, "not_found")
    assert "No such file" in found["error"]["message"]
    assert agent.ask("/datalake/sources", {"path": "t/a", "access": ["odd"]})[0] == 400


def test_a_dataset_at_a_mounted_storage_is_here(make, rucio, mount):
    dataset = {"scope": "t", "name": "ds", "did_type": "DATASET", "bytes": 700, "length": 1}
    rucio.says("/dids/bulkmeta", listed(dataset))
    there = {"scope": "t", "name": "ds", "rse": "EOS", "state": "AVAILABLE", "length": 1}
    rucio.says("/replicas/datasets_bulk", listed({**there, "available_length": 1}))
    agent = make()
    row = agent.ask("/datalake/states", {"refs": ["rucio:t:ds"]})[1]["rows"][0]
    assert (row["local"], row["mounted"], row["path"]) == ("here", True, None)


class TestCache:
    """An HTTP cache before the storages."""

    def test_it_is_asked_first_and_the_origin_after_it(self, make, storage, tmp_path):
        with FakeStorage() as cache:
            (url,) = [url for url in storage.row["pfns"] if url != PFN]
            cache.put(url, BODY)
            agent = make(mounts=[], cache=f"{cache.origin}//")
            assert agent.ask("/datalake/sources", {"path": "t/a"})[1]["urls"] == [
                f"{cache.origin}//{url}",
                url,
            ]
            assert get(agent)["state"] == "done"
            assert (len(cache.seen), len(storage.seen)) == (1, 0)
        assert get(agent, to=str(tmp_path / "other"), copy_mounted=True)["state"] == "done"

    def test_a_cache_that_is_down_costs_no_file(self, make, storage, tmp_path):
        agent = make(mounts=[], cache="http://127.0.0.1:9//")
        assert get(agent)["state"] == "done"
        assert len(storage.seen) == 1

    def test_where_it_comes_in_the_order(self, rucio):
        row = {"pfns": {"davs://one.org:443/a": {}, "https://s3.org/a?X-Amz-Signature=1": {}}}
        settings = LakeSettings(name="lab", url=rucio.url, cache="https://cache.org//")
        cached = "https://cache.org//https://one.org/a"
        origin = ("davs://one.org:443/a", "https://s3.org/a?X-Amz-Signature=1")
        assert Ways.of(settings).urls(row) == (cached, *origin)
        assert Ways.of(settings, ("streamed", "cached")).urls(row) == (*origin, cached)
        assert Ways.of(settings, ("downloaded", "streamed")).urls(row) == origin
        only = Ways.of(settings, ("cached",))
        assert only.streamed(only.urls(row)) == (cached,)

    def test_it_sees_the_token_only_where_it_is_listed(self, rucio):
        told = {"name": "lab", "url": rucio.url, "storage_token": "rucio"}
        cached = "https://cache.org//https://127.0.0.1/a"
        assert not LakeSettings(**told).may_have_token(cached)
        assert LakeSettings(**told, storage_hosts=("cache.org",)).may_have_token(cached)


@pytest.mark.parametrize(
    ("url", "rse", "mount", "path"),
    [
        ("davs://a.org/data/t/x%20y", "A", {"rse": "A"}, "/m/data/t/x y"),
        ("davs://a.org/data/t/x", "A", {"rse": "A", "begins_at": 1}, "/m/t/x"),
        ("davs://a.org/data/t/x", "B", {"rse": "A"}, None),
        ("root://a.org//data/x%20y", "A", {"prefix": "root://a.org//data"}, "/m/x%20y"),
        ("root://a.org//database/x", "A", {"prefix": "root://a.org//data"}, None),
        ("root://a.org//data/x", "A", {"prefix": "root://b.org/"}, None),
        ("davs://a.org/data/../../etc/passwd", "A", {"rse": "A"}, None),
        ("davs://a.org/data/%2E%2E/x", "A", {"rse": "A"}, None),
        ("davs://a.org/data%2F..%2F..%2Fetc", "A", {"rse": "A"}, None),
        ("davs://a.org/x%00y", "A", {"rse": "A"}, None),
        ("davs://a.org/data", "A", {"rse": "A", "begins_at": 1}, None),
        ("davs://a.org/", "A", {"rse": "A"}, None),
        ("s3s://a.org/b/x?X-Amz-Signature=1", "A", {"rse": "A"}, "/m/b/x"),
    ],
)
def test_the_path_of_a_replica(url, rse, mount, path):
    assert path_of(url, rse, Mount(path="/m", **mount)) == path


@pytest.mark.parametrize(
    "wrong",
    [
        {"mounts": [{"path": "relative", "rse": "A"}]},
        {"mounts": [{"path": "/", "rse": "A"}]},
        {"mounts": [{"path": "/m"}]},
        {"access": []},
        {"access": ["streamed", "streamed"]},
        {"access": ["odd"]},
        {"cache": "cache.example.org"},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(ValidationError):
        LakeSettings(name="lab", url="https://a.org", **wrong)
