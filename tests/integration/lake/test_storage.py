"""A site answers as WebDAV should: to its own people, in parts, and in order."""

import base64
import hashlib
import http.client
import ssl
import threading
import xml.etree.ElementTree as ElementTree
import zlib

import pytest

from escape_vre.local.lake import LakeError
from escape_vre.local.lake.behaviour import bytes_stored
from escape_vre.local.lake.rest import path
from escape_vre.testing.waiting import wait_until

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def file(storage, request):
    path = f"/data/tests/{request.node.name}/file"
    assert storage("PUT", path, data=CONTENT).status == 201
    yield path
    storage("DELETE", path)


def test_refuses_strangers(storage, file):
    for method in ("GET", "HEAD", "PROPFIND", "DELETE"):
        answer = storage(method, file, known=False)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert storage("PUT", file, data=b"mine", known=False).status == 401
    assert storage("GET", file).content == CONTENT


def test_takes_a_bearer_token(storage, file, lake):
    token = lake.layout.storage_token.read_text().strip()
    answer = storage("GET", file, known=False, Authorization=f"Bearer {token}")
    assert answer.content == CONTENT
    assert storage("GET", file, known=False, Authorization="Bearer no").status == 401


def test_another_lakes_certificate_is_no_credential(lake, tmp_path):
    from escape_vre.local.lake import environment

    script = (
        "import sys; from pathlib import Path; from lake.server import certificates as c;"
        "f = Path(sys.argv[1]); c.make(f / 'ca', server=f / 's', client=f / 'c')"
    )
    environment_variables = {"PYTHONPATH": str(environment.REQUIREMENTS.parent.parent)}
    import subprocess

    subprocess.run(
        [environment.python(), "-c", script, tmp_path], env=environment_variables, check=True
    )
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    tls.load_cert_chain(tmp_path / "c")
    port = lake.layout.ports()["sites"][lake.sites[0]]
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls)

    def ask():
        connection.request("GET", "/data/")
        return connection.getresponse()

    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask()
    connection.close()


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1048570-", 1048570, 1048576),
        ("bytes=-10", 1048566, 1048576),
        ("bytes=1048000-9999999", 1048000, 1048576),
    ],
)
def test_ranges(storage, file, asked, first, end):
    answer = storage("GET", file, Range=asked)
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(end - first)
    assert answer.content == CONTENT[first:end]


@pytest.mark.parametrize(
    "asked", ["bytes=5-3", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-"]
)
def test_ranges_that_mean_nothing_get_all(storage, file, asked):
    answer = storage("GET", file, Range=asked)
    assert answer.status == 200
    assert answer.content == CONTENT


def test_range_beyond_the_end(storage, file):
    for asked in ("bytes=1048576-", "bytes=-0"):
        answer = storage("GET", file, Range=asked)
        assert answer.status == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_range_only_of_the_same_file(storage, file):
    etag = storage("HEAD", file).headers["ETag"]
    assert storage("GET", file, Range="bytes=0-9", If_Range=etag).status == 206
    storage("PUT", file, data=CONTENT[::-1])
    changed = storage("GET", file, Range="bytes=0-9", If_Range=etag)
    assert changed.status == 200
    assert changed.headers["ETag"] != etag


def test_head_and_conditions(storage, file):
    head = storage("HEAD", file)
    assert (head.status, head.headers["Content-Length"], head.content) == (200, "1048576", b"")
    assert head.headers["Accept-Ranges"] == "bytes"
    assert storage("GET", file, If_None_Match=head.headers["ETag"]).status == 304
    assert storage("HEAD", "/data/").status == 200
    assert storage("HEAD", "/data/nothing").status == 404


def test_propfind(storage, file):
    answer = storage("PROPFIND", file.rsplit("/", 1)[0], Depth="1")
    assert answer.status == 207
    found = ElementTree.fromstring(answer.content)
    links = [one.findtext("{DAV:}href") for one in found]
    assert any(link.endswith("/file") for link in links)
    sizes = [one.text for one in found.iter("{DAV:}getcontentlength")]
    assert sizes == [str(len(CONTENT))]
    assert storage("PROPFIND", "/data/", Depth="infinity").status == 403


def test_move_mkcol_delete(storage, file):
    base = file.rsplit("/", 1)[0]
    assert storage("MKCOL", f"{base}/one").status == 201
    assert storage("MKCOL", f"{base}/one").status == 405
    assert storage("MKCOL", f"{base}/no/such").status == 409
    target = f"{base}/two/deep/file"
    assert storage("MOVE", file, Destination=target).status == 201
    assert storage("MOVE", file, Destination=target).status == 404
    assert storage("MOVE", target, Destination="https://elsewhere.example/x").status == 502
    assert storage("PUT", file, data=b"new").status == 201
    assert storage("MOVE", file, Destination=target, Overwrite="F").status == 412
    assert storage("MOVE", file, Destination=target).status == 204
    assert storage("GET", target).content == b"new"
    assert storage("PUT", target, data=b"newer").status == 200
    assert storage("DELETE", base).status == 204
    assert storage("DELETE", base).status == 404


@pytest.mark.parametrize(
    "path", ["/data/../../ca.pem", "/%2e%2e/%2e%2e/demo.password", "/data/a%00b", "/.unfinished/x"]
)
def test_nobody_leaves_the_site(storage, path):
    assert storage("GET", path).status == 400
    assert storage("PUT", path, data=b"x").status == 400


def test_chunked_upload(storage, lake):
    def parts():
        yield from (b"one", b"two" * 100_000, b"three")

    assert storage("PUT", "/data/tests/chunked", data=parts()).status == 201
    assert storage("GET", "/data/tests/chunked").content == b"one" + b"two" * 100_000 + b"three"


def test_broken_upload_leaves_nothing(lake, storage):
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    tls.load_cert_chain(lake.layout.client_identity)
    port = lake.layout.ports()["sites"][lake.sites[0]]
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls)
    connection.putrequest("PUT", "/data/tests/broken")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"only this")
    connection.close()
    assert storage("GET", "/data/tests/broken").status == 404


def test_a_silent_client_holds_up_nobody(lake, storage, file):
    import socket

    ports = lake.layout.ports()
    silent = [
        socket.create_connection(("127.0.0.1", port))
        for port in (ports["rucio"], *ports["sites"].values())
    ]
    assert storage("GET", file).status == 200
    with lake.rest("demo") as rest:
        assert rest.call("GET", "/ping")
    for one in silent:
        one.close()


def test_many_small_files_over_kept_connections(lake, storage, file):
    """1,008 files of 1 kB over 16 connections."""
    small = f"{file}.small"
    storage("PUT", small, data=CONTENT[:1000])
    tls = ssl.create_default_context(cafile=lake.layout.ca)
    tls.load_cert_chain(lake.layout.client_identity)
    port = lake.layout.ports()["sites"][lake.sites[0]]
    got = []

    def fetch():
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls)
        for _ in range(63):
            connection.request("GET", small)
            got.append(len(connection.getresponse().read()))
        connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [1000] * 1008


# --- what a put relies on, and what can be wrong with a site ---------------------------------


def test_checksums(storage, file):
    want = storage("HEAD", file, Want_Digest="adler32").headers["Digest"]
    assert want == f"adler32={zlib.adler32(CONTENT):08x}"
    md5 = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
    assert storage("GET", file, Want_Digest="sha-256, md5;q=0.5").headers["Digest"] == f"md5={md5}"
    assert storage("HEAD", file, Want_Digest="sha-256").headers["Digest"] is None
    assert storage("HEAD", file).headers["Digest"] is None
    storage("PUT", file, data=b"other")
    changed = storage("HEAD", file, Want_Digest="adler32").headers["Digest"]
    assert changed == f"adler32={zlib.adler32(b'other'):08x}"


@pytest.fixture
def fault(lake):
    """Give the first site a fault, until the test ends."""
    site = lake.sites[0]
    yield lambda name: lake.break_storage(site, name)
    lake.mend_storage(site)
    lake.limit_storage(site, None)


@pytest.mark.parametrize(
    ("name", "status", "kept"),
    [
        ("forgets", 201, None),
        ("truncates", 201, b"12345"),
        ("corrupts", 201, b"1234567891"),
        ("full", 507, None),
        ("refuses", 403, None),
        ("down", 503, None),
        ("no-digest", 201, b"1234567890"),
        ("slow", 201, b"1234567890"),
    ],
)
def test_a_put_to_a_site_with_a_fault(storage, lake, fault, name, status, kept):
    where = f"/data/tests/faults/{name}"
    fault(name)
    assert storage("PUT", where, data=b"1234567890").status == status
    lake.mend_storage(lake.sites[0])
    found = storage("GET", where)
    assert (found.content if found.status == 200 else None) == kept


def test_a_fault_is_of_one_site(storage, fault):
    fault("down")
    assert storage("GET", "/data/", site=0).status == 503
    assert storage("GET", "/data/", site=1).status == 200


def test_a_site_that_gives_no_checksums(storage, file, fault):
    fault("no-digest")
    head = storage("HEAD", file, Want_Digest="adler32")
    assert (head.status, head.headers["Digest"]) == (200, None)


def test_a_site_that_drops_connections(storage, file, fault):
    fault("drops")
    with pytest.raises((OSError, http.client.HTTPException)):
        storage("PUT", f"{file}.2", data=CONTENT)
    assert storage("GET", f"{file}.2").status == 404


def test_faults_that_do_not_exist(lake):
    with pytest.raises(LakeError, match="no fault 'sad'") as raised:
        lake.break_storage(lake.sites[0], "sad")
    assert "truncates" in raised.value.hint
    with pytest.raises(LakeError, match="no site"):
        lake.break_storage("NOWHERE", "full")


def test_a_site_that_is_full_says_so_and_rucio_knows(storage, lake, file, fault):
    site = lake.sites[0]
    stored = bytes_stored(lake.layout.site(site))
    lake.limit_storage(site, stored + 1000)

    def free():
        with lake.rest("demo") as rest:
            found = rest.call("GET", path("rses", site, "usage"))
        return next((one["free"] for one in found if one["source"] == "storage"), None)

    wait_until(lambda: free() == 1000)
    assert storage("PUT", f"{file}.2", data=bytes(1001)).status == 507
    assert storage("PUT", f"{file}.2", data=iter([bytes(600), bytes(600)])).status == 507
    assert storage("GET", f"{file}.2").status == 404
    assert storage("PUT", f"{file}.2", data=bytes(1000)).status == 201
    # What is replaced makes room for what replaces it.
    assert storage("PUT", f"{file}.2", data=bytes(1000)).status == 200
    assert storage("DELETE", f"{file}.2").status == 204
