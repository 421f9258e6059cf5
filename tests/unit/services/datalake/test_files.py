"""Which files a DID stands for: read as they come, whatever their number."""

import tracemalloc

import pytest

from escape_vre.core.errors import BadResponseError
from escape_vre.core.fingerprints import Fingerprints
from escape_vre.core.service import FetchQuery
from escape_vre.testing.rucio import Answer, fixed, listed

DATASET = {"scope": "t", "name": "ds", "type": "DATASET"}
MANY = 20_000
MIB = 1024 * 1024


def replica(name, **more):
    url = f"https://site/{name}"
    return {"scope": "t", "name": name, "bytes": 3, "pfns": {url: {"priority": 1}}} | more


def sources(agent, *refs, flat=False):
    async def all_of():
        query = FetchQuery(instance="lab", refs=refs, flat=flat)
        return [source async for source in agent.lake.sources(query)]

    return agent.run(all_of())


def test_files_without_a_replica_come_after_those_with(agent, rucio):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(replica("b"), replica("b"), replica("c")))
    rows = [{"scope": "t", "name": name, "bytes": 5, "adler32": "1"} for name in "abc"]
    rucio.says("/dids/t/ds/files", listed(*rows))
    found = sources(agent, "rucio:t:ds")
    assert [(one.parts, one.urls, one.bytes) for one in found] == [
        (("t", "ds", "b"), ("https://site/b",), 3),
        (("t", "ds", "c"), ("https://site/c",), 3),
        (("t", "ds", "a"), (), 5),
    ]
    assert found[2].checksums == {"adler32": "00000001"}
    assert found[0].collections == ("rucio:t:ds",)


def test_in_a_folder_of_the_users_the_scope_that_was_named_is_no_folder(agent, rucio):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(replica("a"), replica("b", scope="other")))
    rucio.says("/dids/t/ds/files", listed())
    usual = sources(agent, "rucio:t:ds")
    assert [one.parts for one in usual] == [("t", "ds", "a"), ("t", "ds", "other", "b")]
    chosen = sources(agent, "rucio:t:ds", flat=True)
    assert [one.parts for one in chosen] == [("ds", "a"), ("ds", "other", "b")]
    assert [one.ref for one in chosen] == [one.ref for one in usual]


def parents(*names):
    return listed(*({"scope": "t", "name": name, "type": "CONTAINER"} for name in names))


def test_all_that_holds_a_file_is_told_of_it_however_it_is_asked_for(agent, rucio):
    file = {"scope": "t", "name": "a", "type": "FILE"}
    rucio.says("/dids/t/a", fixed(file))
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/dids/t/top", fixed({"scope": "t", "name": "top", "type": "CONTAINER"}))
    rucio.says("/dids/t/top/dids", listed(DATASET))
    rucio.says("/replicas/list", listed(replica("a")))
    rucio.says("/dids/t/a/parents", parents("ds"))
    rucio.says("/dids/t/ds/parents", parents("top", "other"))
    rucio.says("/dids/t/other/parents", parents("all"))
    rucio.says("/dids/t/all/parents", parents("other"))  # nonsense, but no end of asking
    expected = {f"rucio:t:{name}" for name in ("ds", "top", "other", "all")}
    for asked in ("a", "ds", "top"):
        (found,) = sources(agent, f"rucio:t:{asked}")
        assert set(found.collections) == expected
        assert len(found.collections) == len(expected)


def test_what_holds_a_file_is_not_needed_to_get_it(agent, rucio, at_once):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(replica("a")))
    rucio.says("/dids/t/ds/parents", Answer(b"no", 500))
    (found,) = sources(agent, "rucio:t:ds")
    assert found.collections == ("rucio:t:ds",)


def test_a_file_that_was_asked_for_twice_comes_once(agent, rucio):
    rucio.says("/dids/t/a", fixed({"scope": "t", "name": "a", "type": "FILE"}))
    rucio.says("/replicas/list", listed(replica("a")))
    assert len(sources(agent, "rucio:t:a", "rucio:t:a")) == 1


def test_the_order_of_replicas_survives_what_they_say_of_themselves(agent, rucio):
    pfns = {
        "https://tape/a": {"type": "TAPE", "priority": 1},
        "https://odd/a": {"type": 5, "priority": "x"},
        "https://none/a": None,
        "https://second/a": {"priority": 2},
        "https://first/a": {"priority": "1"},
        "file:///first/a": {"priority": 9},
    }
    rucio.says("/dids/t/a", fixed({"scope": "t", "name": "a", "type": "FILE"}))
    rucio.says("/replicas/list", listed(replica("a", pfns=pfns)))
    (found,) = sources(agent, "rucio:t:a")
    assert [url.partition("://")[2].partition("/")[0] for url in found.urls] == [
        *("", "first", "second", "odd", "none", "tape"),
    ]


def test_a_list_that_breaks_off_is_read_again(agent, rucio, at_once):
    names = [f"file.{n:04}" for n in range(3000)]
    rows = [replica(name) for name in names]
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(*rows[:2000], cut=True), listed(*rows))
    found = sources(agent, "rucio:t:ds")
    assert [one.parts[-1] for one in found] == names


def test_a_dataset_that_breaks_off_is_no_smaller_dataset(agent, rucio, at_once):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", listed(replica("a")))
    rucio.says("/dids/t/ds/files", listed({"scope": "t", "name": "b"}, cut=True))
    with pytest.raises(BadResponseError):
        sources(agent, "rucio:t:ds")


def test_memory_does_not_grow_with_a_dataset(agent, rucio):
    rucio.says("/dids/t/ds", fixed(DATASET))
    names = [f"file.{n:06}" for n in range(MANY)]
    rucio.says("/replicas/list", listed(*(replica(name) for name in names)))
    rucio.says("/dids/t/ds/files", listed(*({"scope": "t", "name": name} for name in names)))

    async def counted():
        query = FetchQuery(instance="lab", refs=["rucio:t:ds"])
        count = 0
        async for source in agent.lake.sources(query):
            count += bool(source.urls)
        return count

    tracemalloc.start()
    try:
        assert agent.run(counted()) == MANY
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 4 * MIB  # kept rows would be many times as much


def test_fingerprints_are_a_set():
    seen = Fingerprints()
    names = [("t", str(n)) for n in range(50_000)]
    assert all(seen.add(name) for name in names)
    assert not any(seen.add(name) for name in names)
    assert all(name in seen for name in names)
    assert ("t", "none") not in seen


def test_an_empty_dataset_has_no_file(agent, rucio):
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says("/replicas/list", Answer())
    assert sources(agent, "rucio:t:ds") == []
