"""Search by metadata, on a real lake whose root has described some samples."""

import pytest

import escape_vre
from escape_vre.cli import main
from escape_vre.core.errors import NotFoundError, UsageError
from escape_vre.local.lake.rest import Rest, path

pytestmark = pytest.mark.one_agent

SCOPE = "test.search"
DESCRIBED = {
    "lat.1": {"instrument": "LAT", "energy": 12, "ok": True, "obs": "2026-02-11", "mixed": "abc"},
    "lat.2": {"instrument": "LAT", "energy": 7.5, "ok": False, "obs": "2026-03-01T10:00:00"},
    "gbm.1": {"instrument": "GBM", "energy": 1, "mixed": 3, "target": "Crab Nebula"},
    "plain": {},
}


@pytest.fixture(scope="module", autouse=True)
def described(lake):
    """Three datasets with metadata and one without, of 0, 1, 2 and 3 files."""
    with Rest(
        lake.status()["url"],
        account="root",
        password_file=lake.layout.password("root"),
        ca_file=lake.layout.ca,
    ) as rest:
        rest.call("POST", path("accounts", "root", "scopes", SCOPE))
        dids = [{"scope": SCOPE, "name": name, "type": "DATASET"} for name in DESCRIBED]
        rest.call("POST", path("dids"), dids)
        for count, (name, metadata) in enumerate(DESCRIBED.items()):
            files = [
                {"scope": SCOPE, "name": f"{name}.{n}", "bytes": 1000 * (n + 1), "adler32": "1" * 8}
                for n in range(count)
            ]
            if files:
                rest.add_files(lake.sites[0], files)
                rest.attach(SCOPE, name, [(SCOPE, file["name"]) for file in files])
            rest.call("PUT", path("dids", SCOPE, name, "status"), {"open": False})
            if metadata:
                meta = {"meta": metadata, "recursive": False}
                rest.call("POST", path("dids", SCOPE, name, "meta"), meta)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("instrument=LAT", {"lat.1", "lat.2"}),
        ("instrument!=LAT", {"gbm.1"}),
        ("instrument=L*", {"lat.1", "lat.2"}),
        ("energy>7", {"lat.1", "lat.2"}),
        ("energy<=1 or energy>=12", {"lat.1", "gbm.1"}),
        ("ok=true", {"lat.1"}),
        ("ok=*", {"lat.1", "lat.2"}),
        ("obs=2026-02", {"lat.1"}),
        ("obs>2026-02", {"lat.2"}),
        ("obs>=2026-03-01T10:00 obs<2026-03-01T10:01", {"lat.2"}),
        ('target="Crab Nebula"', {"gbm.1"}),
        # One DID has a text there, which PostgreSQL refuses to compare with a number.
        ("mixed>1", {"gbm.1"}),
        # Columns and other metadata, which Rucio does not mix.
        ("instrument=LAT size=1kB", {"lat.2"}),
        ("instrument=LAT files<1 or files=3", {"lat.1", "plain"}),
        ("created>2026-01-01 size>2kB", {"gbm.1", "plain", "plain.2"}),
        ("created<2026-01-01", set()),
        ("account=root type=dataset", {"lat.1", "lat.2", "gbm.1", "plain"}),
        ("type=file size<1.5kB", {"lat.2.0", "gbm.1.0", "plain.0"}),
        ("adler32=11111111 name=*.2", {"plain.2"}),
    ],
)
def test_what_matches_is_found(dl, conditions, expected):
    *rows, last = dl.stream("/datalake/search", text=f"{SCOPE}:* {conditions}")
    assert {row["name"] for row in rows} == expected
    assert last["end"]["truncated"] is False


def test_types_and_sizes_are_known_although_rucio_does_not_say_them(dl):
    (row, _) = dl.stream("/datalake/search", text=f"{SCOPE}:gbm* instrument=GBM")
    assert (row["type"], row["bytes"], row["length"]) == ("dataset", 3000, 2)


def test_a_list_is_cut_where_asked(dl):
    *rows, last = dl.stream("/datalake/search", text=f"{SCOPE}:* energy>0", limit=1)
    assert rows
    assert (last["end"]["count"], last["end"]["truncated"]) == (1, True)


def test_what_is_wrong_is_said_in_one_sentence(dl):
    with pytest.raises(NotFoundError, match=r"no scope test\.sarch"):
        list(dl.stream("/datalake/search", text="test.sarch:* a=b"))
    with pytest.raises(NotFoundError, match="metadata key instrumnt"):
        list(dl.stream("/datalake/search", text=f"{SCOPE}:* instrumnt=LAT"))
    with pytest.raises(UsageError, match="character 21"):
        list(dl.stream("/datalake/search", text=f"{SCOPE}:* bytes>many"))


def test_keys_that_were_seen_are_offered(dl):
    dl.get("/datalake/did", ref=f"rucio:{SCOPE}:gbm.1")
    answer = dl.get("/datalake/search/keys")
    sources = {key["key"]: key["source"] for key in answer["keys"]}
    assert (sources["instrument"], sources["size"]) == ("seen", "rucio")
    assert answer["note"] is None


def test_the_command_takes_conditions_as_words(dl, capsys):
    del dl
    words = ["dl", "ls", f"{SCOPE}:*", "target=Crab Nebula", "files>1", "--json"]
    assert main(words) == 0
    assert f"rucio:{SCOPE}:gbm.1" in capsys.readouterr().out
    assert main(["dl", "search", f"{SCOPE}:* instrument=LAT"]) == 0
    assert main(["dl", "search", f"{SCOPE}:*", "files>x"]) == 1
    assert "Expected a number" in capsys.readouterr().err


def test_python_and_ls_find_the_same(dl):
    del dl
    found = escape_vre.search(f"{SCOPE}:* instrument=LAT size=1kB")
    assert [row["name"] for row in found.as_rows()] == ["lat.2"]
    assert "size" in found.note
    same = escape_vre.ls(f"{SCOPE}:* instrument=LAT size=1kB")
    assert list(same.as_rows()) == list(found.as_rows())
