"""The field's own client works on the lake without a word from us."""

import zlib

import pytest

from escape_vre.local.lake import LakeError
from escape_vre.local.lake.rest import path
from escape_vre.testing.waiting import wait_until

from .conftest import HIERARCHY


def replicas(lake, scope, name):
    with lake.rest("demo") as rest:
        body = {"dids": [{"scope": scope, "name": name}], "all_states": True}
        found = rest.call("POST", "/replicas/list", body)
    return {site: state for one in found for site, state in one["states"].items()}


def test_lists_what_was_seeded(rucio):
    shown = rucio("did", "list", "demo:*", "--filter", "type=all")
    for dataset in HIERARCHY["datasets"]:
        if dataset["scope"] == "demo":
            assert dataset["name"] in shown
    assert "fermi.lc.1.100-300MeV.csv" in shown
    assert "demo:blazar-2026" in rucio("did", "content", "list", "demo:samples")


def test_says_what_is_synthetic(lake):
    with lake.rest("demo") as rest:
        for dataset in HIERARCHY["datasets"]:
            if dataset["scope"] != "demo":
                continue
            (metadata,) = rest.call("GET", f"/dids/demo/{dataset['name']}/meta?plugin=JSON")
            assert metadata["origin"] == "synthetic"


def test_downloads_everything(rucio, lake, tmp_path):
    said = rucio("download", "--dir", str(tmp_path), "demo:samples")
    assert "Files that cannot be downloaded:              0" in said
    samples = {path.name: path.read_bytes() for path in (tmp_path / "samples").iterdir()}
    assert len(samples) == 21
    with lake.rest("demo") as rest:
        for name, content in samples.items():
            if name.startswith("fermi"):
                (did,) = rest.call("GET", f"/dids/demo/{name}")
                assert did["adler32"] == f"{zlib.adler32(content):08x}"
                assert did["bytes"] == len(content)


def test_downloads_a_name_with_slashes(rucio, tmp_path):
    rucio("download", "--dir", str(tmp_path), "cms:/SyntheticDYToMuMu/Run2026A-demo-v1/NANOAOD")
    assert len(list(tmp_path.rglob("*.root"))) == 2


def test_knows_sizes_of_closed_datasets(lake):
    with lake.rest("demo") as rest:
        (metadata,) = rest.call("GET", "/dids/demo/fermi.lightcurves/meta")
    assert metadata["length"] == 5
    assert metadata["bytes"] > 20_000


def test_some_data_is_here_some_there(lake):
    assert set(replicas(lake, "demo", "fermi.photons")) == set(lake.sites)
    assert set(replicas(lake, "demo", "lofar.images")) == {lake.sites[0]}
    with lake.rest("demo") as rest:
        found = rest.call("GET", "/replicas/demo/cta.events/datasets?deep=True")
    assert {(one["rse"], one["available_length"], one["length"]) for one in found} == {
        (site, 1, 2) for site in lake.sites
    }


def test_uploads_copies_and_deletes(rucio, lake, tmp_path):
    file = tmp_path / "my.result.csv"
    file.write_bytes(b"time,flux\n1,2\n" * 1000)
    # An ordinary account may not register first and report the bytes later.
    words = ("--register-after-upload", "--rse", lake.sites[0], "--scope", "user.demo")
    rucio("upload", *words, str(file))
    assert replicas(lake, "user.demo", file.name) == {lake.sites[0]: "AVAILABLE"}

    rule = rucio("rule", "add", f"user.demo:{file.name}", "--copies", "1", "--rses", lake.sites[1])
    wait_until(lambda: replicas(lake, "user.demo", file.name).get(lake.sites[1]) == "AVAILABLE")
    (copy,) = lake.layout.site(lake.sites[1]).rglob(file.name)
    assert copy.read_bytes() == file.read_bytes()

    with lake.rest() as rest:
        rest.call("PUT", f"/rules/{rule.strip()}", {"options": {"purge_replicas": True}})
        rest.call("PUT", f"/rules/{rule.strip()}", {"options": {"lifetime": 0}})
    wait_until(lambda: not copy.exists())
    wait_until(lambda: set(replicas(lake, "user.demo", file.name)) == {lake.sites[0]})


def test_the_plain_upload_needs_an_administrator(rucio, lake, tmp_path):
    """`rucio upload` updates a replica's state, which Rucio's generic policy does not allow."""
    for account, state in (("demo", "COPYING"), ("root", "AVAILABLE")):
        file = tmp_path / f"plain.{account}.csv"
        file.write_bytes(account.encode())
        words = ("upload", "--rse", lake.sites[0], "--scope", "user.demo", str(file))
        rucio(*words, account=account)
        assert replicas(lake, "user.demo", file.name) == {lake.sites[0]: state}


def test_upload_many(lake, rucio, tmp_path):
    files = [(f"many.{number:04d}", b"%d" % number) for number in range(1200)]
    lake.upload_many("demo", "many", files, site=lake.sites[1])
    with lake.rest("demo") as rest:
        assert len(rest.call("GET", "/dids/demo/many/files")) == 1200
    rucio("download", "--dir", str(tmp_path), "demo:many.0777")
    assert (tmp_path / "demo" / "many.0777").read_bytes() == b"777"


def test_multiplies_a_file(lake):
    lake.upload_many("demo", "seeds", [("seed", b"x")])
    lake.multiply("demo", "seed", 2000)
    with lake.rest("demo") as rest:
        assert len(rest.call("GET", "/dids/demo/dids/search?type=file&name=seed.*")) == 2000
        body = {"dids": [{"scope": "demo", "name": "seed.001234"}]}
        (found,) = rest.call("POST", "/replicas/list", body)
    assert found["states"] == {lake.sites[0]: "AVAILABLE"}
    with pytest.raises(LakeError, match="no file demo:sead"):
        lake.multiply("demo", "sead", 1)


@pytest.mark.parametrize("name", ["a:b", "a+b", "a b", "a%b", "ä", "n" * 251, "_a", ".a", "a\nb"])
def test_names_that_the_generic_schema_refuses(lake, name):
    """What the field's generic policy has no room for; listed here because our docs say so."""
    with lake.rest() as rest, pytest.raises(LakeError, match="refused"):
        rest.call("POST", path("dids", "demo", name), {"type": "DATASET"})
