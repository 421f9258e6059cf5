"""A listing sorts before its limit: containers, datasets, files, each by name, numbers by value."""

import json
import random
import re
from pathlib import Path

import pytest

import escape_vre
from escape_vre.client import AgentClient
from escape_vre.core.location import locate
from tests.catalogue import Catalogue


@pytest.fixture
def lake_of(configure, tmp_path, own_agent):
    """Have the agent know a catalogue as its only lake; returns a client."""

    def make(catalogue):
        (tmp_path / "token").write_text("tok")
        (own_agent / "launch.json").write_text(json.dumps({"contents_root": str(tmp_path)}))
        entry = {"name": "lab", "url": catalogue.url, "auth": "token_file"}
        configure(DataLake={"instances": [{**entry, "token_file": str(tmp_path / "token")}]})
        return AgentClient()

    return make


def listed(client, path="/datalake/dids", **query):
    *rows, last = client.stream(path, **query)
    return [(row["type"], row["name"]) for row in rows], last["end"]


def shuffled(names):
    return random.Random(1).sample(names, len(names))


NAMES = [f"File{n}" if n % 7 == 0 else f"file{n}" for n in range(1, 301)]


def test_rucio_is_asked_for_containers_datasets_files_in_this_order(lake_of):
    dids = [("file", "f"), ("dataset", "d"), ("container", "c")]
    with Catalogue(dids) as catalogue:
        client = lake_of(catalogue)
        assert listed(client, scope="t")[0] == [("container", "c"), ("dataset", "d"), ("file", "f")]
        assert catalogue.asked == ["container", "dataset", "file"]
        catalogue.asked.clear()
        listed(client, scope="t", type="collection")
        listed(client, scope="t", type="file")
        assert catalogue.asked == ["container", "dataset", "file"]


def test_a_few_datasets_are_not_hidden_by_many_files(lake_of):
    names = [f"file{n}" for n in range(1, 20_001)]
    dids = [("file", name) for name in shuffled(names)]
    dids += [("dataset", f"set{n}") for n in (10, 9, 2)]
    with Catalogue(dids) as catalogue:
        client = lake_of(catalogue)
        shown = escape_vre.ls("t", limit=10)
        assert [row["name"] for row in shown] == ["set2", "set9", "set10", *names[:7]]
        assert shown.note == "First 10 shown; use --limit to see more, or narrow the pattern."
        rows, end = listed(client, scope="t", limit=10)
    assert {name for _, name in rows} >= {row["name"] for row in shown}
    assert len(rows) <= 20
    assert end["count"] == 10
    assert end["truncated"]


@pytest.mark.parametrize("limit", [1, 7, 299, 300, 301])
def test_the_first_by_name_are_shown_wherever_the_list_has_them(lake_of, limit):
    with Catalogue([("file", name) for name in shuffled(NAMES)]) as catalogue:
        lake_of(catalogue)
        shown = escape_vre.ls("t", limit=limit)
    assert [row["name"] for row in shown] == NAMES[:limit]
    assert bool(shown.note) == (limit < len(NAMES))


def test_what_is_in_a_container_is_sorted_alike(lake_of):
    children = [("dataset", f"run {n}") for n in (10, 1, 9)] + [("container", "years")]
    with Catalogue([("container", "all")], contents={"all": children}) as catalogue:
        lake_of(catalogue)
        assert [row["name"] for row in escape_vre.ls("t:all")] == [
            "years",
            "run 1",
            "run 9",
            "run 10",
        ]
        assert [row["name"] for row in escape_vre.ls("t:all", limit=2)] == ["years", "run 1"]


MANY = 2_000_000
"""Rows of far more bytes than sockets and buffers between us and the catalogue hold."""


def test_files_are_not_read_where_collections_fill_the_limit(lake_of):
    def dids(type_):
        return (f"{type_}{n}" for n in range(MANY if type_ == "file" else 5))

    with Catalogue(dids) as catalogue:
        client = lake_of(catalogue)
        _, end = listed(client, scope="t", limit=10)
        assert end["truncated"]
        assert catalogue.sent < MANY


def test_the_memory_of_a_listing_does_not_grow_with_it(lake_of):
    def dids(type_):
        return (f"{n:07d}" for n in range(300_000, 0, -1)) if type_ == "file" else ()

    def peak_mb():
        status = Path(f"/proc/{locate().pid.read_text().strip()}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000

    with Catalogue(dids) as catalogue:
        client = lake_of(catalogue)
        listed(client, scope="t", pattern="00000*", limit=100)
        before = peak_mb()
        rows, end = listed(client, scope="t", limit=2000)
    assert sorted(name for _, name in rows)[:2000] == [f"{n:07d}" for n in range(1, 2001)]
    assert len(rows) <= 4000
    assert end["count"] == 2000
    assert end["truncated"]
    assert peak_mb() - before < 20
