"""The door to the agent: authenticated, streaming, and never in a notebook's way."""

import json
import os
import shutil
import signal
import socket
import threading
import time
import urllib.parse
from pathlib import Path

import pytest

import escape_vre
from escape_vre.client import AgentClient
from escape_vre.core.location import locate
from escape_vre.testing.waiting import wait_until
from tests.integration.conftest import agent_pid, asleep, is_alive


def test_nobody_gets_in_without_a_token(server):
    for path in ("escape-vre/agent", "escape-vre/jobs", "escape-vre/x/y"):
        for method, sent in (("GET", None), ("POST", {}), ("DELETE", None)):
            status, _, body = server.call(method, path, sent, token=False)
            assert status in (302, 403)
            assert b"data_dir" not in body
    assert not locate().socket.exists()


@pytest.mark.one_agent
def test_a_cookie_alone_is_not_enough_to_change_something(shared_server):
    _, headers, _ = shared_server.call("GET", f"lab?token={shared_server.token}", token=False)
    cookie = headers.get("Set-Cookie", "").partition(";")[0]
    status, _, _ = shared_server.call(
        "POST", "escape-vre/agent/stop", {}, token=False, headers={"Cookie": cookie}
    )
    assert status == 403


def test_every_handler_says_who_may_call_it(start_server, dl):
    server = start_server("--ServerApp.allow_unauthenticated_access=False")
    server.json("GET", "escape-vre/agent")
    said = server.log.read_text()
    assert "escape" not in said.partition("JupyterServerAuthWarning")[2].partition("\n[")[0]


def test_starting_jupyter_and_looking_at_jobs_starts_no_agent(server):
    assert server.json("GET", "escape-vre/jobs") == {"jobs": []}
    time.sleep(1.5)
    assert not locate().socket.exists()
    assert server.json("GET", "escape-vre/agent")["pid"] == agent_pid()


def test_browser_kernel_and_shell_share_one_agent(server, dl):
    assert server.json("GET", "escape-vre/agent")["pid"] == dl.get("/agent")["pid"]
    assert dl.get("/agent")["data_dir"] == str(server.root / "data")


@pytest.mark.one_agent
def test_an_error_keeps_its_status_and_words(shared_server):
    status, headers, body = shared_server.call("GET", "escape-vre/datalake/did?ref=rucio:demo:nope")
    assert status == 404
    assert headers["Content-Type"].startswith("application/json")
    error = json.loads(body)["error"]
    assert error["code"] == "not_found"
    assert error["hint"]
    status, _, body = shared_server.call("GET", "escape-vre/no/such/route")
    assert status == 404


@pytest.mark.one_agent
def test_a_ref_with_slashes_arrives_as_it_was(shared_server):
    name = "cms:/SyntheticDYToMuMu/Run2026A-demo-v1/NANOAOD"
    for sent in (name, name.replace("/", "%2F")):
        found = shared_server.json("GET", f"escape-vre/datalake/did?ref=rucio:{sent}")
        assert found["name"] == name.partition(":")[2]


@pytest.mark.one_agent
def test_an_address_that_is_not_ascii_arrives_as_it_was(shared_server):
    """Browsers escape what is not ASCII; others send it as it is."""
    shared_server.json("GET", "escape-vre/agent")
    address = urllib.parse.urlsplit(shared_server.url)
    with socket.create_connection((address.hostname, address.port)) as raw:
        head = f"Authorization: token {shared_server.token}"
        raw.sendall(f"GET /escape-vre/jobs/Größe HTTP/1.0\r\n{head}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"] == (
        "There is no job Größe."
    )


@pytest.mark.one_agent
def test_a_list_streams(shared_server):
    _, headers, body = shared_server.call("GET", "escape-vre/datalake/dids?scope=demo&limit=5")
    assert headers["Content-Type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in body.splitlines()]
    assert lines[-1] == {"end": {"count": 5, "truncated": True, "skipped": 0}}


def test_what_is_not_listed_for_browsers_does_not_reach_the_agent(server):
    for method, path in (("GET", "datalake/secrets"), ("DELETE", "jobs"), ("POST", "agent")):
        status, _, body = server.call(
            method, f"escape-vre/{path}", {} if method == "POST" else None
        )
        assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")
    assert not locate().socket.exists(), "an agent was started for it"


def test_under_a_base_url_it_works_too(start_server, dl):
    server = start_server("--ServerApp.base_url=/user/anna/")
    assert server.url.endswith("/user/anna/")
    assert server.json("GET", "escape-vre/datalake/whoami")["account"] == "demo"


def test_notebook_7_has_it_too(start_server, dl):
    pytest.importorskip("notebook")
    server = start_server(app="notebook")
    assert server.json("GET", "escape-vre/datalake/whoami")["account"] == "demo"


def test_a_browser_writes_below_the_contents_root_only(server):
    body = {"refs": ["rucio:demo:fermi.photons.fits"], "to": "mine"}
    job = server.json("POST", "escape-vre/datalake/get", body)
    ended = AgentClient().wait(job["id"])
    assert ended["path"] == str(server.root / "mine" / "fermi.photons.fits")
    seen = server.json("GET", f"escape-vre/jobs/{job['id']}")
    assert seen["contents_path"] == "mine/fermi.photons.fits"
    for to in ("../out", "/../../etc", "a/../../out"):
        status, _, answer = server.call("POST", "escape-vre/datalake/get", {**body, "to": to})
        assert status == 400, answer
    # What the server sets, a browser cannot: the header is replaced.
    status, _, answer = server.call(
        "POST",
        "escape-vre/datalake/get",
        {**body, "to": "other"},
        headers={"X-Escape-VRE-Contents-Root": "/"},
    )
    assert json.loads(answer)["destination"] == str(server.root / "other")


def test_below_a_linked_root_or_folder_files_open(start_server, dl, tmp_path):
    """As /home linked to another disk, and ~/scratch to a scratch disk, on most clusters."""
    for folder in ("disk", "big"):
        (tmp_path / folder).mkdir()
    (tmp_path / "home").symlink_to("disk")
    (tmp_path / "disk" / "scratch").symlink_to(tmp_path / "big")
    server = start_server(root=tmp_path / "home")
    for to in ("mine", "scratch/today"):
        body = {"refs": ["rucio:demo:fermi.photons.fits"], "to": to}
        job = server.json("POST", "escape-vre/datalake/get", body)
        assert AgentClient().wait(job["id"])["state"] == "done"
        opens = server.json("GET", f"escape-vre/jobs/{job['id']}")["contents_path"]
        assert opens == f"{to}/fermi.photons.fits"
        assert server.json("GET", f"api/contents/{opens}?content=0")["path"] == opens
    assert (tmp_path / "big" / "today" / "fermi.photons.fits").exists()


def test_a_site_may_refuse_links_that_lead_out(start_server, lake, configure, tmp_path):
    configure(Agent={"follow_links": False}, DataLake={"instances": [lake.instance()]})
    server = start_server()
    (tmp_path / "big").mkdir()
    (server.root / "scratch").symlink_to(tmp_path / "big")
    body = {"refs": ["rucio:demo:fermi.photons.fits"], "to": "scratch"}
    status, _, answer = server.call("POST", "escape-vre/datalake/get", body)
    assert status == 400
    assert "outside" in json.loads(answer)["error"]["message"]


def test_no_secret_in_log_or_answer(server, lake):
    server.json("GET", "escape-vre/datalake/whoami")
    server.call("GET", f"escape-vre/agent?token={server.token}", token=False)
    answers = [server.call("GET", f"escape-vre/{p}")[2] for p in ("agent", "datalake/instances")]
    password = Path(str(lake.instance()["password_file"])).read_text().strip()
    log = server.log.read_bytes() + locate().log.read_bytes()
    assert password.encode() not in log + b"".join(answers)
    assert server.token.encode() not in locate().log.read_bytes()
    assert b"demo-demo-" not in log


def test_a_key_goes_to_the_agent_and_makes_one_job(server, big):
    asked = ("POST", "escape-vre/datalake/get", {"refs": ["rucio:demo:big.files"]})
    key = {"Idempotency-Key": "a-key-of-this-test"}
    answers = [server.call(*asked, headers=key) for _ in range(2)]
    assert [status for status, _, _ in answers] == [201, 200]
    first, second = (json.loads(body)["id"] for _, _, body in answers)
    assert first == second
    AgentClient().wait(first)
    late = json.loads(server.call(*asked, headers=key)[2])
    assert (late["id"], late["state"]) == (first, "done")


def test_a_killed_agent_is_healed_and_its_job_goes_on(server, lake, big, listening):
    with asleep(lake):
        job = server.json("POST", "escape-vre/datalake/get", {"refs": ["rucio:demo:big.files"]})
        pid = agent_pid()
        os.kill(pid, signal.SIGKILL)
        # Nobody asks: how long this takes is a question of the benchmark.
        wait_until(lambda: agent_pid() not in (pid, None) and listening(), what="another agent")
    assert AgentClient().wait(job["id"])["state"] == "done"


def test_killing_jupyter_leaves_the_job_running_and_it_is_found_again(start_server, dl, lake, big):
    server = start_server()
    with asleep(lake):
        job = server.json("POST", "escape-vre/datalake/get", {"refs": ["rucio:demo:big.files"]})
        pid = agent_pid()
        server.kill(signal.SIGKILL)
        assert is_alive(pid)
        again = start_server()
        (found,) = again.json("GET", "escape-vre/jobs")["jobs"]
        assert (found["id"], found["state"]) == (job["id"], "running")
    assert dl.wait(job["id"])["state"] == "done"
    assert agent_pid() == pid


def test_bytes_in_flight_keep_the_server_alive_and_nothing_else_does(server, big):
    def last():
        return server.json("GET", "api/status")["last_activity"]

    server.json("GET", "escape-vre/jobs")
    at_rest = last()
    time.sleep(0.3)
    server.json("GET", "escape-vre/jobs")
    server.json("GET", "escape-vre/datalake/scopes")
    assert last() == at_rest, "looking is no activity"
    job = AgentClient().post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
    AgentClient().wait(job["id"])
    wait_until(lambda: last() > at_rest, what="activity")

    def rests():
        before = last()
        time.sleep(0.5)
        return last() == before

    wait_until(rests, what="an end of it")


def test_job_events_reach_the_browser(server, big, request):
    websocket = pytest.importorskip("websocket")
    address = server.url.replace("http", "ws", 1) + f"api/events/subscribe?token={server.token}"
    connection = websocket.create_connection(address, timeout=60)
    request.addfinalizer(connection.close)
    job = server.json("POST", "escape-vre/datalake/get", {"refs": ["rucio:demo:big.files"]})
    seen = []
    while not seen or seen[-1]["state"] != "done":
        event = json.loads(connection.recv())
        if (
            event["schema_id"] == "https://escape-vre.org/events/job/v1"
            and event["id"] == job["id"]
        ):
            seen.append(event)
    assert seen[-1]["state"] == "done"
    assert seen[-1]["contents_path"] == "data/demo/big.files"
    assert "password" not in json.dumps(seen)


def test_a_slow_lake_does_not_hold_up_the_server(start_server, configure, own_agent, tmp_path):
    token = tmp_path / "token"
    token.write_text("any")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        lake = {"name": "slow", "url": url, "auth": "token_file", "token_file": str(token)}
        configure(DataLake={"instances": [{**lake, "timeout_s": 60}]})
        server = start_server()
        server.json("GET", "escape-vre/agent")
        codes = []
        asking = [
            threading.Thread(
                target=lambda: codes.append(server.call("GET", "escape-vre/datalake/scopes")[0])
            )
            for _ in range(12)
        ]
        for thread in asking:
            thread.start()
        for _ in range(20):
            server.json("GET", "api/status")
            assert all(thread.is_alive() for thread in asking), "it waited for one of them"
    for thread in asking:
        thread.join()
    assert set(codes) <= {502, 503, 504}
    assert len(codes) == 12


def test_an_agent_that_cannot_start_is_explained_in_the_browser(start_server, configure):
    configure(Agent={"idle_timeout_s": "soon"})
    server = start_server()
    status, _, body = server.call("GET", "escape-vre/agent")
    assert status == 500
    assert "idle_timeout_s" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize("busy", [False, True])
def test_only_a_newer_server_replaces_an_agent_and_only_an_idle_one(
    start_server, dl, big, tmp_path, monkeypatch, busy
):
    package = tmp_path / "old"
    shutil.copytree(
        Path(escape_vre.__file__).parent,
        package / "escape_vre",
        ignore=shutil.ignore_patterns("labextension", "__pycache__", "local"),
    )
    (package / "escape_vre" / "_version.py").write_text('__version__ = "0.0.1"\n')
    with monkeypatch.context() as old:
        old.setenv("PYTHONPATH", str(package))
        found = AgentClient().get("/agent")
    assert found["version"] == "0.0.1"
    if busy:
        job = dl.post("/datalake/get", {"refs": ["rucio:demo:big.files"]})
        os.kill(found["pid"], signal.SIGSTOP)  # so that the job is there when Jupyter asks
    server = start_server()
    if busy:
        os.kill(found["pid"], signal.SIGCONT)
    seen = server.json("GET", "escape-vre/agent")
    if busy:
        assert dl.wait(job["id"])["state"] == "done"
    else:
        assert seen["version"] == escape_vre.__version__
        wait_until(lambda: not is_alive(found["pid"]), what="the end of the older one")
