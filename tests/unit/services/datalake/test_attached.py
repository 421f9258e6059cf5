"""Variables of attached data: their shapes, and what is never overwritten without a word."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from escape_vre.core.errors import AgentUnavailableError, NotFoundError
from escape_vre.core.location import locate
from escape_vre.display.files import Files
from escape_vre.services.datalake.notebook.api import attach


class Agent(BaseHTTPRequestHandler):
    """Answers with the files of jobs."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        rows, status = [{"api": 1, "apis": [1]}], 200
        if self.path.startswith("/jobs/"):
            files = self.server.files.get(self.path.split("/")[2])
            error = NotFoundError("No such job.", hint="")
            rows = [{"error": error.as_dict()}] if files is None else [*files, {"end": {}}]
            status = error.status if files is None else 200
        text = "".join(json.dumps(row) + "\n" for row in rows)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return super().get_request()[0], ("agent", 0)


@pytest.fixture
def names():
    """The variables of a kernel."""
    return {}


@pytest.fixture
def jobs(tmp_path):
    """Files of two jobs, which a fake agent knows: ``one`` got a.fits, ``two`` b.csv and c.csv."""
    location = locate()
    location.make_runtime()
    made = {"one": ["a.fits"], "two": ["b.csv", "c.csv"], "gone": ["gone"], "none": []}
    for name in ("a.fits", "b.csv", "c.csv"):
        (tmp_path / name).touch()
    with Server(str(location.socket), Agent) as server:
        server.files = {
            job: [{"path": str(tmp_path / file), "state": "here"} for file in files]
            for job, files in made.items()
        }
        running = threading.Thread(target=server.serve_forever, args=(0.01,))
        running.start()
        yield server.files
        server.shutdown()
        running.join()


def test_variables_are_what_get_returns(jobs, names, tmp_path):
    jobs["two"].append({"path": str(tmp_path / "d.csv"), "state": "missing"})
    report = attach(names, {"photons": ["one", "files"], "curves": ["two", "files"]})
    assert json.loads(repr(report)) == {"photons": "set", "curves": "set"}
    assert isinstance(names["photons"], Files)
    assert names["photons"].path == tmp_path / "a.fits"
    assert names["curves"] == [tmp_path / "b.csv", tmp_path / "c.csv"]
    assert set(names) == {"photons", "curves"}


def test_variables_of_the_peer_have_its_shapes(jobs, names, tmp_path):
    attach(
        names,
        {"one": ["one", "peer-file"], "two": ["two", "peer-files"], "no": ["none", "peer-files"]},
    )
    path = str(tmp_path / "a.fits")
    assert names["one"] == names["one"].path == path
    assert isinstance(names["one"], str)
    assert (names["one"].pfn, names["one"].did_available) == (None, True)
    assert names["two"] == [str(tmp_path / "b.csv"), str(tmp_path / "c.csv")]
    assert names["two"][1].path == str(tmp_path / "c.csv")
    assert names["two"].items == names["two"]
    assert names["two"].did_available
    assert names["no"] == []


def test_no_variable_is_overwritten_without_a_word(jobs, names):
    mine = names["photons"] = object()
    wanted = {"photons": ["one", "files"], "curves": ["two", "files"]}
    assert attach(names, wanted).variables == {"photons": "taken by object", "curves": "set"}
    assert names["photons"] is mine
    assert attach(names, wanted, overwrite=True).variables == {"photons": "set", "curves": "set"}
    assert isinstance(names["photons"], Files)


class Awkward:
    def __eq__(self, other):
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = None


def test_an_equal_value_is_not_in_the_way_whatever_lists_hold(jobs, names, tmp_path):
    names["curves"] = [tmp_path / "b.csv", tmp_path / "c.csv"]
    names["photons"] = [Awkward()]
    report = attach(names, {"curves": ["two", "files"], "photons": ["one", "files"]})
    assert report.variables == {"curves": "set", "photons": "taken by list"}


def test_our_own_value_is_replaced_by_newer_data_unless_it_was_set_again(jobs, names):
    attach(names, {"data": ["one", "files"], "path": ["one", "peer-file"]})
    assert attach(names, {"data": ["two", "files"]}).variables == {"data": "set"}
    assert len(names["data"]) == 2
    assert attach(names, {"path": ["two", "peer-files"]}).variables == {"path": "set"}
    names["data"] = names["data"][:1]
    assert attach(names, {"data": ["two", "files"]}).variables == {"data": "taken by list"}


def test_a_kernel_that_has_neither_agent_nor_files_says_so(names):
    with pytest.raises(AgentUnavailableError):
        attach(names, {"photons": ["one", "files"]})
    assert names == {}


def test_files_of_another_machine_become_no_variable(jobs, names, tmp_path):
    assert not Path(jobs["gone"][0]["path"]).exists()
    report = attach(names, {"photons": ["one", "files"], "gone": ["gone", "files"]})
    assert report.variables == {"photons": "set", "gone": "absent"}
    assert set(names) == {"photons"}


def test_a_job_that_the_agent_does_not_know_is_an_error(jobs, names):
    with pytest.raises(NotFoundError, match="No such job"):
        attach(names, {"photons": ["another", "files"]})
    assert names == {}
