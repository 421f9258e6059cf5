"""A put that is interrupted at any point, and repeated, cancelled or done twice at once."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

import escape_vre
from escape_vre.core.errors import NotFoundError
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid, asleep, is_alive

NORTH = "NORTH-USERDISK"
KILLS = [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 20))]
"""Points of a put at which an agent is killed; four of them in every run of the tests."""
FILES = 24


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / f"cut.{os.urandom(4).hex()}"
    made.mkdir()
    for n in range(FILES):
        (made / f"{made.name}.{n:02}").write_bytes(os.urandom(200_000))
    return made


def names(folder):
    return {path.name for path in folder.iterdir()}


def at_site(lake, folder):
    """Return the names of all files at the site that have anything to do with a put."""
    site = lake.layout.site(NORTH)
    return {p.name for p in site.rglob("*") if p.is_file() and p.name.startswith(folder.name)}


def leftovers(lake):
    return list(lake.layout.site(NORTH).rglob("escape-vre.*"))


def rules(rest, scope, name):
    return rest.call("GET", f"/dids/{scope}/{name}/rules")


def check_whole(lake, folder):
    """Nothing is missing, nothing is left over, nothing is in a state on the way."""
    assert at_site(lake, folder) == names(folder)
    assert not leftovers(lake)
    with lake.rest() as rest:
        rows = rest.call(
            "POST",
            "/replicas/list",
            {"dids": [{"scope": "demo", "name": folder.name}], "all_states": True},
        )
        assert {row["name"] for row in rows} == names(folder)
        assert all(row["states"] == {NORTH: "AVAILABLE"} for row in rows)
        wait_until(
            lambda: [rule["locks_ok_cnt"] for rule in rules(rest, "demo", folder.name)] == [FILES],
            what="the rule to cover all files",
        )


def submit(dl, folder):
    asked = {"paths": [str(folder)], "to": "demo:", "rse": NORTH}
    return dl.post("/datalake/put", asked, repeatable=True)


@pytest.mark.parametrize("seed", KILLS)
def test_an_agent_that_is_killed_leaves_it_to_the_next(dl, lake, folder, seed):
    chance = random.Random(seed)
    job = submit(dl, folder)
    log = dl.location.state / "jobs" / job["id"] / "log.jsonl"
    points = [
        lambda: leftovers(lake) or at_site(lake, folder),
        lambda: len(at_site(lake, folder)) > FILES // 2,
        lambda: not log.exists() or "registering" in log.read_text(),
        lambda: True,
    ]
    wait_until(points[seed % len(points)])
    time.sleep(chance.random() * 0.2)  # wherever it is then
    pid = agent_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), what="the end of the agent")
    ended = dl.wait(job["id"])
    assert (ended["state"], ended["error"]) == ("done", None)
    check_whole(lake, folder)


def test_two_notebooks_put_the_same_at_once(dl, lake, folder, tmp_path):
    """Each has an agent of its own, as on two machines."""
    command = [sys.executable, "-m", "escape_vre", "dl", "put", str(folder), "--to", "demo:"]
    command += ["--rse", NORTH]
    homes = [tmp_path / "one", tmp_path / "two"]
    running = [
        subprocess.Popen(
            command,
            env={**os.environ, "ESCAPE_VRE_HOME": str(home)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for home in homes
    ]
    try:
        for one in running:
            _, said = one.communicate(timeout=120)
            assert one.returncode == 0, said
    finally:
        for home in homes:
            subprocess.run(
                [sys.executable, "-m", "escape_vre", "agent", "stop"],
                env={**os.environ, "ESCAPE_VRE_HOME": str(home)},
                check=False,
                timeout=60,
            )
    check_whole(lake, folder)


def written(dl, job):
    """Return what a job has written down; nothing once it has ended."""
    log = dl.location.state / "jobs" / job["id"] / "log.jsonl"
    return log.read_text() if log.exists() else ""


def test_cancel_while_files_are_sent_leaves_nothing(dl, lake, folder):
    cancelled = []

    def cancel():
        cancelled.append(dl.post(f"/jobs/{job['id']}/cancel"))

    with asleep(lake, NORTH):
        job = submit(dl, folder)
        wait_until(lambda: '"tag"' in written(dl, job), what="the beginning of the transfer")
        thread = threading.Thread(target=cancel)
        thread.start()
        wait_until(lambda: '"cancelled"' in written(dl, job), what="the cancellation")
    thread.join(120)
    assert cancelled[0]["state"] == "cancelled"
    assert cancelled[0]["result"]["remains"] == []
    assert (at_site(lake, folder), leftovers(lake)) == (set(), [])
    with pytest.raises(NotFoundError):
        escape_vre.info(f"demo:{folder.name}")
