"""A provider starts, ends and heals, whatever is killed, and disturbs no other.

A program that starts at once stands in Keycloak's place; what is here does not depend on it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from escape_vre.local.idp import Idp, IdpError
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import is_alive

START = (
    "import sys; from pathlib import Path; from escape_vre.local.idp import Idp;"
    "idp = Idp(Path(sys.argv[1])); idp.start(tied=len(sys.argv) > 2);"
    "print(idp.status()['pids']['keycloak'], flush=True); sys.stdin.read()"
)


@pytest.fixture
def one(stand_in, tmp_path):
    return stand_in(tmp_path / ("long " * 30).strip() / "100% Löss; ${x}" / "idp")


def pids(provider):
    return set(provider.status()["pids"].values())


def gone(processes):
    return not any(is_alive(pid) for pid in processes)


def answers(provider, timeout_s=60.0):
    with urllib.request.urlopen(provider.issuer, timeout=timeout_s) as answer:
        return answer.status == 200


def starter(provider, *words):
    # Python says what interrupted it; nobody is to read that.
    return subprocess.Popen(
        [sys.executable, "-c", START, provider.home, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_start_stop_and_start_again(one):
    one.start()
    status = one.status()
    assert status["state"] == "ready"
    assert status["issuer"] == one.issuer
    assert set(status["pids"]) == {"supervisor", "keycloak"}
    assert status["memory_bytes"] > 1e6
    issuer, processes = one.issuer, pids(one)
    assert answers(one)
    one.start()
    assert pids(one) == processes
    one.stop()
    wait_until(lambda: gone(processes), what="the end")
    assert one.status()["state"] == "stopped"
    one.start()
    assert one.issuer == issuer
    wait_until(lambda: gone(processes), what="the end")


def test_it_outlives_its_starter(one):
    first = starter(one)
    pid = int(first.stdout.readline())
    first.communicate("", timeout=20)
    assert is_alive(pid)
    assert answers(one)


def test_a_tied_one_ends_with_its_owner(one):
    owner = starter(one, "tied")
    owner.stdout.readline()
    processes = pids(one)
    assert len(processes) == 2
    owner.kill()
    owner.communicate()
    wait_until(lambda: gone(processes), what="the end")
    wait_until(lambda: one.status()["state"] == "stopped", what="stopped")


def test_a_killed_start_leaves_nothing(one):
    (one.home / "takes-long").touch()
    first = starter(one, "tied")
    wait_until(lambda: len(pids(one)) == 2, what="the start")
    processes = pids(one)
    first.kill()
    first.communicate()
    wait_until(lambda: gone(processes), what="the end")
    (one.home / "takes-long").unlink()
    one.start()
    assert answers(one)


def test_an_interrupted_start_leaves_nothing(one):
    (one.home / "takes-long").touch()
    first = starter(one)
    wait_until(lambda: len(pids(one)) == 2, what="the start")
    processes = pids(one)
    first.send_signal(signal.SIGINT)
    first.communicate()
    wait_until(lambda: gone(processes), what="the end")
    assert one.status()["state"] == "stopped"


def test_four_starts_at_once_start_one(one):
    starts = [starter(one) for _ in range(4)]
    said = {start.communicate("", timeout=30)[0] for start in starts}
    assert said == {f"{one.status()['pids']['keycloak']}\n"}


def test_killing_the_supervisor_leaves_no_orphan(one):
    one.start()
    one.pause()
    processes = pids(one)
    os.kill(one.status()["pids"]["supervisor"], signal.SIGKILL)
    wait_until(lambda: gone(processes), what="the end of a paused process")
    assert one.status()["state"] == "broken"
    one.start()
    assert one.status()["state"] == "ready"


def test_a_killed_keycloak_is_said(one):
    one.start()
    os.kill(one.status()["pids"]["keycloak"], signal.SIGKILL)
    wait_until(lambda: one.status()["state"] == "broken", what="the news")
    assert "Keycloak ended (code -9)" in one.status()["problem"]
    one.start()
    assert one.status()["state"] == "ready"


def test_a_paused_one_takes_connections_and_answers_none(one):
    one.start()
    one.pause()
    with pytest.raises(TimeoutError):
        answers(one, timeout_s=0.3)
    one.resume()
    assert answers(one)


def test_a_paused_one_can_be_stopped(one):
    one.start()
    processes = pids(one)
    one.pause()
    one.stop()
    wait_until(lambda: gone(processes), what="the end")


def test_two_are_strangers(one, stand_in, tmp_path):
    other = stand_in(tmp_path / "other")
    one.start()
    other.start()
    assert one.issuer != other.issuer
    assert not pids(one) & pids(other)
    assert one.client_secret() != other.client_secret()
    other.stop()
    assert answers(one)


@pytest.mark.parametrize("steady", [False, True])
def test_a_load_test_gets_the_thorough_compiler(one, steady):
    one.start(steady=steady)
    words = Path(f"/proc/{one.status()['pids']['keycloak']}/cmdline").read_text().split("\0")
    assert ("-XX:TieredStopAtLevel=1" in words) is not steady


def test_a_taken_port_is_not_fought_for(one):
    one.start()
    before = one.issuer
    one.stop()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", int(before.split(":")[2].split("/")[0])))
        thief.listen()
        one.start()
        assert one.issuer != before
        assert answers(one)


def test_a_recycled_process_number_is_left_alone(one):
    one.start()
    one.stop()
    bystander = subprocess.Popen(["sleep", "3600"])
    record = {"state": "ready", "pids": {"supervisor": bystander.pid, "keycloak": bystander.pid}}
    one.layout.state_file.write_text(json.dumps(record))
    assert one.status()["state"] == "broken"
    with pytest.raises(IdpError, match="No identity provider runs"):
        one.pause()
    one.stop()
    assert bystander.poll() is None
    one.start()
    assert answers(one)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_what_keycloak_said_is_passed_on(one):
    (one.home / "does-not-start").touch()
    with pytest.raises(IdpError, match="the database is of a later version") as raised:
        one.start()
    assert "log" in raised.value.hint
    assert one.status()["state"] == "broken"


def test_one_that_takes_too_long_is_ended(one):
    (one.home / "takes-long").touch()
    with pytest.raises(IdpError, match="not ready in time"):
        one.start(timeout_s=1)
    assert one.status()["pids"] == {}


def test_it_ends_when_its_folder_is_gone(one):
    one.start()
    processes = pids(one)
    one.home.rename(one.home.with_name("moved"))
    wait_until(lambda: gone(processes), what="the end")
    assert one.status()["state"] == "absent"


def test_erase_and_reset(one):
    one.start()
    secret = one.client_secret()
    one.erase()
    assert not one.home.exists()
    one.layout.realm_file.parent.mkdir(parents=True)
    one.layout.realm_file.touch()
    one.start()
    assert one.client_secret() != secret


def test_needs_nothing_to_stop_what_never_ran(tmp_path):
    Idp(tmp_path / "none").stop()
    assert not (tmp_path / "none").exists()
