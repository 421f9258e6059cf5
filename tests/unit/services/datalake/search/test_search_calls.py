"""How often a search asks Rucio, and what it makes of the answers."""

import ast
import asyncio
import json
from contextlib import aclosing
from urllib.parse import parse_qs

import pytest

from escape_vre.services.datalake.search import service
from escape_vre.services.datalake.search.seen import SeenKeys
from escape_vre.testing.rucio import Answer, fixed, listed, refused

SEARCH, META = "/dids/t/dids/search", "/dids/bulkmeta"


def names(count, start=0):
    return [f"f{n:05}" for n in range(start, start + count)]


def bare(found):
    return [{"scope": "t", "name": name, "did_type": None, "bytes": None} for name in found]


def full(found, **more):
    return [{"scope": "t", "name": name, "did_type": "FILE", "bytes": 5, **more} for name in found]


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_metadata_are_read_in_one_call_for_a_thousand(rucio, agent, count, calls):
    rucio.says(SEARCH, listed(*bare(names(count))))
    pages = [names(min(1000, count - n), n) for n in range(0, count, 1000)]
    rucio.says(META, *(listed(*full(page)) for page in pages))
    status, (*rows, last) = agent.ask("/datalake/search", text="t:* a=x bytes>4", limit=5000)
    assert (status, len(rows)) == (200, count)
    assert (rucio.asked[SEARCH], rucio.asked[META]) == (1, calls)
    assert f"{count:,} candidate" in last["end"]["note"]
    assert "bytes" in last["end"]["note"]


def test_columns_alone_need_no_metadata(rucio, agent):
    rucio.says(SEARCH, listed(*full(["a"])))
    _, (*rows, last) = agent.ask("/datalake/search", text="t:* bytes>4", type="file")
    assert [row["name"] for row in rows] == ["a"]
    assert (rucio.asked[SEARCH], rucio.asked[META]) == (1, 0)
    assert "note" not in last["end"]


def test_a_cut_list_says_so_and_asks_no_further(rucio, agent):
    rucio.says(SEARCH, listed(*bare(names(3000))))
    rucio.says(META, *(listed(*full(names(1000, n))) for n in (0, 1000, 2000)))
    _, (*rows, last) = agent.ask("/datalake/search", text="t:* a=x", limit=10)
    assert 10 <= len(rows) <= 20
    assert (last["end"]["count"], last["end"]["truncated"]) == (10, True)


def test_the_first_rows_come_before_the_last_and_closing_ends_the_search(rucio, agent):
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in bare(names(1000)))
    rucio.says(SEARCH, Answer(lines, stays=True))
    rucio.says(META, listed(*full(names(1000))))

    async def first():
        query = service.understood("t:* a=x", None)

        async def check():
            raise AssertionError("there are rows")

        connected = agent.lake.connect(None, {})
        finder = service.Finder(connected, query, "all", SeenKeys(), check)
        async with aclosing(finder.rows()) as rows:
            return await anext(rows)

    assert agent.run(asyncio.wait_for(first(), 60)).name == "f00000"
    assert rucio.left.wait(60), "Rucio sends on for nobody"


def test_numbers_that_rucio_cannot_compare_are_compared_here(rucio, agent):
    refusal = refused(
        "InvalidMetadata", "Database query failed: type double [SQL: SELECT", status=500
    )
    rucio.says(SEARCH, refusal, listed(*bare(["a", "b"])))
    rucio.says(META, listed(*full(["a"], e=3), *full(["b"], e="many")))
    status, (*rows, last) = agent.ask("/datalake/search", text="t:* e>1")
    assert (status, [row["name"] for row in rows]) == (200, ["a"])
    assert "e here: 2 candidates" in last["end"]["note"]


def test_another_refusal_is_one_sentence_without_sql(rucio, agent):
    rucio.says(SEARCH, refused("InvalidMetadata", "No plugin [SQL: SELECT 1]", status=500))
    status, answer = agent.ask("/datalake/search", text="t:* e=x")
    assert status == 400
    assert "No plugin" in answer["error"]["message"]
    assert "SELECT" not in json.dumps(answer)


def test_a_key_that_no_did_has_is_an_error_that_names_the_nearest(rucio, agent):
    agent.lake.seen_keys.add("lab", ["instrument"])
    status, answer = agent.ask("/datalake/search", text="t:* instrumnt=LAT")
    assert status == 404
    assert answer["error"]["message"] == "No DID in t has the metadata key instrumnt."
    assert answer["error"]["details"] == {"near": "t:* instrument=LAT"}
    _, answer = agent.ask("/datalake/search", text='f* "instrumnt"="x y"', scope="t")
    assert answer["error"]["details"] == {"near": 't:f* instrument="x y"'}


def test_rows_that_make_no_sense_are_counted(rucio, agent):
    rucio.says(SEARCH, listed({"name": None}, *bare(["a"]), "[]"))
    rucio.says(META, listed({"scope": 3}, *full(["a"])))
    _, (*rows, last) = agent.ask("/datalake/search", text="t:* a=x")
    assert [row["name"] for row in rows] == ["a"]
    assert last["end"]["skipped"] == 3


def test_values_travel_as_they_are(rucio, agent):
    value = 'it\'s "5\\" é☺𝄞'
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    agent.ask("/datalake/search", text=f't:* k="{quoted}" or k=y')
    query = parse_qs(next(query for path, query in rucio.queries if "/search" in path))
    assert ast.literal_eval(query["filters"][0]) == [{"k": value}, {"k": "y"}]


def test_keys_are_columns_agreed_configured_and_seen(rucio, agent):
    rucio.says("/meta_conventions/", fixed(["band", "bytes", 3]))
    agent.lake.seen_keys.add("lab", ["target", "created_at", "did_type"])
    _, answer = agent.ask("/datalake/search/keys")
    sources = {key["key"]: key["source"] for key in answer["keys"]}
    assert (sources["size"], sources["band"], sources["target"]) == ("rucio", "convention", "seen")
    assert not {"bytes", "created_at", "did_type"} & sources.keys()
    rucio.says("/meta_conventions/", refused("Nothing", status=500))
    assert "could not be read" in agent.ask("/datalake/search/keys")[1]["note"]


def test_a_key_that_found_something_is_offered_afterwards(rucio, agent):
    rucio.says(SEARCH, listed(*bare(["a"])))
    rucio.says(META, listed(*full(["a"])))
    agent.ask("/datalake/search", text="t:* colour=red and nothing!=*")
    keys = [key["key"] for key in agent.ask("/datalake/search/keys")[1]["keys"]]
    assert "colour" in keys
    assert "nothing" not in keys


def test_older_servers_list_their_keys_elsewhere(rucio, agent):
    rucio.says("/meta_conventions/", Answer(b"<!doctype html>", 404))
    rucio.says("/meta/", fixed(["band"]))
    _, answer = agent.ask("/datalake/search/keys")
    assert "band" in [key["key"] for key in answer["keys"]]
