"""Storages that ask for a certificate once they know which file is wanted (TLS 1.3, RFC 8446).

So do Apache, where only some folders want one, and the doors that are made of it.
"""

import select
import ssl
import time

import pytest
import trustme

from escape_vre.core.service import StorageAccess
from escape_vre.core.tls import tls_context
from escape_vre.testing.storage import FakeStorage
from tests.unit.jobs.moving import SMALL, move, source


class Late(FakeStorage):
    """Asks for a certificate at every request on a connection that has shown none."""

    asked = 0

    def _answer(self, handler):
        connection = handler.connection
        assert connection.version() == "TLSv1.3"
        if not connection.getpeercert() and not self._shown(connection):
            self._head(handler, 403, 0, {})
            return
        super()._answer(handler)

    def _shown(self, connection):
        try:
            connection.verify_client_post_handshake()
            connection.do_handshake()  # sends the request
        except ssl.SSLError:  # the client said in its hello that it cannot be asked
            return False
        self.asked += 1
        connection.setblocking(False)
        deadline = time.monotonic() + 60
        try:
            while not connection.getpeercert() and time.monotonic() < deadline:
                try:
                    connection.recv(1)  # nothing: the client waits for its answer
                except ssl.SSLWantReadError:
                    if not connection.getpeercert():
                        select.select([connection], [], [], 1)
                except ssl.SSLError:  # it has none
                    return False
        finally:
            connection.setblocking(True)
        return bool(connection.getpeercert())


class Site(StorageAccess):
    """Trusts one authority, and shows a certificate if it has one."""

    def __init__(self, *files):
        self._context = tls_context(*files)

    def tls(self):
        return self._context


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made.issue_cert("jdoe@example.org").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "proxy.pem")
    )
    return made


@pytest.fixture
def storage(authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.load_verify_locations(str(tmp_path / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.post_handshake_auth = True
    with Late(tls=context) as running:
        yield running


def test_the_certificate_is_shown_when_it_is_asked_for(storage, tmp_path):
    url = storage.put("f", SMALL)
    site = Site(str(tmp_path / "ca.pem"), str(tmp_path / "proxy.pem"))
    wanted = [(source(SMALL, url, name=f"{n}"), tmp_path / "to" / f"{n}") for n in range(20)]
    assert move(wanted, access=site, connections=2) == {}
    assert [path.read_bytes() for _, path in wanted] == [SMALL] * 20
    assert 1 <= storage.asked == storage.connections < 20, "once a connection, which is kept"


def test_a_site_without_a_certificate_is_refused(storage, tmp_path):
    url = storage.put("f", SMALL)
    wanted = source(SMALL, url)
    failed = move([(wanted, tmp_path / "f")], access=Site(str(tmp_path / "ca.pem")))
    assert failed["f"].message == "The storage 127.0.0.1 does not let you read this file (403)."
    assert storage.asked == 0
    assert not (tmp_path / "f").exists()
