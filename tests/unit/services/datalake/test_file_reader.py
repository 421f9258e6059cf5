"""Reading parts of a file whose storages misbehave, and who is shown the token."""

import multiprocessing
import random
import ssl
from hashlib import sha256

import pytest
import trustme

from escape_vre.core.errors import AuthError, IntegrityError, NotFoundError
from escape_vre.services.datalake.filesystem import reader as module
from escape_vre.services.datalake.filesystem.pool import pool
from escape_vre.services.datalake.filesystem.reader import ChangedError, NoRangesError, Reader
from escape_vre.testing.storage import FakeStorage

BODY = random.Random(1).randbytes(300_000)
SIZE = len(BODY)
OTHER = random.Random(2).randbytes(300_000)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "PAUSES_S", (0.0, 0.0, 0.0))
    yield
    pool.close()


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def secure(authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with FakeStorage(tls=context) as running:
        yield running


class Agent:
    """Answers as the agent does, and remembers what it was asked."""

    def __init__(self, *urls, size: int | None = SIZE, **credentials):
        self.urls, self.size, self.refused = list(urls), size, []
        self.credentials = {
            "token": None,
            "expires": None,
            "token_hosts": [],
            "redirect_hosts": [],
            "ca_files": [],
            "cert_file": None,
            "key_file": None,
            "http_proxy": None,
            "https_proxy": None,
            "no_proxy": None,
            "timeout_s": 20.0,
            "problem": "",
            **credentials,
        }

    def __call__(self, refused):
        self.refused.append(refused)
        return self.answer()

    def answer(self):
        return {
            "file": {"bytes": self.size},
            "urls": list(self.urls),
            "download": "last",
            "credentials": dict(self.credentials),
        }

    def reader(self):
        return Reader(self, self.answer())


def test_one_connection_serves_all_parts(storage):
    found = Agent(storage.put("m31", BODY)).reader()
    for start in (0, 100_000, 5, 299_999):
        assert found.read(start, start + 1000) == BODY[start : start + 1000]
    assert found.read(300_000, 300_010) == b""
    assert storage.connections == 1
    assert found.read(0, 10**9) == BODY


def test_the_next_replica_serves_where_one_fails(storage):
    agent = Agent(
        storage.put("down", BODY, status=500),
        "https://127.0.0.1:9/refused",
        "root://nowhere//odd",
        storage.put("well", BODY),
    )
    found = agent.reader()
    assert found.read(10, 20) == BODY[10:20]
    asked = len(storage.seen)
    assert found.read(30, 40) == BODY[30:40]
    assert [seen.path for seen in storage.seen[asked:]] == ["well"]


def test_the_next_replica_serves_where_one_breaks_off(storage):
    found = Agent(storage.put("cut", BODY, cut_after=5000), storage.put("well", BODY)).reader()
    assert found.read(0, 100_000) == BODY[:100_000]
    assert [seen.path for seen in storage.seen] == ["cut", "well"]


def test_a_busy_storage_is_asked_again(storage):
    found = Agent(storage.put("busy", BODY, status=503, times=2)).reader()
    assert found.read(0, 10) == BODY[:10]
    assert len(storage.seen) == 3


def test_a_file_that_changes_is_no_mixture(storage):
    found = Agent(storage.put("m31", BODY), storage.put("copy", BODY)).reader()
    assert found.read(0, 10) == BODY[:10]
    storage.put("m31", OTHER)
    with pytest.raises(ChangedError, match="has changed"):
        found.read(10, 20)


def test_a_file_of_another_size_is_not_read(storage):
    found = Agent(storage.put("m31", BODY), size=len(BODY) + 1).reader()
    with pytest.raises(IntegrityError):
        found.read(0, 10)
    with pytest.raises(IntegrityError):
        Agent(storage.url("m31"), size=len(BODY) * 2).reader().read(len(BODY) + 10, len(BODY) + 20)


def test_no_parts_of_files(storage):
    agent = Agent(storage.put("whole", BODY, ranges=False))
    with pytest.raises(NoRangesError):
        agent.reader().read(10, 20)
    with pytest.raises(NoRangesError):
        Agent(storage.url("whole"), size=None).reader()
    assert agent.reader().read(0, len(BODY)) == BODY


def test_a_missing_file_is_asked_about_once_more(storage):
    """The catalogue may say by now where it is."""
    agent = Agent(storage.url("gone"))
    found = agent.reader()
    agent.urls = [storage.put("moved", BODY)]
    assert found.read(0, 10) == BODY[:10]
    assert agent.refused == [None]
    agent.urls = [storage.url("gone")]
    with pytest.raises(NotFoundError):
        agent.reader().read(0, 10)
    assert agent.refused == [None, None]


def secured(storage, tmp_path, *urls, **credentials):
    told = {"ca_files": [str(tmp_path / "ca.pem")], "token_hosts": ["127.0.0.1"], **credentials}
    return Agent(*(urls or [storage.put("m31", BODY)]), **told)


def test_a_token_that_is_refused_is_asked_for_again(secure, tmp_path):
    secure.token = "new"
    agent = secured(secure, tmp_path, token="old")
    found = agent.reader()
    agent.credentials["token"] = "new"
    assert found.read(0, 10) == BODY[:10]
    assert agent.refused == [sha256(b"old").hexdigest()]
    assert found.read(10, 20) == BODY[10:20]
    assert len(agent.refused) == 1


def test_a_token_that_ends_soon_is_replaced(secure, tmp_path):
    secure.token = "new"
    agent = secured(secure, tmp_path, token="old", expires=1.0)
    found = agent.reader()
    agent.credentials |= {"token": "new", "expires": None}
    assert found.read(0, 10) == BODY[:10]
    assert len(secure.seen) == 1


def test_a_token_that_never_serves_is_an_error(secure, tmp_path):
    secure.token = "another"
    with pytest.raises(AuthError, match="does not let you read"):
        secured(secure, tmp_path, token="old").reader().read(0, 10)


def tokens_seen(storage):
    return {seen.headers.get("Authorization") for seen in storage.seen}


def test_only_hosts_that_are_named_see_the_token(storage, secure, tmp_path):
    named = secured(secure, tmp_path, token="secret")
    assert named.reader().read(0, 10) == BODY[:10]
    assert tokens_seen(secure) == {"Bearer secret"}
    secure.seen.clear()
    secured(secure, tmp_path, token="secret", token_hosts=["other.org"]).reader().read(0, 10)
    secured(
        secure, tmp_path, secure.put("signed", BODY) + "?X-Amz-Signature=1", token="secret"
    ).reader().read(0, 10)
    plain = secured(secure, tmp_path, storage.put("plain", BODY), token="secret")
    plain.reader().read(0, 10)
    assert tokens_seen(secure) == tokens_seen(storage) == {None}


@pytest.mark.parametrize("listed", [False, True])
def test_a_redirect_is_followed_once_and_remembered(secure, authority, tmp_path, listed):
    """As at a dCache door, whose pool answers; the token goes there only where it is listed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FakeStorage(tls=context) as at:
        where = at.put("pool", BODY)
        door = secure.put("door", BODY, location=where)
        hosts = ["127.0.0.1"] if listed else []
        agent = secured(secure, tmp_path, door, token="secret", redirect_hosts=hosts)
        found = agent.reader()
        assert [found.read(n, n + 5) for n in (0, 50, 90)] == [BODY[n : n + 5] for n in (0, 50, 90)]
        assert (len(secure.seen), len(at.seen)) == (1, 3)
        assert tokens_seen(at) == ({"Bearer secret"} if listed else {None})
        del at.files["pool"]  # such addresses last for a while only
        secure.files["door"].location = at.put("pool-2", BODY)
        assert found.read(7, 9) == BODY[7:9]


def test_https_is_not_given_up(storage, secure, tmp_path):
    door = secure.put("door", BODY, location=storage.put("plain", BODY))
    with pytest.raises(Exception, match="from https to http"):
        secured(secure, tmp_path, door, token="secret").reader().read(0, 10)
    assert not storage.seen


# Python 3.12 warns of a fork beside threads, which are those of the fake here.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_reads_on_connections_of_its_own(secure, tmp_path):
    """Two processes on one TLS connection would break it."""
    found = secured(secure, tmp_path).reader()
    assert found.read(0, 10) == BODY[:10]
    context = multiprocessing.get_context("fork")
    sent, gets = context.SimpleQueue(), context.SimpleQueue()

    def child():
        sent.put(found.read(100, 200))
        gets.get()

    process = context.Process(target=child)
    process.start()
    try:
        assert sent.get() == BODY[100:200]
        assert found.read(200, 300) == BODY[200:300]
    finally:
        gets.put(None)
        process.join()
    assert found.read(300, 400) == BODY[300:400]
    assert secure.connections == 2
