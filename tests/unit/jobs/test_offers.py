"""What storages send in place of the file, or round it."""

import gzip
import os
import zlib

import pytest

from escape_vre.core.errors import AuthError, BadResponseError, IntegrityError, QuotaError
from escape_vre.jobs.transfer.control import Control
from escape_vre.testing.storage import FakeStorage
from tests.unit.jobs.moving import BIG, SMALL, leftovers, move, run, source

PAGE = b"<html>Sign in</html>" * 20
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.mark.parametrize("unsized", [True, False])
@pytest.mark.parametrize("body", [SMALL, BIG], ids=["small", "big"])
def test_more_than_was_promised_is_not_taken(storage, tmp_path, unsized, body):
    url = storage.put("f", body + b"x" * 50_000_000, unsized=unsized)
    control = Control()
    with pytest.raises(IntegrityError, match="promises"):
        run(source(body, url), tmp_path / "f", control=control)
    assert leftovers(tmp_path) == []
    assert storage.seen[0].sent < 40_000_000


def test_what_has_no_size_stops_before_the_disk_is_full(tmp_path, storage, monkeypatch):
    monkeypatch.setattr("escape_vre.jobs.transfer.body.ROOM_BYTES", 1024 * 1024)
    free = [1000, 1000, 0]

    class Disk:
        f_frsize, f_blocks = 1024 * 1024, 1000

        @property
        def f_bavail(self):
            return free.pop(0)

    monkeypatch.setattr(os, "fstatvfs", lambda _: Disk())
    url = storage.put("f", BIG, unsized=True)
    what = source(BIG, url, size=False, checksum=False)
    with pytest.raises(QuotaError, match="Not enough space"):
        move([(what, tmp_path / "f")], reserve_bytes=1)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("said", "packed"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)],
)
@pytest.mark.parametrize("body", [SMALL, BIG, b""], ids=["small", "big", "empty"])
def test_a_body_that_is_compressed_on_the_way_is_decoded(storage, tmp_path, said, packed, body):
    url = storage.put("f", packed(body), headers={"Content-Encoding": said})
    control = Control()
    run(source(body, url), tmp_path / "f", control=control)
    assert (tmp_path / "f").read_bytes() == body
    assert control.bytes_done == len(body)


def test_a_file_that_is_compressed_itself_is_left_as_it_is(storage, tmp_path):
    body = gzip.compress(SMALL)
    gz = {"Content-Encoding": "gzip"}
    run(source(body, storage.put("f", body, headers=gz)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == body
    unsized = source(body, storage.url("f"), size=False, name="a.gz")
    run(unsized, tmp_path / "a.gz")
    assert (tmp_path / "a.gz").read_bytes() == body


def test_a_bomb_ends_where_the_file_does(storage, tmp_path):
    bomb = gzip.compress(bytes(200_000_000))
    url = storage.put("f", bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(IntegrityError, match="promises"):
        run(source(SMALL, url), tmp_path / "f")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("said", ["br", "zstd", "\x1b]52;c;x"])
def test_another_compression_is_named(storage, tmp_path, said):
    url = storage.put("f", SMALL[:-1], headers={"Content-Encoding": said})
    with pytest.raises(BadResponseError, match="compressed") as caught:
        run(source(SMALL, url), tmp_path / "f")
    assert "\x1b" not in str(caught.value)


def test_a_page_to_sign_in_is_called_one(storage, tmp_path):
    with FakeStorage() as provider:
        url = storage.put("f", SMALL, location=provider.put("auth", PAGE, headers=HTML))
        with pytest.raises(AuthError, match="wants you to sign in"):
            run(source(SMALL, url), tmp_path / "f")
        with pytest.raises(AuthError, match="wants you to sign in"):
            run(source(SMALL, url, size=False, checksum=False), tmp_path / "f")
    assert leftovers(tmp_path) == []


def test_a_page_in_place_of_a_file_of_unknown_size_is_no_file(storage, tmp_path):
    url = storage.put("f", PAGE, headers=HTML)
    with pytest.raises(BadResponseError, match="web page"):
        run(source(PAGE, url, size=False, checksum=False), tmp_path / "f")


def test_a_page_that_is_the_file_arrives(storage, tmp_path):
    run(source(PAGE, storage.put("f", PAGE, headers=HTML)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == PAGE


def test_what_is_verified_is_what_had_a_checksum(storage, tmp_path):
    url = storage.put("f", SMALL)
    control = Control()
    files = [(source(SMALL, url, name=f"{n}", checksum=n > 1), tmp_path / f"{n}") for n in range(5)]
    assert move(files, control=control) == {}
    assert (control.files_done, control.files_unverified) == (5, 2)


@pytest.mark.parametrize("change", [b"", b"x"], ids=["length", "bytes"])
def test_only_wrong_bytes_are_called_damaged(storage, tmp_path, change):
    wrong = SMALL[:-1] + change
    with pytest.raises(IntegrityError) as caught:
        run(source(SMALL, storage.put("f", wrong)), tmp_path / "f")
    assert ("damaged" in caught.value.hint) == bool(change)
