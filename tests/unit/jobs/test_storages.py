"""One storage's trouble is its own: it costs its files time, or fails them, and no others."""

import threading

import pytest

from escape_vre.core.errors import AuthError, RemoteError, RemoteTimeoutError
from escape_vre.core.loops import Loops
from escape_vre.core.service import StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.transfer.batch import Batch, Errand
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.download import bringing
from escape_vre.jobs.transfer.mover import Mover
from escape_vre.testing.storage import FakeStorage
from escape_vre.testing.waiting import wait_until
from tests.unit.jobs.moving import BIG, SMALL, leftovers, move, run, source


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@pytest.fixture
def hung():
    """Return a storage on a host of its own that answers nothing until the test is over."""
    release = threading.Event()
    with FakeStorage() as running:
        running.put("f", SMALL, held=release)
        try:
            yield running
        finally:
            release.set()


@pytest.fixture
def soon(monkeypatch):
    """Have a busy storage be asked again at once."""
    monkeypatch.setattr("escape_vre.jobs.transfer.batch.PAUSES_S", (0.01, 0.01, 0.01))


def elsewhere(storage):
    """Return a URL of a storage under another name of this machine."""
    return storage.url("f").replace("127.0.0.1", "localhost")


def wanted(folder, count, *urls, body=SMALL):
    return [(source(body, *urls, name=f"{n}"), folder / f"{n}") for n in range(count)]


class Job:
    """A batch that runs while the test goes on."""

    def __init__(self, mover, files, *, access=None):
        self.control = Control()
        self.failed = {}
        self.over = threading.Event()
        access = access or StorageAccess()
        self.batch = Batch(
            iter([Errand(what, final) for what, final in files]),
            access,
            self.control,
            carry=bringing(mover._settings, access, self.control),
            on_file=lambda errand, found: None,
            on_failure=lambda errand, error: self.failed.update({errand.final.name: error}),
            on_end=lambda error: self.over.set(),
        )
        mover.submit(self.batch)


@pytest.mark.parametrize("per_host", [16, 4])
def test_a_hung_storage_stops_no_other_transfer(storage, hung, tmp_path, per_host):
    mover = Mover(
        Transfers(reserve_bytes=0, connections=16, connections_per_host=per_host), Loops()
    )
    stuck = Job(mover, wanted(tmp_path / "stuck", 40, elsewhere(hung)))
    wait_until(lambda: len(hung.seen) >= per_host)
    well = Job(mover, wanted(tmp_path / "well", 64, storage.put("f", SMALL)))
    assert well.over.wait(60)
    assert (well.failed, len(leftovers(tmp_path / "well"))) == ({}, 64)
    assert not stuck.over.is_set()
    mover.end(stuck.batch, "cancel")
    assert stuck.over.wait(60)


def test_a_storage_that_drips_stops_no_other_transfer(storage, tmp_path):
    mover = Mover(Transfers(reserve_bytes=0, connections=4), Loops())
    with FakeStorage() as dripping:
        dripping.put("f", SMALL, step=1, pause_s=0.3)
        slow = Job(mover, wanted(tmp_path / "slow", 20, elsewhere(dripping)))
        wait_until(lambda: len(dripping.seen) >= 4)
        well = Job(mover, wanted(tmp_path / "well", 20, storage.put("f", SMALL)))
        assert well.over.wait(60)
        assert well.failed == {}
        mover.end(slow.batch, "cancel")
        assert slow.over.wait(60)


def test_a_storage_that_drips_is_given_up_for_the_next_replica(storage, tmp_path):
    dripping = storage.put("slow", SMALL, step=1, pause_s=0.05)
    what = source(SMALL, dripping, storage.put("well", SMALL))
    run(what, tmp_path / "f", timeout_s=2.0)
    assert (tmp_path / "f").read_bytes() == SMALL
    with pytest.raises(RemoteTimeoutError, match="too slowly"):
        run(source(SMALL, dripping), tmp_path / "g", timeout_s=2.0)


def test_a_hung_storage_is_not_asked_for_every_file(storage, hung, tmp_path):
    files = wanted(tmp_path, 60, elsewhere(hung), storage.put("f", SMALL))
    assert move(files, connections=8, timeout_s=3.0) == {}
    assert len(leftovers(tmp_path)) == 60
    assert len(hung.seen) <= 16, "those that were under way, and probes"


def test_files_of_a_storage_that_is_given_up_say_why(hung, tmp_path):
    failed = move(wanted(tmp_path, 60, elsewhere(hung)), connections=8, timeout_s=3.0)
    assert len(failed) == 60
    assert {error.message for error in failed.values()} == {
        "The storage localhost has stopped answering."
    }
    assert len(hung.seen) <= 16


@pytest.mark.parametrize("status", [403, 404])
def test_one_file_that_is_refused_costs_no_other(storage, tmp_path, status):
    files = wanted(tmp_path, 40, storage.put("f", SMALL))
    files[3] = (source(SMALL, storage.put("no", SMALL, status=status), name="3"), files[3][1])
    control = Control()
    failed = move(files, connections=4, control=control)
    assert list(failed) == ["3"]
    assert str(status) in failed["3"].message or "does not have" in failed["3"].message
    assert (control.files_done, control.files_failed) == (39, 1)
    assert len(leftovers(tmp_path)) == 39


def test_a_storage_that_refuses_everything_is_not_asked_for_ever(storage, tmp_path):
    failed = move(wanted(tmp_path, 200, storage.put("f", SMALL, status=403)), connections=4)
    assert len(failed) == 200
    assert all(isinstance(error, AuthError) for error in failed.values())
    assert len(storage.seen) < 40


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_storage_is_asked_again(storage, tmp_path, status, soon):
    url = storage.put("f", SMALL, status=status, times=2)
    run(source(SMALL, url), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == SMALL
    assert len(storage.seen) == 3


def test_retry_after_is_honoured(storage, tmp_path, monkeypatch):
    monkeypatch.setattr("escape_vre.jobs.transfer.batch.PAUSES_S", (1000.0, 1000.0))
    after = {"Retry-After": "0"}
    url = storage.put("f", SMALL, status=503, times=1, headers=after)
    run(source(SMALL, url), tmp_path / "f")
    assert len(storage.seen) == 2


def test_a_storage_that_stays_busy_is_explained(storage, tmp_path, soon):
    with pytest.raises(RemoteError, match="busy"):
        run(source(SMALL, storage.put("f", SMALL, status=503)), tmp_path / "f")
    assert len(storage.seen) == 4


def test_a_storage_that_is_busy_for_everybody_is_left_alone(storage, tmp_path, soon):
    failed = move(wanted(tmp_path, 300, storage.put("f", SMALL, status=503)), connections=4)
    assert len(failed) == 300
    assert len(storage.seen) < 300


def test_what_is_cut_is_asked_for_again_from_where_it_was(storage, tmp_path, soon):
    run(source(BIG, storage.put("f", BIG, cut_after=5_000_000)), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BIG
    assert "Range" in storage.seen[-1].headers


def test_a_worker_that_cannot_be_woken_holds_up_no_cancel(tmp_path, storage, monkeypatch):
    """Such as one in the kernel, with a file system that does not answer."""
    release, begun = threading.Event(), threading.Event()

    def stuck(self, part, source, address):
        begun.set()
        release.wait()

    monkeypatch.setattr("escape_vre.jobs.transfer.download.Fetch._from_http", stuck)
    mover = Mover(Transfers(reserve_bytes=0), Loops())
    job = Job(mover, wanted(tmp_path, 1, storage.put("f", SMALL)))
    assert begun.wait(60)
    mover.end(job.batch, "cancel")
    assert job.over.wait(60)
    release.set()
    wait_until(lambda: leftovers(tmp_path) == [])


class Signing(StorageAccess):
    """Gives addresses whose signature is good once."""

    def __init__(self, storage):
        self.storage = storage
        self.asked = []

    def urls(self, ref, check):
        self.asked.append(ref)
        return [self.storage.put("fresh", SMALL) + "?X-Amz-Signature=2"]


def test_an_address_whose_signature_has_ended_is_asked_for_again(storage, tmp_path):
    access = Signing(storage)
    old = storage.put("old", SMALL, status=403) + "?X-Amz-Signature=1"
    run(source(SMALL, old), tmp_path / "f", access=access)
    assert (tmp_path / "f").read_bytes() == SMALL
    assert access.asked == ["rucio:demo:f"]


def test_it_is_asked_for_once_a_file(storage, tmp_path):
    access = Signing(storage)
    access.urls = lambda ref, check: access.asked.append(ref) or [old]
    old = storage.put("old", SMALL, status=403) + "?X-Amz-Signature=1"
    with pytest.raises(AuthError):
        run(source(SMALL, old), tmp_path / "f", access=access)
    assert access.asked == ["rucio:demo:f"]


def test_a_fault_of_ours_fails_the_file_and_the_job_ends(storage, tmp_path, monkeypatch):
    def unable(self, **counted):
        raise AttributeError("in_place")

    monkeypatch.setattr(Control, "add_file", unable)
    storage.put("f", SMALL)
    failed = move(wanted(tmp_path, 3, storage.url("f")))
    assert sorted(failed) == ["0", "1", "2"]
    assert all("internal error (AttributeError)" in error.message for error in failed.values())
