"""A supervisor's lock: whoever only looks at it is in nobody's way."""

import fcntl
import subprocess
import sys
import time

import pytest

SUPERVISOR = """
import sys; from pathlib import Path; from escape_vre.local.lake.layout import hold
print("tries", flush=True); hold(Path(sys.argv[1])); print("holds")
"""


def supervisor(lock):
    """Start a process that is about to hold the lock."""
    started = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, lock],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout.readline() == "tries\n"
    return started


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "supervisor.lock"
    path.touch()
    return path


def test_one_look_does_not_stop_it(lock):
    looking = lock.open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    trying = supervisor(lock)
    time.sleep(0.3)
    looking.close()
    assert trying.communicate()[0] == "holds\n"


def test_another_supervisor_does(lock):
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        trying = supervisor(lock)
        _, said = trying.communicate()
    assert trying.returncode == 1
    assert "BlockingIOError" in said
