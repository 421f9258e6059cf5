"""A lake starts, ends and heals, whatever is killed, and disturbs no other."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.local.lake import Lake, LakeError
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import is_alive, listening_addresses


def works(lake):
    with lake.rest("demo") as rest:
        return len(rest.call("GET", "/dids/demo/fermi.lightcurves/files")) == 5


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A second lake, in a folder whose name is as awkward as a folder's can be."""
    folder = tmp_path_factory.mktemp("x") / ("long " * 40).strip() / "100% Löss" / "lake"
    lake = Lake(folder)
    yield lake
    lake.erase()


def test_four_starts_at_once_start_one(other):
    script = (
        "import sys, json; from pathlib import Path; from escape_vre.local.lake import Lake;"
        "lake = Lake(Path(sys.argv[1])); lake.start(); print(json.dumps(lake.status()['pids']))"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", script, other.home], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = {start.communicate(timeout=120)[0] for start in starts}
    assert len(said) == 1
    assert json.loads(said.pop())["supervisor"] == other.status()["pids"]["supervisor"]
    assert works(other)


def test_two_lakes_are_strangers(lake, other):
    assert works(lake)
    assert works(other)
    assert lake.url != other.url
    mixed = {**lake.instance(), "ca_file": other.instance()["ca_file"]}
    from escape_vre.local.lake.rest import Rest

    with pytest.raises(LakeError, match="certificate"):
        Rest(
            lake.url,
            account="demo",
            password_file=lake.layout.password("demo"),
            ca_file=Path(mixed["ca_file"]),
        ).__enter__()


def test_listens_on_loopback_only(lake):
    listening = listening_addresses(lake.status()["pids"].values())
    assert len(listening) >= 3
    assert set(listening) == {"0100007F"}


def test_needs_less_than_400_mb(lake):
    assert lake.status()["memory_bytes"] < 400e6


def test_no_secret_is_readable_or_shown(lake):
    secrets = [
        lake.layout.password("demo"),
        lake.layout.password("root"),
        lake.layout.storage_token,
    ]
    hidden = [*secrets, lake.layout.client_identity, lake.layout.server_identity]
    hidden += [lake.layout.client_config(), lake.layout.server_config]
    for path in hidden:
        assert path.stat().st_mode & 0o077 == 0, path
    assert lake.home.stat().st_mode & 0o077 == 0
    words = [path.read_text().strip().encode() for path in secrets]
    for pid in lake.status()["pids"].values():
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not any(word in shown for word in words)
    for log in (lake.home / "log").iterdir():
        content = log.read_bytes()
        assert not any(word in content for word in words), log
    assert not any(word.decode() in json.dumps(lake.instance()) for word in words)


def test_restart_keeps_data_and_ports(other):
    url = other.url
    other.upload_many("user.demo", "kept", [("kept.1", b"one")])
    other.transfers_take(3600)
    with other.rest() as rest:
        # As in a lake that was made before there was this one.
        rest.call("DELETE", "/rses/EAST-ARCHIVE")
        wish = {"dids": [{"scope": "user.demo", "name": "kept"}], "account": "demo", "copies": 1}
        rest.call("POST", "/rules/", {**wish, "rse_expression": other.sites[1]})
        request = f"/requests/user.demo/kept.1/{other.sites[1]}"
        wait_until(lambda: rest.call("GET", request)[0]["state"] == "SUBMITTED")
    began = list(other.status()["pids"].values())
    other.stop()
    wait_until(lambda: not any(is_alive(pid) for pid in began))
    assert other.status()["state"] == "stopped"
    other.start()
    assert other.url == url
    with other.rest("demo") as rest:
        assert [one["name"] for one in rest.call("GET", "/dids/user.demo/kept/files")] == ["kept.1"]
        assert {one["rse"] for one in rest.call("GET", "/rses/")} == set(other.rses)
        # The transfer was lost, and begun again; the pace ended with the lake.
        rules = "/dids/user.demo/kept/rules"
        wait_until(lambda: rest.call("GET", rules)[0]["state"] == "OK")


def test_a_taken_port_is_not_fought_for(other):
    other.stop()
    before = other.layout.ports()
    site = other.sites[0]
    with socket.socket() as thief, socket.socket() as second:
        for one, port in ((thief, before["rucio"]), (second, before["sites"][site])):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            one.listen()
        other.start()
        after = other.layout.ports()
        assert after["rucio"] != before["rucio"]
        assert after["sites"][other.sites[1]] == before["sites"][other.sites[1]]
        with other.rest("demo") as rest:
            (found,) = rest.call(
                "POST",
                "/replicas/list",
                {"dids": [{"scope": "demo", "name": "fermi.photons"}], "schemes": ["https"]},
            )
        assert f":{after['sites'][site]}/data/" in found["rses"][site][0]


def test_a_killed_part_comes_back(other):
    for part in ("rucio", other.sites[0], "database"):
        pid = other.status()["pids"][part]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda part=part, pid=pid: other.status()["pids"].get(part, pid) != pid)

        def answers():
            try:
                return works(other)
            except (LakeError, OSError):
                return False

        wait_until(answers)
    assert other.status()["state"] == "ready"


def test_killing_the_supervisor_leaves_no_orphan(other):
    pids = other.status()["pids"]
    os.kill(pids["supervisor"], signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids.values()))
    assert other.status()["state"] == "broken"
    other.start()
    assert works(other)


def test_killing_everything_loses_nothing(other):
    other.upload_many("user.demo", "kept", [("kept.2", b"two")])
    for pid in other.status()["pids"].values():
        with contextlib.suppress(ProcessLookupError):  # it ended with its parent
            os.kill(pid, signal.SIGKILL)
    other.start()
    with other.rest("demo") as rest:
        assert len(rest.call("GET", "/dids/user.demo/kept/files")) == 2


def test_leaves_nothing_in_the_temporary_folder(other):
    folder = Path(other.layout.short_folder_note.read_text())
    supervisor = other.status()["pids"]["supervisor"]
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: not is_alive(supervisor))
    assert folder.exists()
    other.start()
    assert not folder.exists()
    folder = Path(other.layout.short_folder_note.read_text())
    other.stop()
    wait_until(lambda: not folder.exists())


def test_a_recycled_process_number_does_not_stop_the_database(other):
    other.stop()
    (other.layout.database / "postmaster.pid").write_text(f"{os.getpid()}\n/nowhere\n")
    other.start()
    assert works(other)


def test_an_interrupted_first_start_is_begun_again(tmp_path):
    script = (
        "import sys; from pathlib import Path; from escape_vre.local.lake import Lake;"
        "Lake(Path(sys.argv[1])).start(tied=True)"
    )
    for attempt in range(5):
        lake = Lake(tmp_path / f"lake-{attempt}")
        first = subprocess.Popen([sys.executable, "-c", script, lake.home])
        # Samples are laid out before Rucio is told of them: it is in the middle of being filled.
        wait_until(lambda home=lake.home: any(home.glob("sites/*/data/*")), timeout_s=120)
        first.kill()
        first.wait()
        wait_until(lambda lake=lake: lake.status()["state"] != "starting")
        if not lake.layout.seeded.exists():
            break  # else we slept, and it was filled before we interrupted it
        lake.erase()
    else:
        pytest.fail("a lake that was interrupted counts as filled, five times")
    lake.start()
    assert works(lake)
    lake.erase()
    assert not lake.home.exists()


def test_a_tied_lake_ends_with_its_owner(other):
    other.stop()
    script = (
        "import sys, time; from pathlib import Path; from escape_vre.local.lake import Lake;"
        "Lake(Path(sys.argv[1])).start(tied=True); print('up', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, other.home], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout.readline() == "up\n"
    pids = other.status()["pids"]
    owner.kill()
    owner.communicate()
    wait_until(lambda: not any(is_alive(pid) for pid in pids.values()))
    assert other.status()["state"] == "stopped"


def test_a_lake_ends_when_its_folder_is_gone(tmp_path, other):
    other.start()
    pids = other.status()["pids"]
    other.home.rename(tmp_path / "moved")  # gone at once: it is not written to meanwhile
    wait_until(lambda: not any(is_alive(pid) for pid in pids.values()))
    assert other.status()["state"] == "absent"


def test_erases_only_lakes(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(LakeError, match="not the folder of a lake"):
        Lake(tmp_path).erase()
    assert (tmp_path / "thesis.tex").exists()
