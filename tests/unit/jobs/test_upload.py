"""One file on its way to a storage, whatever the storage does."""

import os
import threading
import zlib
from pathlib import Path

import pytest

from escape_vre.core.errors import (
    AuthError,
    CancelledJobError,
    ConfigurationError,
    ConflictError,
    IntegrityError,
    NotFoundError,
    QuotaError,
    RemoteError,
    UsageError,
)
from escape_vre.core.loops import Loops
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.transfer import batch as batches
from escape_vre.jobs.transfer import outgoing
from escape_vre.jobs.transfer.batch import Batch, Errand
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.dav import DavStore
from escape_vre.jobs.transfer.folder import FolderStore
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.jobs.transfer.outgoing import LocalFile
from escape_vre.jobs.transfer.upload import Upload
from escape_vre.testing.dav import FakeDav
from escape_vre.testing.waiting import wait_until

SMALL = os.urandom(3000)
BIG = os.urandom(6 * 1024 * 1024 + 17)
PART = "escape-vre.part"


class Access(StorageAccess):
    """Lets us in with a token that is renewed once it is refused, and to some folders."""

    def __init__(self, *tokens, roots=()):
        self._tokens = list(tokens)
        self._roots = roots

    def headers(self, url, *, refused, check):
        if refused and len(self._tokens) > 1:
            del self._tokens[0]
        return {"Authorization": f"Bearer {self._tokens[0]}"} if self._tokens else {}

    def roots(self):
        return self._roots


@pytest.fixture
def storage():
    with FakeDav() as running:
        yield running


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "here.fits", SMALL)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(batches, "PAUSES_S", (0.001, 0.001, 0.001))


def write(path, body):
    path.write_bytes(body)
    return LocalFile.of(str(path), path.stat())


def put(file, url, *, access=None, again=False, control=None):
    """Put one file; returns what came of it, or raises why it failed."""
    control, access = control or Control(), access or Access()
    over, outcome = threading.Event(), []

    def carry(errand, address, connections):
        store = (
            FolderStore(access, control)
            if address.is_local
            else DavStore(connections, access, control, set())
        )
        upload = Upload(store, control, connections.pace)
        return upload.run(file, address, PART, again=again or errand.rounds > 0)

    def on_end(error):
        if error is not None:
            outcome.append(error)
        over.set()

    source = FileSource("rucio:demo:here", ("here",), (url,), bytes=file.bytes)
    batch = Batch(
        iter([Errand(source, Path(file.path))]),
        access,
        control,
        carry=carry,
        on_file=lambda _, found: outcome.append(found),
        on_failure=lambda _, error: outcome.append(error),
        on_end=on_end,
    )
    Mover(Transfers(timeout_s=20), Loops()).submit(batch)
    assert over.wait(60)
    if not outcome:
        raise CancelledJobError("It was stopped.")
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


@pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "big"])
@pytest.mark.parametrize(
    ("sums", "by"), [("digest", "adler32"), ("propfind", "md5"), (None, "size")]
)
def test_it_is_compared_at_the_storage(storage, tmp_path, body, sums, by):
    storage.sums = sums
    control = Control()
    found = put(write(tmp_path / "f", body), storage.url("/a/b/f"), control=control)
    assert (found.by, found.here, found.verified) == (by, False, by != "size")
    assert found.checksums["adler32"] == f"{zlib.adler32(body):08x}"
    assert storage.files == {"/a/b/f": body}
    assert control.bytes_done == len(body)


@pytest.mark.parametrize(("sums", "by"), [("digest", "adler32"), ("propfind", "md5")])
def test_a_large_file_gets_an_md5_only_where_the_storage_tells_no_other(
    storage, file, monkeypatch, sums, by
):
    monkeypatch.setattr(outgoing, "MD5_BELOW_BYTES", 1000)
    storage.sums = sums
    found = put(file, storage.url("/f"))
    assert (found.by, list(found.checksums)) == (by, ["adler32"])


def test_folders_are_made_where_a_storage_wants_that(storage, file):
    storage.keeps_folders = True
    put(file, storage.url("/a/b/c/f"))
    assert storage.files == {"/a/b/c/f": SMALL}
    assert storage.asked["MKCOL"] == 5  # c, b, a, and again b, c


@pytest.mark.parametrize("sums", ["digest", None])
def test_the_same_file_that_is_there_already_is_adopted(storage, file, sums):
    storage.sums = sums
    storage.files["/f"] = SMALL
    found = put(file, storage.url("/f"))
    assert found.here
    assert storage.files == {"/f": SMALL}


def test_an_attempt_that_may_have_been_made_is_looked_for_first(storage, file):
    storage.files["/f"] = SMALL
    assert put(file, storage.url("/f"), again=True).here
    assert storage.asked["PUT"] == 0


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("sums", ["digest", None])
def test_another_file_is_never_overwritten(storage, file, sums, again):
    storage.sums = sums
    storage.files["/f"] = bytes(len(SMALL))
    control = Control()
    with pytest.raises(ConflictError, match="has another file"):
        put(file, storage.url("/f"), again=again, control=control)
    assert storage.files == {"/f": bytes(len(SMALL))}
    assert control.bytes_done == 0


def test_a_storage_that_keeps_nothing_is_found_out(storage, file):
    storage.forgets = True
    with pytest.raises(IntegrityError, match="says that it has stored a file, and has not"):
        put(file, storage.url("/f"))


@pytest.mark.parametrize("sums", ["digest", None])
def test_a_storage_that_keeps_a_part_is_found_out(storage, file, sums):
    storage.sums, storage.keeps = sums, 2000
    with pytest.raises(IntegrityError, match="it has 2000 bytes"):
        put(file, storage.url("/f"))
    assert storage.files == {}


@pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "big"])
def test_a_full_storage_says_so(storage, tmp_path, body):
    storage.refuses["PUT"] = (507, -1)
    with pytest.raises(QuotaError, match="has no space"):
        put(write(tmp_path / "f", body), storage.url("/f"))
    assert storage.received < 10_000  # a large file is not sent to be refused


def test_a_busy_storage_is_asked_again(storage, file):
    storage.refuses["PUT"] = (503, 2)
    assert not put(file, storage.url("/f")).here
    assert storage.files == {"/f": SMALL}


@pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "big"])
def test_a_token_that_ends_is_renewed(storage, tmp_path, body):
    storage.token = "new"
    put(write(tmp_path / "f", body), storage.url("/f"), access=Access("old", "new"))
    assert storage.files == {"/f": body}


def test_who_may_not_write_is_told(storage, file):
    storage.refuses["PUT"] = (403, -1)
    with pytest.raises(AuthError, match="does not let you write this file"):
        put(file, storage.url("/f"))


@pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "big"])
def test_a_redirect_is_followed_without_the_token(storage, tmp_path, body):
    with FakeDav() as pool:
        storage.sends_to = pool.origin.replace("127.0.0.1", "localhost")
        with pytest.raises(IntegrityError):  # the two do not share their files
            put(write(tmp_path / "f", body), storage.url("/f"), access=Access("secret"))
        assert pool.received == len(body)
        assert set(pool.credentials) == {""}
        assert "Bearer secret" in storage.credentials


def test_a_file_that_changes_on_its_way_is_not_kept(storage, tmp_path):
    path = tmp_path / "growing"
    file = write(path, BIG)
    storage.held = threading.Event()
    failed = []

    def run():
        with pytest.raises(ConflictError) as caught:
            put(file, storage.url("/f"))
        failed.append(caught.value)

    worker = threading.Thread(target=run)
    worker.start()
    wait_until(lambda: storage.asked["PUT"])
    with path.open("ab") as more:
        more.write(b"more")
    storage.held.set()
    worker.join(60)
    assert "was changed while it was read" in failed[0].message
    assert storage.files == {}


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.unlink(), NotFoundError),
        (lambda path: path.write_bytes(b"other"), ConflictError),
        (lambda path: (path.rename(f"{path}2"), path.symlink_to(f"{path}2")), UsageError),
    ],
    ids=["gone", "changed", "a link"],
)
def test_what_is_not_as_it_was_found_is_not_sent(storage, file, spoil, error):
    spoil(Path(file.path))
    with pytest.raises(error):
        put(file, storage.url("/f"))
    assert storage.asked["PUT"] == 0


def test_a_stop_interrupts_what_is_being_sent(storage, tmp_path):
    storage.held = threading.Event()
    control = Control()
    threading.Thread(
        target=lambda: (wait_until(lambda: storage.asked["PUT"]), control.end("cancel"))
    ).start()
    try:
        with pytest.raises(CancelledJobError):
            put(write(tmp_path / "f", BIG * 4), storage.url("/f"), control=control)
    finally:
        storage.held.set()
    assert storage.files == {}


def test_a_storage_that_cannot_rename_is_named(storage, file):
    storage.refuses["MOVE"] = (405, -1)
    with pytest.raises(RemoteError, match="does not let programs rename files"):
        put(file, storage.url("/f"))
    assert storage.files == {}


class TestFolder:
    """A storage that is mounted here."""

    def test_a_file_is_put_below_a_root(self, tmp_path, file):
        root = tmp_path / "rse"
        root.mkdir()
        found = put(file, f"file://{root}/a/b/f", access=Access(roots=(str(root),)))
        assert (found.by, found.here) == ("adler32", False)
        assert {p.name: p.read_bytes() for p in root.rglob("*") if p.is_file()} == {"f": SMALL}
        assert put(file, f"file://{root}/a/b/f", access=Access(roots=(str(root),))).here

    def test_another_file_is_not_overwritten(self, tmp_path, file):
        (tmp_path / "f").write_bytes(b"other")
        with pytest.raises(ConflictError):
            put(file, f"file://{tmp_path}/f", access=Access(roots=(str(tmp_path),)))
        assert (tmp_path / "f").read_bytes() == b"other"

    @pytest.mark.parametrize("path", ["elsewhere/f", "rse/../elsewhere/f", "rse/link/f"])
    def test_nothing_is_put_outside_the_roots(self, tmp_path, file, path):
        (tmp_path / "rse").mkdir()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "rse" / "link").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(ConfigurationError):
            put(file, f"file://{tmp_path}/{path}", access=Access(roots=(f"{tmp_path}/rse",)))
        assert not list((tmp_path / "elsewhere").iterdir())
