"""The scripts that the Makefile calls."""

import functools
import http.server
import os
import shlex
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from escape_vre.testing.waiting import wait_until
from scripts import install

ROOT = Path(__file__).parents[2]
BESIDE = [sys.executable, ROOT / "scripts/beside.py"]


def python(code):
    return shlex.join([sys.executable, "-c", code])


def is_held(path):
    """Return whether a process holds a pipe's other end."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


@pytest.fixture
def lasting(tmp_path):
    """A command that lasts until it is ended; and whether it, or what it has started, runs."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # The shell starts a process of its own, as make does.
    held = f"os.open({str(pipe)!r}, os.O_RDONLY | os.O_NONBLOCK)"
    code = f"import os, time; {held}; print('begun', flush=True); time.sleep(600)"
    return f"sh -c {shlex.quote(python(code) + '; true')}", lambda: is_held(pipe)


def test_commands_run_beside_each_other_and_are_heard_one_after_the_other(tmp_path):
    meeting = str(tmp_path / "meeting")
    os.mkfifo(meeting)
    # Each opens an end of the pipe, which waits for the other.
    one = python(f"print('one'); open({meeting!r}); print('still one')")
    two = python(f"print('two'); open({meeting!r}, 'w'); print('still two')")
    done = subprocess.run([*BESIDE, one, two], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    both = ["one\nstill one\n", "two\nstill two\n"]
    assert done.stdout in ("".join(both), "".join(reversed(both)))


@pytest.mark.parametrize("first", [True, False])
def test_a_failure_ends_the_others_and_is_the_result(lasting, tmp_path, first):
    command, runs = lasting
    begins = f"import os; os.close(os.open({str(tmp_path / 'pipe')!r}, os.O_WRONLY))"
    fails = python(f"{begins}; print('it rains'); raise SystemExit(3)")
    both = [fails, command] if first else [command, fails]
    done = subprocess.run([*BESIDE, *both], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert not runs()
    assert {"it rains", "begun"} >= set(done.stdout.split("\n")) - {""}
    assert "it rains" in done.stdout
    assert f"Failed: {fails}" in done.stderr


def test_who_is_ended_ends_all(lasting):
    command, runs = lasting
    process = subprocess.Popen([*BESIDE, command, command], stdout=subprocess.DEVNULL)
    wait_until(runs, what="the start")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert not runs()


def test_time_and_cpu_time_of_each_part_are_said(tmp_path):
    env = {**os.environ, "ESCAPE_VRE_TIMES": str(tmp_path / "times")}
    timed = ROOT / "scripts/timed"
    burn = "import time\nwhile time.process_time() < 1.1: pass"
    subprocess.run([timed, "idle", "true"], env=env, check=True, capture_output=True)
    subprocess.run([timed, "busy", sys.executable, "-c", burn], env=env, check=True)
    failed = subprocess.run([timed, "failed", "false"], env=env, capture_output=True)
    assert failed.returncode == 1
    report = subprocess.run([timed, "--report"], env=env, check=True, capture_output=True).stdout
    cpu = {line.split()[-1]: int(line.split()[2]) for line in report.decode().splitlines()[2:]}
    assert cpu["idle"] == 0
    assert 1 <= cpu["busy"] <= 2
    assert "failed" in cpu


@pytest.fixture
def pip_says(monkeypatch, tmp_path):
    """Have pip read one configuration file of the text given, and no variable."""

    def write(text):
        for name in list(os.environ):
            if name.startswith(("PIP_", "UV_")):
                monkeypatch.delenv(name)
        file = tmp_path / "pip.conf"
        file.write_text(text)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))

    return write


class Folder(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_packages_are_installed_from_the_index_of_pip(pip_says, tmp_path):
    page, info = tmp_path / "ours/tiny-parcel", "tiny_parcel-1.0.dist-info"
    page.mkdir(parents=True)
    with zipfile.ZipFile(page / "tiny_parcel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_parcel.py", "opened = True")
        needs = "Requires-Dist: rfc3987-syntax"  # which requirements/overrides.txt leaves out
        about = f"Metadata-Version: 2.1\nName: tiny-parcel\nVersion: 1.0\n{needs}\n"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    handler = functools.partial(Folder, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        pip_says(f"[global]\nindex-url = http://127.0.0.1:{index.server_port}/ours/\n")
        command = [sys.executable, ROOT / "scripts/install.py", "--no-cache"]
        subprocess.run(
            [*command, "--target", tmp_path / "in", "tiny-parcel"], check=True, timeout=60
        )
        index.shutdown()
    assert (tmp_path / "in/tiny_parcel.py").read_text() == "opened = True"


def test_uv_is_told_all_that_pip_is(pip_says):
    pip_says(
        "[global]\nfind-links = /a\n  /b\nextra-index-url = https://one.example\n"
        "  https://two.example\ntrusted-host = one.example\ntimeout = 9\n"
    )
    told = install.uv_environment()
    assert told["UV_FIND_LINKS"] == "/a,/b"
    assert told["UV_INDEX"] == "https://one.example https://two.example"
    assert told["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert told["UV_INSECURE_HOST"] == "one.example"
    assert told["UV_HTTP_TIMEOUT"] == "9"
    assert told["PATH"] == os.environ["PATH"]
