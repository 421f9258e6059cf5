"""What we show of the lake is what the real ``rucio`` command shows."""

import pytest

import escape_vre
from escape_vre.client.jobs import jobs
from escape_vre.core.errors import NotFoundError, UsageError
from escape_vre.services.datalake import api

pytestmark = pytest.mark.one_agent


def rows(stream):
    *found, last = list(stream)
    return found, last["end"]


def test_whoami_names_account_and_version(dl):
    who = dl.get("/datalake/whoami")
    assert (who["account"], who["instance"]) == ("demo", "demo")
    assert who["version"].startswith("41.")
    assert dl.get("/datalake/whoami", instance="demo")["account"] == "demo"


def test_scopes_are_those_of_rucio(dl, rucio):
    listed = {line.strip() for line in rucio("scope", "list", "--csv").replace(",", "\n").split()}
    assert set(dl.get("/datalake/scopes")["scopes"]) == listed - {"SCOPE", "scope"}


@pytest.mark.parametrize("scope", ["demo", "cms", "test.awkward", "user.demo"])
def test_dids_are_those_of_rucio(dl, rucio, scope):
    ours, end = rows(dl.stream("/datalake/dids", scope=scope))
    printed = rucio("did", "list", f"{scope}:*", "--filter", "type=ALL", "--short")
    theirs = {line.strip() for line in printed.splitlines() if line.startswith(f"{scope}:")}
    assert {row["ref"].removeprefix("rucio:") for row in ours} == theirs
    assert end == {"count": len(ours), "truncated": False, "skipped": 0}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("container", {"container"}),
        ("dataset", {"dataset"}),
        ("file", {"file"}),
        ("collection", {"container", "dataset"}),
        ("all", {"container", "dataset", "file"}),
    ],
)
def test_types_are_filtered_by_rucio(dl, kind, expected):
    found, _ = rows(dl.stream("/datalake/dids", scope="demo", type=kind))
    assert {row["type"] for row in found} == expected


def test_patterns_and_limits(dl):
    found, end = rows(dl.stream("/datalake/dids", scope="demo", pattern="fermi.lc.*", limit=3))
    assert 3 <= len(found) <= 6
    assert end == {"count": 3, "truncated": True, "skipped": 0}
    assert all(row["name"].startswith("fermi.lc.") for row in found)


def test_a_search_without_hits_is_empty_not_an_error(dl):
    assert rows(dl.stream("/datalake/dids", scope="demo", pattern="zzz*")) == (
        [],
        {"count": 0, "truncated": False, "skipped": 0},
    )


def test_a_container_holds_its_datasets_and_they_their_files(dl):
    datasets, _ = rows(dl.stream("/datalake/contents", ref="rucio:demo:blazar-2026"))
    assert "demo:fermi.lightcurves" in {f"{row['scope']}:{row['name']}" for row in datasets}
    files, _ = rows(dl.stream("/datalake/contents", ref="rucio:demo:fermi.lightcurves"))
    assert {row["type"] for row in files} == {"file"}
    assert all(row["bytes"] and len(row["adler32"]) == 8 for row in files)


@pytest.mark.parametrize(
    "did",
    [
        "cms:/SyntheticDYToMuMu/Run2026A-demo-v1/NANOAOD",
        "cms:/store/mc/Run2026A/SyntheticDYToMuMu/NANOAOD/demo-v1/0000/1.root",
        "test.awkward:folder/in/the/name.csv",
        "test.awkward:dots...in.a..row.",
        "demo:fermi.lightcurves",
        "demo:blazar-2026",
    ],
)
def test_everything_about_a_did(dl, did):
    found = api.info(did)
    assert f"{found['scope']}:{found['name']}" == did
    assert found["bytes"] > 0
    assert found["metadata"]["origin"] == "synthetic"
    if found["type"] != "container":
        assert found["sites"]
    assert did in repr(found)


def test_a_files_replicas_have_urls(dl):
    sites = dl.get("/datalake/replicas", ref="rucio:demo:fermi.photons.fits")["sites"]
    assert {site["rse"] for site in sites} == {"NORTH-USERDISK", "SOUTH-USERDISK"}
    assert all(site["urls"][0].startswith(("davs://", "https://")) for site in sites)


def test_a_dataset_partly_at_each_site_is_counted(dl):
    sites = {
        site["rse"]: (site["available"], site["length"])
        for site in dl.get("/datalake/replicas", ref="rucio:demo:cta.events")["sites"]
    }
    assert sites == {"NORTH-USERDISK": (1, 2), "SOUTH-USERDISK": (1, 2)}


def test_states_of_nothing_and_of_too_much(dl):
    assert dl.post("/datalake/states", {"refs": []}) == {"rows": []}
    with pytest.raises(UsageError):
        dl.post("/datalake/states", {"refs": ["rucio:demo:x"] * 201})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("de", ["demo:"]),
        ("", ["cms:", "demo:", "test.awkward:", "user.demo:"]),
        ("demo:fermi.l", ["demo:fermi.lightcurves"]),
        ("nope", []),
        ("demo:fermi.lc.1", ["demo:fermi.lc.1.100-300MeV.csv"]),
    ],
)
def test_completion(dl, text, expected):
    matches = dl.get("/datalake/complete", text=text)["matches"]
    assert [m for m in matches if not m.startswith("demo:fermi.lc") or ".lc." in text] == expected


@pytest.mark.parametrize(
    ("did", "near"),
    [
        ("dmeo:fermi.lightcurves", "demo"),
        ("demo:fermi.lightcurve", "demo:fermi.lightcurves"),
        ("demo:Fermi.lightcurves", None),
    ],
)
def test_an_unknown_did_is_answered_with_the_nearest(dl, did, near):
    with pytest.raises(NotFoundError) as caught:
        api.info(did)
    if near:
        assert caught.value.hint == f"Did you mean {near}?"
    else:
        assert caught.value.hint


def test_an_unknown_scope_in_a_list_is_an_error_not_an_empty_list(dl):
    with pytest.raises(NotFoundError) as caught:
        list(dl.stream("/datalake/dids", scope="dmeo"))
    assert "demo" in caught.value.hint


def test_an_unknown_instance_is_an_error(dl):
    with pytest.raises(NotFoundError) as caught:
        dl.get("/datalake/scopes", instance="nope")
    assert "demo" in caught.value.hint


@pytest.mark.parametrize("text", ["nonsense", "", "demo:", "a\0:b"])
def test_a_malformed_did_is_an_error(dl, text):
    with pytest.raises(UsageError):
        dl.get("/datalake/did", ref=text)


@pytest.mark.parametrize(
    "name", ["../../x", "..%2F..%2Fx", "a\0b", "/A/B/C", "x" * 250, "a b?c#d&e=f", "ü", "a;b"]
)
def test_a_hostile_name_is_only_a_name_that_is_not_there(dl, name):
    body = {"refs": [f"rucio:demo:{name}"]}
    try:
        (row,) = dl.post("/datalake/states", body)["rows"]
        assert row["problem"] or row["note"]  # Rucio's own schema refuses some
    except UsageError:
        pass  # and we the others
    with pytest.raises((NotFoundError, UsageError)):
        dl.get("/datalake/did", ref=f"rucio:demo:{name}")


def test_ls_prints_a_table(dl):
    assert repr(escape_vre.ls()).splitlines() == [
        "scope",
        "cms",
        "demo",
        "test.awkward",
        "user.demo",
    ]
    printed = repr(escape_vre.ls("demo:fermi.*", type="dataset")).splitlines()
    assert printed[0].split() == ["type", "name", "size", "files", "state"]
    assert any("fermi.lightcurves" in line and "elsewhere" in line for line in printed)
    assert "<table>" in escape_vre.ls("demo:fermi.lightcurves")._repr_html_()
    assert repr(escape_vre.ls("demo:zzz*")) == "No DID in demo matches zzz*."
    assert "First 2 shown" in repr(escape_vre.ls("demo", limit=2))
    assert len(escape_vre.ls("demo:fermi.photons.fits")) == 1


def test_a_dead_job_number_is_an_error(dl):
    with pytest.raises(NotFoundError):
        escape_vre.cancel("nope")
    with pytest.raises(NotFoundError):
        escape_vre.retry("")
    assert "no jobs" in repr(jobs())
