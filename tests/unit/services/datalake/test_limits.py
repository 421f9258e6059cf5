"""What a remote may send has limits, whoever it is, and what it is compressed with."""

import asyncio
import gzip
import json
import tracemalloc
import zlib

import pytest

from escape_vre.core import bodies
from escape_vre.core.errors import BadResponseError
from escape_vre.core.http import RemoteClient
from escape_vre.core.tls import tls_context
from escape_vre.testing.rucio import Answer, fixed, listed

MIB = 1024 * 1024
FILE = {"scope": "t", "name": "a", "type": "FILE"}
GZIP = {"Content-Encoding": "gzip"}
PLACES = [
    ("/scopes/", "/datalake/scopes", {}),
    ("/dids/t/a", "/datalake/did", {"ref": "t:a"}),
    ("/dids/t/a/dids", "/datalake/contents", {"ref": "t:a"}),
    ("/auth/userpass", "/datalake/scopes", {}),
]


@pytest.fixture(scope="module")
def bomb():
    """0.3 MB that become 300 MB."""
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return b"".join(packing.compress(bytes(MIB)) for _ in range(300)) + packing.flush()


def most_memory(call):
    """Return what a call returns, and the most memory that it took, bytes."""
    tracemalloc.start()
    try:
        found = call()
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("remote", "path", "query"), PLACES)
def test_a_compressed_bomb_is_not_inflated(agent, rucio, bomb, remote, path, query, status):
    rucio.says(remote, Answer(bomb, status, GZIP))
    (answered, found), most = most_memory(lambda: agent.ask(path, **query))
    assert answered >= 400
    assert found["error"]["code"] == "bad_response"
    assert most < 32 * MIB


@pytest.mark.parametrize(("remote", "path", "query"), PLACES)
def test_a_body_that_is_announced_too_long_is_not_read(agent, rucio, remote, path, query):
    if remote.endswith("/dids"):
        rucio.says(remote, Answer(b"x" * 6 * MIB))  # a list may be long, a line may not
    else:
        rucio.says(remote, Answer(b"[", headers={"Content-Length": str(2**40)}, cut=True))
    status, found = agent.ask(path, **query)
    assert (status, found["error"]["code"]) == (502, "bad_response")
    assert "more than" in found["error"]["message"]


def test_a_long_body_without_a_length_is_given_up(rucio):
    rucio.says("/x", Answer(bytes(3 * MIB), stays=True))

    async def once():
        http = RemoteClient("The Hub", tls=tls_context(None), timeout_s=30)
        try:
            await http.request("GET", rucio.url + "/x")
        finally:
            await http.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies.read, "__kwdefaults__", {"limit": 2 * MIB})
        with pytest.raises(BadResponseError, match="The Hub sent a body of more than 2 MiB"):
            asyncio.run(once())


def test_a_compression_that_nobody_asked_for_is_refused(agent, rucio):
    rucio.says("/scopes/", Answer(b"?", headers={"Content-Encoding": "gzip, gzip"}))
    assert agent.ask("/datalake/scopes")[1]["error"]["code"] == "bad_response"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b'["t"]'), "gzip"),
        (gzip.compress(b'["') + gzip.compress(b't"]'), "gzip"),
        (zlib.compress(b'["t"]'), "deflate"),
        (b'["t"]', "identity"),
    ],
    ids=["gzip", "two of gzip", "deflate", "identity"],
)
def test_what_is_compressed_in_reason_is_read(agent, rucio, body, coding):
    rucio.says("/scopes/", Answer(body, headers={"Content-Encoding": coding}))
    assert agent.ask("/datalake/scopes") == (200, {"scopes": ["t"]})


def test_a_compressed_list_is_read(agent, rucio):
    names = [f"file.{n:06}" for n in range(20_000)]
    rows = listed(*({"scope": "t", "name": name, "type": "FILE"} for name in names))
    rucio.says("/dids/t/a/dids", Answer(gzip.compress(rows.body), headers=GZIP))
    _, lines = agent.ask("/datalake/contents", ref="t:a")
    assert [line["name"] for line in lines[:-1]] == names


def test_a_compressed_body_that_ends_too_early_is_not_all(agent, rucio, at_once):
    whole = gzip.compress(json.dumps(["t"] * 1000).encode())
    rucio.says("/scopes/", Answer(whole[:-9], headers=GZIP))
    assert agent.ask("/datalake/scopes")[1]["error"]["code"] == "bad_response"


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000], ids=["list", "object", "number"]
)
@pytest.mark.parametrize(("remote", "path", "query"), PLACES[:3])
def test_json_that_python_cannot_hold_is_a_bad_answer(
    agent, rucio, remote, path, query, body, status
):
    rucio.says(remote, Answer(body + b"\n", status))
    answered, found = agent.ask(path, **query)
    assert (answered, found["error"]["code"]) in [
        (502, "bad_response"),
        (503, "remote_unavailable"),
    ]


def test_only_a_newline_ends_a_line(agent, rucio):
    names = ["a\u2028b", "a\u2029b", "a\u0085b", "a\x0bb", "a\x0cb", "a\rb"]
    lines = [json.dumps({**FILE, "name": name}, ensure_ascii=False).encode() for name in names]
    rucio.says("/dids/t/a/dids", listed(*lines))
    _, found = agent.ask("/datalake/contents", ref="t:a")
    assert [line.get("name") for line in found] == [*names, None]


def test_what_is_no_list_at_all_is_no_empty_list(agent, rucio):
    rucio.says("/dids/t/a/dids", listed(b"<html>", b"maintenance", b"</html>"))
    status, found = agent.ask("/datalake/contents", ref="t:a")
    assert (status, found["error"]["code"]) == (502, "bad_response")


def test_a_provider_that_sends_too_much_is_refused(tmp_path, bomb):
    from escape_vre.core.oidc import Provider, Registration
    from escape_vre.testing.rucio import FakeRucio

    with FakeRucio() as server:
        server.says("/.well-known/openid-configuration", Answer(bomb, headers=GZIP))
        provider = Provider(Registration(server.url, "c", "rucio", "openid"))

        async def once():
            try:
                await provider.start()
            finally:
                await provider.close()

        with pytest.raises(BadResponseError):
            asyncio.run(once())


def test_a_refusal_says_no_more_than_a_sentence(agent, rucio):
    long = {"ExceptionClass": "AccessDenied", "ExceptionMessage": "x" * 100_000}
    rucio.says("/scopes/", Answer(fixed(long).body, 403))
    assert len(agent.ask("/datalake/scopes")[1]["error"]["message"]) < 400


@pytest.mark.parametrize("message", ["n\u00fcll is no name", "n\u00c3\u00bcll is no name"])
def test_a_refusal_in_a_header_may_hold_any_letter(agent, rucio, message):
    """Rucio writes its message into a header too, as it is: Latin-1 or UTF-8."""
    headers = {"ExceptionClass": "AccessDenied", "ExceptionMessage": message}
    rucio.says("/scopes/", Answer(b"{}", 403, headers))
    status, found = agent.ask("/datalake/scopes")
    assert (status, found["error"]["code"]) == (403, "denied")
    assert "n\u00fcll is no name" in found["error"]["message"]


def test_a_list_of_nothing_takes_little_memory(agent, rucio):
    """Python needs 20 times as much for empty lists as they are long."""
    rucio.says("/scopes/", Answer(b"[" + b"[]," * 4 * MIB + b"[]]"))
    (status, found), most = most_memory(lambda: agent.ask("/datalake/scopes"))
    assert (status, found["error"]["code"]) == (502, "bad_response")
    assert most < 100 * MIB
