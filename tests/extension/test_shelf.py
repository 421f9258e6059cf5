"""The second distribution in use: the agent's API, its long job, the command and the magic."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.testing.globalipapp import start_ipython

import escape_vre
from escape_vre.agent.openapi import document
from escape_vre.client import AgentClient
from escape_vre.core.browser import BrowserRoutes
from escape_vre.core.errors import EscapeError
from escape_vre.core.registry import installed
from escape_vre.testing.waiting import wait_until


def shelf(*words):
    """Run ``escape-vre shelf`` and return what it printed."""
    command = [sys.executable, "-m", "escape_vre", "shelf", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def begun(agent, name):
    """Begin a binding that stops before its end, and return its job."""
    job = agent.post("/shelf/bind", {"name": name})
    wait_until(lambda: agent.get(f"/jobs/{job['id']}")["progress"]["done"], what="a step")
    return job["id"]


def test_the_agent_lists_it_beside_the_others(remote):
    found = {service["name"]: service for service in AgentClient().get("/services")}
    assert found.keys() == {"datalake", "shelf"}
    assert found["shelf"]["error"] is None
    assert found["shelf"]["schemes"] == ["shelf"]


def test_its_routes_and_models_are_in_the_document_and_open_to_browsers():
    said = document()
    assert '"/shelf/search"' in said
    assert '"ShelfGetQuery"' in said
    assert '"DatalakeGetQuery"' in said
    routes = BrowserRoutes(installed())
    assert routes.allow("GET", "/shelf/search?text=x")
    assert not routes.allow("GET", "/shelf/other")


def test_without_a_setting_it_says_so_and_the_others_work():
    agent = AgentClient()
    with pytest.raises(EscapeError) as caught:
        list(agent.stream("/shelf/search", text=""))
    assert caught.value.hint == "Set Shelf.url in escape_vre_config.json."
    assert agent.get("/datalake/instances") == {"instances": []}


def test_a_long_job_goes_on_after_its_agent_was_killed(remote):
    remote.free.clear()
    agent = AgentClient()
    job = begun(agent, "trilogy")
    os.kill(agent.get("/agent")["pid"], signal.SIGKILL)
    remote.free.set()
    ended = agent.wait(job)
    assert (ended["state"], ended["state_word"]) == ("done", "bound")
    assert ended["result"] == {"ref": "shelf:trilogy"}
    assert ended["progress"]["done"] == ended["progress"]["total"] == 3
    assert remote.begun == ["trilogy"], "the remote was asked once"


def test_a_long_job_that_is_cancelled_ends_at_the_remote(remote):
    remote.free.clear()
    agent = AgentClient()
    job = begun(agent, "trilogy")
    agent.post(f"/jobs/{job}/cancel")
    assert agent.wait(job)["state"] == "cancelled"
    assert remote.ended == ["trilogy"]


def test_the_command(remote, tmp_path):
    assert shelf("search", "atlas").splitlines()[1].startswith("shelf:atlas\t")
    assert "shelf:dune" not in shelf("search", "atlas")
    (tmp_path / "mine.txt").write_text("mine")
    shelf("put", tmp_path / "mine.txt", "shelf:mine")
    assert remote.files["mine"] == b"mine"
    said = shelf("get", "shelf:mine", "--to", tmp_path)
    assert (tmp_path / "mine").read_text() == "mine"
    assert said.strip() == str(tmp_path / "mine")
    command = [sys.executable, "-m", "escape_vre"]
    assert "the shelf: search, get, put, bind" in subprocess.check_output(
        [*command, "--help"], text=True
    )
    other = [*command, "dl", "get", "shelf:mine", "--to", str(tmp_path / "other")]
    (path,) = subprocess.check_output(other, text=True).splitlines()
    assert path == str(tmp_path / "other" / "mine")
    assert escape_vre.get("shelf:mine", to=tmp_path / "other", progress=False)[0] == Path(path)


def test_the_magic_and_its_completion(remote, capsys):
    shell = start_ipython()
    shell.run_line_magic("load_ext", "escape_vre")
    found = shell.run_line_magic("shelf", "search dune")
    assert [row["ref"] for row in found] == ["shelf:dune"]
    with provisionalcompleter():
        matches = [match.text for match in shell.Completer.completions("%shelf se", 9)]
    assert matches == ["search"]


def test_what_is_on_the_shelf_is_got_by_the_word_of_another_service(remote, tmp_path):
    command = [sys.executable, "-m", "escape_vre", "dl", "get", "shelf:dune", "--to", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dune").read_bytes() == remote.files["dune"]
