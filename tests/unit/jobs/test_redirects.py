"""Redirects of storages: whom they are trusted by, and what they are shown."""

import ssl

import pytest
import trustme

from escape_vre.core.errors import RemoteError
from escape_vre.core.service import StorageAccess
from escape_vre.testing.storage import FakeStorage
from tests.unit.jobs.moving import SMALL, move, run, source


class Site(StorageAccess):
    """A site with an authority of its own; shows a token, and a certificate where it has one."""

    def __init__(self, folder):
        self.authority = trustme.CA()
        self._file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self._file))
        self.context = ssl.create_default_context(cafile=str(self._file))
        self.plain = self.listed = False

    def storage(self, *, wants_certificate=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        if wants_certificate:
            context.load_verify_locations(str(self._file))
            context.verify_mode = ssl.CERT_REQUIRED
        return FakeStorage(tls=context)

    def headers(self, url, *, refused, check):
        return {"Authorization": "Bearer secret"} if url.startswith("https") else {}

    def follows(self, url):
        return self.listed

    def tls(self):
        return self.context

    def may_be_plain(self, url):
        return self.plain


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_the_sites_authority_holds_after_a_redirect_and_connections_are_kept(site, tmp_path):
    with site.storage() as door, site.storage() as pool:
        url = door.put("f", SMALL, location=pool.put("f", SMALL))
        wanted = [(source(SMALL, url, name=f"{n}"), tmp_path / f"{n}") for n in range(40)]
        assert move(wanted, access=site, connections=4) == {}
        assert pool.connections <= 4
        assert door.connections <= 4


def test_the_certificate_is_shown_after_a_redirect(site, tmp_path):
    site.authority.issue_cert("jdoe@example.org").configure_cert(site.context)
    with site.storage() as door, site.storage(wants_certificate=True) as pool:
        url = door.put("f", SMALL, location=pool.put("f", SMALL))
        run(source(SMALL, url), tmp_path / "f", access=site)
    assert (tmp_path / "f").read_bytes() == SMALL


@pytest.mark.parametrize("listed", [True, False])
def test_the_token_goes_along_only_where_the_site_lists_the_host(site, tmp_path, listed):
    site.listed = listed
    with site.storage() as door, site.storage() as pool:
        url = door.put("f", SMALL, location=pool.put("f", SMALL))
        run(source(SMALL, url), tmp_path / "f", access=site)
        assert door.seen[0].headers["Authorization"] == "Bearer secret"
        assert ("Authorization" in pool.seen[0].headers) == listed


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("plain", [True, False])
def test_from_https_to_http_only_where_listed_and_with_a_checksum(site, tmp_path, plain, checksum):
    site.plain = site.listed = plain
    with site.storage() as door, FakeStorage() as pool:
        what = source(SMALL, door.put("f", SMALL, location=pool.put("f", SMALL)), checksum=checksum)
        if plain and checksum:
            run(what, tmp_path / "f", access=site)
            assert "Authorization" not in pool.seen[0].headers
        else:
            with pytest.raises(RemoteError, match="https to http"):
                run(what, tmp_path / "f", access=site)
            assert pool.seen == []


def test_a_redirect_that_leads_nowhere_is_explained(site, tmp_path):
    with site.storage() as door:
        door.put("f", SMALL, status=302)
        with pytest.raises(RemoteError, match="without saying where"):
            run(source(SMALL, door.url("f")), tmp_path / "f", access=site)
