"""Addresses from catalogues and redirects, as they come."""

import pytest

from escape_vre.core.errors import BadResponseError
from escape_vre.jobs.transfer.address import Address, location
from escape_vre.testing.storage import FakeStorage
from tests.unit.jobs.moving import SMALL, leftovers, run, source

NONSENSE = [
    "https://127.0.0.1:port/x",
    "https://127.0.0.1:99999/x",
    "https://127.0.0.1:0/x",
    "https://[::1/x",
    "https:///x",
    "https://a..b/x",
    "https://exa mple/x",
    "https://127.0.0.1/a\nb",
    "https://127.0.0.1/\ud800",
    "gsiftp://127.0.0.1/x",
    "x",
    "",
    "file://elsewhere/x",
    "https://" + "a" * 300 + "/x",
    "https://h/" + "a" * 20_000,
]


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://h/a b.fits", "https://h/a%20b.fits"),
        ("davs://H/m31-é.fits", "https://h/m31-%C3%A9.fits"),
        ("https://h/a%20b%zz%", "https://h/a%20b%25zz%25"),
        ("https://h/a#1.root", "https://h/a%231.root"),
        ("https://h:8443//x?authz=Bearer token", "https://h:8443//x?authz=Bearer%20token"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://name:secret@h/x", "https://h/x"),
        ("  https://h:443/x  ", "https://h/x"),
        ("dav://h:80", "http://h/"),
    ],
)
def test_an_address_has_one_form(written, read):
    assert str(Address.read(written)) == read
    assert str(Address.read(read)) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("/c", "https://h:8443/c"),
        ("c?x=1", "https://h:8443/a/c?x=1"),
        ("//g/c", "https://g/c"),
        ("https://g:1/c d", "https://g:1/c%20d"),
        ("/m31-\xc3\xa9", "https://h:8443/m31-%C3%A9"),
        ("/m31-\xe9", "https://h:8443/m31-%E9"),
    ],
)
def test_a_redirect_may_leave_out_what_both_have(said, read):
    base = Address.read("davs://h:8443/a/b")
    assert str(Address.read(location(said), base=base)) == read


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://h/x", "https://h:x/"])
def test_a_redirect_leads_to_no_other_scheme(where):
    with pytest.raises(BadResponseError):
        Address.read(where, base=Address.read("https://h/a"))


@pytest.mark.parametrize("url", NONSENSE)
def test_one_that_makes_no_sense_costs_only_itself(storage, tmp_path, url):
    run(source(SMALL, url, storage.put("f", SMALL)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == SMALL
    with pytest.raises(BadResponseError) as caught:
        run(source(SMALL, url), tmp_path / "g")
    assert caught.value.hint
    assert leftovers(tmp_path) == ["f"]


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Signature=1",
        "x-amz-security-token=1",
        "X-Goog-Signature=1",
        "Signature=1&Expires=2",
        "sig=1",
        "temp_url_sig=1",
        "authz=1",
    ],
)
def test_a_signed_address_is_known(query):
    assert Address.read(f"https://h/x?a=b&{query}").signed
    assert not Address.read(f"https://h/x?a={query.partition('=')[0]}").signed


def test_redirects_of_every_form_are_followed(storage, tmp_path):
    storage.put("end é", SMALL)
    for n, where in enumerate(["end%20%C3%A9", "/end \xc3\xa9", storage.url("end \xc3\xa9")]):
        run(source(SMALL, storage.put("a", SMALL, location=where)), tmp_path / f"{n}")
        assert (tmp_path / f"{n}").read_bytes() == SMALL
