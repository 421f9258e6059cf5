"""A supervisor's lock: whoever only looks at it is in nobody's way."""

import fcntl
import subprocess
import sys
import threading

import pytest

HOLD = "import sys; from pathlib import Path; from escape_vre.local.lake.layout import hold;"


def supervisor(lock):
    """Run a process that holds the lock, says so, and ends."""
    return subprocess.run(
        [sys.executable, "-c", HOLD + "hold(Path(sys.argv[1])); print('held')", lock],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "supervisor.lock"
    path.touch()
    return path


def test_one_look_does_not_stop_it(lock):
    looking = lock.open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.5, looking.close).start()
    assert supervisor(lock).stdout == "held\n"


def test_another_supervisor_does(lock):
    with lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused = supervisor(lock)
    assert refused.returncode == 1
    assert "BlockingIOError" in refused.stderr
