"""Of several agents that share a home directory, one runs a job."""

import fcntl
import json
import os
import threading
import time

import pytest

from escape_vre.core.location import host_key
from escape_vre.jobs.lease import SILENT_S, Lease, Owner


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


@pytest.fixture
def held_lock(tmp_path):
    """The lock of another agent on this host that is alive."""
    path = tmp_path / "other.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield path
    os.close(descriptor)


def me(tmp_path):
    return Owner.this(tmp_path / "mine.lock")


def elsewhere():
    return Owner("another-host", 1, "/somewhere/lock")


def silence(home, seconds):
    lease = next(home.glob("lease.*"))
    at = time.time() - seconds
    os.utime(lease, (at, at))


def test_a_free_job_is_taken_and_kept(home, tmp_path):
    lease = Lease.take(home, me(tmp_path))
    assert lease is not None
    assert lease.holds()
    assert lease.renew()
    assert [p.name for p in home.iterdir()] == ["lease.1"]


def test_another_hosts_job_is_left_alone_until_it_is_silent(home, tmp_path):
    theirs = Lease.take(home, elsewhere())
    assert Lease.take(home, me(tmp_path)) is None
    silence(home, SILENT_S - 10)
    assert Lease.take(home, me(tmp_path)) is None
    silence(home, SILENT_S + 1)
    ours = Lease.take(home, me(tmp_path))
    assert ours is not None
    assert ours.holds()
    assert not theirs.holds()
    assert not theirs.renew(), "the old owner rechecks before it writes"


def test_renewing_breaks_the_silence(home, tmp_path):
    theirs = Lease.take(home, elsewhere())
    silence(home, SILENT_S + 1)
    assert theirs.renew()
    assert Lease.take(home, me(tmp_path)) is None


def test_a_dead_owner_on_this_host_is_known_at_once(home, tmp_path):
    dead = Owner(host_key(), 1, str(tmp_path / "gone.lock"))
    assert Lease.take(home, dead)
    assert Lease.take(home, me(tmp_path)) is not None


def test_a_live_owner_on_this_host_keeps_its_job(home, tmp_path, held_lock):
    assert Lease.take(home, Owner(host_key(), os.getpid(), str(held_lock)))
    assert Lease.take(home, me(tmp_path)) is None


def test_our_own_predecessor_is_dead_for_we_hold_its_lock(home, tmp_path):
    before = Owner(host_key(), os.getpid() + 1, str(tmp_path / "mine.lock"))
    assert Lease.take(home, before)
    assert Lease.take(home, me(tmp_path)) is not None


def test_a_torn_lease_is_judged_by_its_silence_alone(home, tmp_path):
    (home / "lease.1").write_text('{"host": "an')
    assert Lease.take(home, me(tmp_path)) is None
    silence(home, SILENT_S + 1)
    assert Lease.take(home, me(tmp_path)) is not None


def test_of_many_that_see_the_same_silent_owner_one_takes_over(home, tmp_path):
    Lease.take(home, elsewhere())
    silence(home, SILENT_S + 1)
    gate = threading.Barrier(16)
    taken = []

    def take(n):
        gate.wait()
        if lease := Lease.take(home, Owner(f"host-{n}", n, "/lock")):
            taken.append(lease)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([lease for lease in taken if lease.holds()]) == 1
    last = max(home.glob("lease.*"), key=lambda p: int(p.suffix[1:]))
    assert json.loads(last.read_text())["host"].startswith("host-")
