"""A wrong row of Rucio costs itself: it is skipped, or read as it was meant, and counted."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escape_vre.core.service import FetchQuery, FileSource, Skipped
from escape_vre.testing.rucio import fixed, listed

FILE = {"scope": "t", "name": "a", "type": "FILE", "did_type": "FILE", "bytes": 3}
DATASET = {"scope": "t", "name": "ds", "type": "DATASET", "did_type": "DATASET"}
SITE = {"rse": "A", "state": "AVAILABLE", "length": 1, "available_length": 1}
WRONG = [
    {},
    {"scope": "t", "type": "FILE"},
    {**FILE, "name": None},
    {**FILE, "name": ""},
    {**FILE, "name": 5},
    {**FILE, "name": ["a"]},
    {**FILE, "name": "\ud800"},
    {**FILE, "name": "a\0b"},
    {**FILE, "scope": {"a": 1}},
    {**FILE, "type": 7, "did_type": 7},
    [FILE],
    "a",
    5,
    None,
    True,
    b"not JSON",
    b"[" * 100_000,
    b'"\xff"',
]
LISTS = [
    ("/dids/t/dids/search", "/datalake/dids", {"scope": "t", "type": "file"}),
    ("/dids/t/ds/dids", "/datalake/contents", {"ref": "t:ds"}),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda row: repr(row)[:40])
@pytest.mark.parametrize(("remote", "path", "query"), LISTS)
def test_a_wrong_row_is_skipped_and_counted(agent, rucio, remote, path, query, wrong):
    rucio.says(remote, listed(FILE, wrong, {**FILE, "name": "b"}))
    status, (*rows, last) = agent.ask(path, **query)
    assert status == 200
    assert [row["name"] for row in rows] == ["a", "b"]
    assert last == {"end": {"count": 2, "truncated": False, "skipped": 1}}


def test_a_list_of_wrong_rows_alone_is_no_error(agent, rucio):
    rucio.says("/dids/t/ds/dids", listed({}, {"name": None}, 5))
    rucio.says("/dids/t/ds", fixed(DATASET))
    status, lines = agent.ask("/datalake/contents", ref="t:ds")
    assert (status, lines) == (200, [{"end": {"count": 0, "truncated": False, "skipped": 3}}])


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("bytes", "123", 123),
        ("bytes", 123.0, 123),
        ("bytes", 2**53 + 1, 2**53 + 1),
        ("bytes", True, None),
        ("bytes", -1, None),
        ("bytes", 1.5, None),
        ("bytes", 10**30, None),
        ("bytes", float("nan"), None),
        ("bytes", float("inf"), None),
        ("bytes", "much", None),
        ("bytes", "²", None),
        ("bytes", [1], None),
        ("length", "7", 7),
        ("length", {"a": 1}, None),
        ("adler32", "1A2B3C", "001a2b3c"),
        ("adler32", 5, None),
        ("adler32", "zzzzzzzz", None),
        ("md5", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        ("md5", [], None),
        ("name", "a\x1b[31m\u202e", "a\x1b[31m\u202e"),
        ("name", "/A/B/C:d", "/A/B/C:d"),
        ("type", None, "file"),
        ("type", "CONTAINER", "container"),
        ("type", "D", "dataset"),
    ],
)
@pytest.mark.parametrize(("remote", "path", "query"), LISTS)
def test_a_value_is_read_as_it_was_meant(agent, rucio, remote, path, query, field, sent, read):
    row = {key: value for key, value in FILE.items() if key != "did_type"}
    rucio.says(remote, listed({**row, field: sent}))
    _, (found, last) = agent.ask(path, **query)
    assert found[field] == read
    assert last["end"]["skipped"] == 0


def test_scopes_that_are_none_are_left_out(agent, rucio):
    rucio.says("/scopes/", fixed(["t", 5, None, "", ["a"], "\ud800", "u"]))
    assert agent.ask("/datalake/scopes") == (200, {"scopes": ["t", "u"]})


@pytest.mark.parametrize("wrong", ["\ud800", "a\0b"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/datalake/get", {"refs": ["rucio:t:{}"]}),
        ("/datalake/get", {"refs": ["rucio:t:a"], "to": "/tmp/{}"}),
        ("/datalake/get", {"refs": ["rucio:t:a"], "files": ["{}"]}),
        ("/datalake/get", {"refs": ["rucio:t:a"], "client": "{}"}),
        ("/datalake/get", {"refs": ["rucio:t:a"], "instance": "{}"}),
        ("/datalake/states", {"refs": ["rucio:t:{}"]}),
        ("/sign-outs", {"identity": "{}"}),
    ],
)
def test_a_text_that_can_be_no_name_is_a_wrong_request(agent, rucio, path, body, wrong):
    rucio.says("/dids/t/a", fixed(FILE))
    text = json.dumps(body).replace("{}", json.dumps(wrong)[1:-1])
    status, found = agent.send(path, text.encode())
    assert (status, found["error"]["code"]) == (400, "usage")


def test_a_scope_of_dots_leads_nowhere_else(agent, rucio):
    rucio.says("/dids/../dids/search", listed({**FILE, "scope": ".."}))
    _, lines = agent.ask("/datalake/dids", scope="..", type="file")
    assert lines[0]["ref"] == "rucio:..:a"


# ── whatever stands in a field ──────────────────────────────────────────────────────────────────

TEXT = st.text(st.characters(codec=None), max_size=8)  # with halves of UTF-16 pairs
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
FIELDS = {
    *("scope", "name", "type", "did_type", "bytes", "length", "adler32", "md5", "account"),
    *("rse", "state", "available_length", "available_bytes", "states", "rses", "pfns"),
    *("created_at", "open", "site_metadata", "ExceptionMessage"),
}
ROWS = st.builds(
    lambda base, wrong: {**base, **wrong},
    st.sampled_from([FILE, DATASET, {**FILE, **SITE}, {**DATASET, **SITE}, {}]),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES, max_size=3),
)
REMOTES = (
    *("/dids/t/dids/search", "/dids/t/a/dids", "/dids/t/a/files", "/dids/t/a", "/dids/t/a/meta"),
    *("/dids/bulkmeta", "/replicas/datasets_bulk", "/replicas/t/a/datasets", "/replicas/list"),
    *("/scopes/", "/accounts/whoami", "/ping"),
)
ROUTES = [
    ("/datalake/dids", None, {"scope": "t"}),
    ("/datalake/contents", None, {"ref": "t:a"}),
    ("/datalake/did", None, {"ref": "t:a"}),
    ("/datalake/replicas", None, {"ref": "t:a"}),
    ("/datalake/states", {"refs": ["rucio:t:a", "rucio:t:ds"]}, {}),
    ("/datalake/scopes", None, {}),
    ("/datalake/whoami", None, {}),
    ("/datalake/complete", None, {"text": "t:a"}),
]
KNOWN = {"auth", "bad_response", "not_found", "remote", "remote_unavailable", "usage"}


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROWS | VALUES, max_size=4))
@pytest.mark.parametrize(("path", "body", "query"), ROUTES, ids=[one[0] for one in ROUTES])
def test_no_row_is_an_error_of_ours(agent, rucio, path, body, query, rows):
    for remote in REMOTES:
        single = remote in ("/dids/t/a", "/dids/t/a/meta", "/accounts/whoami", "/ping")
        if remote == "/scopes/":
            rucio.says(remote, fixed(["t", *rows]))
        else:
            rucio.says(remote, fixed(rows[0] if rows else {}) if single else listed(*rows))
    status, found = agent.ask(path, body, **query)
    if status != 200:
        assert found["error"]["code"] in KNOWN
    elif isinstance(found, list) and "error" not in found[-1]:
        end = found[-1]["end"]
        times = 3 if path == "/datalake/dids" else 1  # containers, datasets, files
        assert end["count"] + end["skipped"] == times * len(rows)
        assert end["count"] == len(found) - 1


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROWS | VALUES, max_size=4))
def test_no_row_keeps_the_other_files_from_being_got(agent, rucio, rows):
    named = [row for row in rows if isinstance(row, dict)]
    assert all("ExceptionClass" not in row for row in named)
    rucio.says("/dids/t/ds", fixed(DATASET))
    rucio.says(
        "/replicas/list", listed(*rows, {**FILE, "name": "good", "pfns": {"https://s/g": {}}})
    )
    rucio.says("/dids/t/ds/files", listed(*rows))

    async def all_of():
        query = FetchQuery(instance="lab", refs=["rucio:t:ds"])
        return [source async for source in agent.lake.sources(query)]

    found = agent.run(all_of())
    assert sum(one.rows for one in found if isinstance(one, Skipped)) <= len(rows)
    sources = {one.ref: one for one in found if isinstance(one, FileSource)}
    good = sources["rucio:t:good"]
    assert good.urls == ("https://s/g",)
    assert good.bytes == 3
    for source in sources.values():
        json.dumps([source.ref, *source.urls], ensure_ascii=False).encode()
        assert source.bytes is None or source.bytes >= 0
