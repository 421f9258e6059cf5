"""The only writer of downloaded bytes: whole or not at all, whatever the storage does."""

import os
import socket
import threading
import time

import pytest

from escape_vre.core.errors import (
    AuthError,
    CancelledJobError,
    ConfigurationError,
    ConflictError,
    IntegrityError,
    NotFoundError,
    RemoteError,
    RemoteTimeoutError,
    UsageError,
)
from escape_vre.core.service import StorageAccess
from escape_vre.jobs.manifest import Copy
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.place import PARTS
from escape_vre.testing.storage import FakeStorage
from escape_vre.testing.waiting import wait_until
from tests.unit.jobs.moving import BIG, SMALL, leftovers, move, run, source


class Shown(StorageAccess):
    """Shows storages a header that must not leak."""

    def headers(self, url, *, refused, check):
        return {"Authorization": "Bearer secret"}


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.fixture
def hasty(monkeypatch):
    """Have what is cut be given up, in place of being asked for again."""
    monkeypatch.setattr("escape_vre.jobs.transfer.batch.PAUSES_S", ())


@pytest.mark.parametrize("body", [SMALL, BIG, b""], ids=["small", "big", "empty"])
@pytest.mark.parametrize("kind", ["adler32", "md5"])
def test_a_file_arrives_whole(storage, tmp_path, body, kind):
    final = tmp_path / "demo" / "f"
    control = Control()
    copy = run(source(body, storage.put("f", body), kind=kind), final, control=control)
    assert final.read_bytes() == body
    assert copy == Copy.of(final)
    assert control.bytes_done == len(body)
    assert leftovers(tmp_path) == ["f"]
    assert not (final.parent / PARTS).exists()


@pytest.mark.parametrize("place", ["in", "after"])
def test_another_file_that_ends_may_take_the_folder_away(storage, tmp_path, monkeypatch, place):
    """Another worker removes the empty folder while we make it, or between that and the part."""
    removed, make = [], os.mkdir

    def mkdir(name, *args, dir_fd=None, **kwargs):
        if name != PARTS or removed:
            return make(name, *args, dir_fd=dir_fd, **kwargs)
        removed.append(name)
        if place == "in":
            raise FileExistsError(17, "File exists", name)
        make(name, *args, dir_fd=dir_fd, **kwargs)
        return os.rmdir(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", mkdir)
    run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == SMALL
    assert removed


def test_a_file_in_the_way_of_the_folder_is_said(storage, tmp_path):
    (tmp_path / PARTS).write_text("mine")
    with pytest.raises(UsageError, match="a file with this name exists"):
        run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f")
    assert (tmp_path / PARTS).read_text() == "mine"


def test_a_storage_may_take_its_time_over_the_handshake(tmp_path, monkeypatch, hasty):
    monkeypatch.setattr("escape_vre.jobs.transfer.connections.CONNECT_TIMEOUT_S", 0.2)

    def answer():
        connection, _ = slow.accept()
        with connection:
            time.sleep(0.6)

    with socket.create_server(("127.0.0.1", 0)) as slow:
        answering = threading.Thread(target=answer)
        answering.start()
        url = f"https://127.0.0.1:{slow.getsockname()[1]}/f"
        with pytest.raises(RemoteError) as caught:
            run(source(SMALL, url), tmp_path / "f")
        answering.join()
    assert not isinstance(caught.value, RemoteTimeoutError)


def test_without_size_and_checksum_it_still_arrives(storage, tmp_path):
    what = source(BIG, storage.put("f", BIG), size=False, checksum=False)
    run(what, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BIG


def test_one_connection_serves_many_files(storage, tmp_path):
    wanted = [(source(SMALL, storage.put(f"{n}", SMALL)), tmp_path / f"{n}") for n in range(20)]
    assert move(wanted, connections=1) == {}
    assert storage.connections == 1


def test_a_cut_transfer_goes_on_where_it_was(storage, tmp_path, hasty):
    url = storage.put("f", BIG, cut_after=5_000_000)
    with pytest.raises(RemoteError):
        run(source(BIG, url), tmp_path / "f")
    assert not (tmp_path / "f").exists()
    control = Control()
    run(source(BIG, url), tmp_path / "f", control=control)
    assert (tmp_path / "f").read_bytes() == BIG
    assert control.bytes_done == len(BIG)
    assert storage.seen[-1].headers["Range"].startswith("bytes=")
    assert storage.seen[-1].headers["If-Range"] == storage.files["f"].etag
    assert storage.seen[-1].sent < len(BIG) - 4_000_000
    assert leftovers(tmp_path) == ["f"]


def test_a_cut_transfer_goes_on_at_the_next_replica(storage, tmp_path):
    first = storage.put("one", BIG, cut_after=5_000_000)
    second = storage.put("two", BIG)
    run(source(BIG, first, second), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BIG
    assert storage.seen[-1].sent < len(BIG)


def test_a_resumed_part_that_is_not_the_files_is_begun_again(storage, tmp_path, hasty):
    url = storage.put("f", BIG, cut_after=5_000_000)
    with pytest.raises(RemoteError):
        run(source(BIG, url), tmp_path / "f")
    part = next(p for p in (tmp_path / PARTS).iterdir() if p.suffix != ".json")
    with part.open("r+b") as file:
        file.write(b"damaged on this disk")
    run(source(BIG, url), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BIG


def test_a_storage_without_ranges_sends_it_all_again(storage, tmp_path, hasty):
    url = storage.put("f", BIG, cut_after=5_000_000, ranges=False)
    with pytest.raises(RemoteError):
        run(source(BIG, url), tmp_path / "f")
    control = Control()
    run(source(BIG, url), tmp_path / "f", control=control)
    assert (tmp_path / "f").read_bytes() == BIG
    assert control.bytes_done == len(BIG)


@pytest.mark.parametrize("size", [True, False])
def test_wrong_bytes_never_get_the_final_name(storage, tmp_path, size):
    wrong = bytes(reversed(BIG))
    with pytest.raises(IntegrityError) as caught:
        run(source(BIG, storage.put("f", wrong), size=size), tmp_path / "f")
    assert "promised" in caught.value.message
    assert leftovers(tmp_path) == []


def test_wrong_bytes_cost_only_that_replica(storage, tmp_path):
    wrong = storage.put("wrong", bytes(reversed(BIG)))
    longer = storage.put("longer", BIG + b"x")
    right = storage.put("right", BIG)
    control = Control()
    run(source(BIG, wrong, longer, right), tmp_path / "f", control=control)
    assert (tmp_path / "f").read_bytes() == BIG
    assert control.bytes_done == len(BIG)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthError),
        (403, AuthError),
        (404, NotFoundError),
        (500, RemoteError),
        (503, RemoteError),
    ],
)
def test_a_refusal_is_explained_and_the_next_replica_tried(storage, tmp_path, status, error):
    refused = storage.put("no", SMALL, status=status)
    with pytest.raises(error) as caught:
        run(source(SMALL, refused), tmp_path / "f")
    assert caught.value.hint
    assert leftovers(tmp_path) == []
    run(source(SMALL, refused, storage.put("yes", SMALL)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == SMALL


def test_a_dead_storage_is_explained(tmp_path):
    with pytest.raises(RemoteError) as caught:
        run(source(SMALL, "http://127.0.0.1:9/f"), tmp_path / "f")
    assert "cannot be reached" in caught.value.message


def test_a_silent_storage_is_given_up(storage, tmp_path):
    with pytest.raises(RemoteError) as caught:
        run(source(SMALL, storage.put("f", SMALL, pause_s=3)), tmp_path / "f", timeout_s=0.2)
    assert "stopped answering" in caught.value.message


def test_no_replica_at_all_is_explained(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        run(source(SMALL), tmp_path / "f")
    assert "demo:f" in caught.value.message


def test_a_redirect_to_another_host_gets_no_credentials(tmp_path):
    with FakeStorage() as door, FakeStorage() as pool:
        url = door.put("f", SMALL, location=pool.put("f", SMALL))
        run(source(SMALL, url), tmp_path / "f", access=Shown())
        assert door.seen[0].headers["Authorization"] == "Bearer secret"
        assert "Authorization" not in pool.seen[0].headers
    assert (tmp_path / "f").read_bytes() == SMALL


def test_a_redirect_on_the_same_host_keeps_them(storage, tmp_path):
    url = storage.put("a", SMALL, location="/b")
    storage.put("b", SMALL)
    run(source(SMALL, url), tmp_path / "f", access=Shown())
    assert storage.seen[1].headers["Authorization"] == "Bearer secret"


def test_redirects_without_end_are_explained(storage, tmp_path):
    with pytest.raises(RemoteError) as caught:
        run(source(SMALL, storage.put("a", SMALL, location="/a")), tmp_path / "f")
    assert "redirects" in caught.value.message


def test_another_file_of_that_name_is_left_alone(storage, tmp_path):
    (tmp_path / "f").write_text("mine")
    with pytest.raises(ConflictError):
        run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f")
    assert (tmp_path / "f").read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_left_alone(storage, tmp_path):
    url = storage.put("f", BIG, pause_s=0.01)
    threading.Timer(0.2, lambda: (tmp_path / "f").write_text("mine")).start()
    with pytest.raises(ConflictError):
        run(source(BIG, url), tmp_path / "f")
    assert (tmp_path / "f").read_text() == "mine"
    assert leftovers(tmp_path) == ["f"]


def test_a_file_that_is_the_same_is_taken_over(storage, tmp_path):
    (tmp_path / "f").write_bytes(SMALL)
    control = Control()
    run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f", control=control)
    assert storage.seen == []
    assert control.bytes_done == len(SMALL)


def test_what_is_here_elsewhere_is_copied(storage, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(BIG)
    control = Control()
    run(
        source(BIG, storage.put("f", BIG)),
        tmp_path / "x" / "f",
        known=[Copy.of(other)],
        control=control,
    )
    assert (tmp_path / "x" / "f").read_bytes() == BIG
    assert storage.seen == []
    assert control.bytes_done == len(BIG)


def test_a_copy_that_changed_is_fetched_instead(storage, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(BIG)
    known = Copy.of(other)
    other.write_bytes(BIG[:-5])
    run(source(BIG, storage.put("f", BIG)), tmp_path / "f", known=[known])
    assert (tmp_path / "f").read_bytes() == BIG


@pytest.mark.parametrize(("how", "kept"), [("cancel", False), ("stop", True)])
def test_stopping_takes_effect_at_once(storage, tmp_path, how, kept):
    control = Control()
    caught = []

    def work():
        try:
            run(source(BIG, storage.put("f", BIG, pause_s=0.2)), tmp_path / "f", control=control)
        except CancelledJobError as e:
            caught.append(e)

    worker = threading.Thread(target=work)
    worker.start()
    while control.bytes_done == 0:
        time.sleep(0.01)
    control.end(how)
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert len(caught) == 1
    wait_until(lambda: bool(leftovers(tmp_path)) == kept)
    assert not (tmp_path / "f").exists()


class Mounted(StorageAccess):
    """Allows the replicas below some folders."""

    def __init__(self, *folders):
        self.folders = folders

    def roots(self):
        return [str(folder) for folder in self.folders]


def test_a_file_replica_is_read_from_its_mount(tmp_path):
    there = tmp_path / "mount" / "a file"
    there.parent.mkdir()
    there.write_bytes(BIG)
    what = source(BIG, there.as_uri())
    with pytest.raises(ConfigurationError, match="may be read"):
        run(what, tmp_path / "f")
    run(what, tmp_path / "f", access=Mounted(tmp_path / "mount"))
    assert (tmp_path / "f").read_bytes() == BIG


def test_a_folder_without_permission_is_explained(storage, tmp_path, as_nobody):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o755)
    with as_nobody(), pytest.raises(UsageError) as caught:
        run(source(SMALL, storage.put("f", SMALL)), locked / "f")
    assert "may not write" in caught.value.message


def test_a_full_disk_leaves_nothing(storage, small_disk):
    from escape_vre.core.errors import QuotaError

    with pytest.raises(QuotaError) as caught:
        run(source(BIG, storage.put("f", BIG)), small_disk / "f")
    assert "space" in caught.value.message or "full" in caught.value.message
    assert leftovers(small_disk) == []


def test_stopping_takes_effect_while_a_storage_hangs_in_the_handshake(tmp_path):
    control = Control()
    caught = []

    def work():
        try:
            run(source(SMALL, f"https://127.0.0.1:{port}/f"), tmp_path / "f", control=control)
        except CancelledJobError as e:
            caught.append(e)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        worker = threading.Thread(target=work)
        worker.start()
        hanging, _ = silent.accept()
        with hanging:
            hanging.recv(1)
            control.end("cancel")
            worker.join(timeout=10)
    assert not worker.is_alive()
    assert len(caught) == 1


class Renewing(StorageAccess):
    """Has tokens one after another, as a provider gives them."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.refused = []

    def headers(self, url, *, refused, check):
        if refused:
            self.refused.append(refused["Authorization"])
            if len(self.tokens) > 1:
                self.tokens.pop(0)
        return {"Authorization": f"Bearer {self.tokens[0]}"}


def test_a_token_that_ended_on_the_way_is_renewed_and_the_part_goes_on(storage, tmp_path, hasty):
    storage.token = "first"
    url = storage.put("f", BIG, cut_after=3_000_000)
    access = Renewing("first", "second")
    with pytest.raises(RemoteError):
        run(source(BIG, url), tmp_path / "f", access=access)
    storage.token = "second"
    run(source(BIG, url), tmp_path / "f", access=access)
    assert (tmp_path / "f").read_bytes() == BIG
    assert access.refused == ["Bearer first"]
    *_, refused, resumed = storage.seen
    assert refused.headers["Range"] == resumed.headers["Range"]
    assert resumed.sent == len(BIG) - int(resumed.headers["Range"][6:-1]) < len(BIG)


def test_a_storage_that_refuses_every_token_is_asked_twice_and_no_more(storage, tmp_path):
    storage.token = "none"
    access = Renewing("first", "second", "third")
    with pytest.raises(AuthError):
        run(source(SMALL, storage.put("f", SMALL)), tmp_path / "f", access=access)
    assert [seen.headers["Authorization"] for seen in storage.seen] == [
        "Bearer first",
        "Bearer second",
    ]


def test_when_no_token_can_be_had_for_now_the_part_stays(storage, tmp_path, hasty):
    storage.token = "first"
    url = storage.put("f", BIG, cut_after=3_000_000)
    with pytest.raises(RemoteError):
        run(source(BIG, url), tmp_path / "f", access=Renewing("first"))

    class SignedOut(StorageAccess):
        def headers(self, url, *, refused, check):
            raise AuthError("The session has ended.", details={"sign_in": "/hub/login"})

    with pytest.raises(AuthError, match="session"):
        run(source(BIG, url, url), tmp_path / "f", access=SignedOut())
    (part, manifest) = leftovers(tmp_path)
    assert manifest == f"{part}.json"
