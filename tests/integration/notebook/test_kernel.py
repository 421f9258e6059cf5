"""``%dl`` in a real kernel: loads by itself, shows one bar and one line, completes, explains."""

import contextlib
import functools
import os
import re
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel


class Kernel:
    def __init__(self, client, manager):
        self.client = client
        self.manager = manager

    def run(self, code):
        """Run code; returns the messages that came, by type."""
        seen = []
        reply = self.client.execute_interactive(
            code, timeout=60, output_hook=lambda m: seen.append((m["msg_type"], m["content"]))
        )
        return reply["content"]["status"], seen

    def text(self, code):
        """Run code and return everything that was printed or displayed as plain text."""
        status, seen = self.run(code)
        parts = []
        for kind, content in seen:
            if kind == "stream":
                parts.append(content["text"])
            elif kind in ("display_data", "execute_result"):
                parts.append(content["data"]["text/plain"])
            elif kind == "error":
                parts.append("\n".join(content["traceback"]))
        return status, "\n".join(parts)

    def complete(self, code):
        return [found["text"] for found in self.completions(code)]

    def completions(self, code):
        """Return what completes code, each with its type."""
        content = self.client.complete(code, len(code), reply=True, timeout=60)["content"]
        return content["metadata"]["_jupyter_types_experimental"]


@contextlib.contextmanager
def kernel(cwd):
    manager, client = start_new_kernel(kernel_name="python3", env=dict(os.environ), cwd=str(cwd))
    try:
        yield Kernel(client, manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture
def python(dl, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    with kernel(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared_kernel():
    with contextlib.ExitStack() as ends:
        yield functools.cache(lambda cwd: ends.enter_context(kernel(cwd)))


@pytest.fixture
def used_python(dl, shared_home, shared_kernel, monkeypatch):
    """One kernel for all tests marked ``one_agent``, which change nothing that others see."""
    monkeypatch.setenv("IPYTHONDIR", str(shared_home / "ipython"))
    return shared_kernel(shared_home)


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore:Kernel is running over TCP"
)


def test_the_magic_is_there_without_loading_and_leaves_no_names(python):
    _, names = python.text("print(sorted(n for n in globals() if 'escape' in n or n == 'dl'))")
    assert names.strip() == "[]"
    _, heavy = python.text("import sys; print('escape_vre.client.agent' in sys.modules)")
    assert heavy.strip() == "False"
    status, listed = python.text("%dl ls")
    assert status == "ok"
    assert listed.split() == ["scope", "cms", "demo", "test.awkward", "user.demo"]


def test_load_ext_works_where_the_magic_is_not_there(python):
    status, listed = python.text("%reload_ext escape_vre\n%dl whoami")
    assert status == "ok"
    assert listed.startswith("demo at demo (https://127.0.0.1")


def test_get_says_one_line_and_gives_files(python, tmp_path):
    status, seen = python.run("r = %dl get demo:fermi.lightcurves")
    assert status == "ok"
    shown = [c for kind, c in seen if kind in ("display_data", "update_display_data")]
    assert len({c["transient"]["display_id"] for c in shown}) == 1
    line = shown[-1]["data"]["text/plain"]
    assert re.fullmatch(
        r"demo:fermi\.lightcurves: 5 files, 21\.7 kB in [\d.]+ s, checksums verified → .*", line
    )
    assert python.text("print(type(r).__name__, len(r), r[0].name)")[1].split() == [
        "Files",
        "5",
        "fermi.lc.1.100-300MeV.csv",
    ]
    status, again = python.run("r")
    (result,) = [c for kind, c in again if kind in ("display_data", "execute_result")]
    assert "5 files" in result["data"]["text/plain"]


def test_unassigned_it_is_still_one_line(python):
    _, seen = python.run("%dl get demo:fermi.photons")
    once = ("display_data", "execute_result", "stream")
    kinds = [kind for kind, _ in seen if kind in once]
    assert kinds == ["display_data"]


def test_a_long_get_shows_a_bar_that_is_replaced(python, big):
    python.run("%dl ls")
    # Slow enough to see on any machine: what is shown is decided by time alone.
    python.run("import escape_vre.display.progress as p; p.SHOWN_AFTER_S = p.INTERVAL_S = 0")
    _, seen = python.run("files = %dl get demo:big.files")
    bars = [c for kind, c in seen if kind in ("display_data", "update_display_data")]
    assert len({c["transient"]["display_id"] for c in bars}) == 1
    assert any("<progress" in c["data"]["text/html"] for c in bars[:-1])
    assert "12 files, 60.0 MB" in bars[-1]["data"]["text/plain"]


@pytest.mark.one_agent
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%dl get dmeo:x", "Did you mean demo?"),
        ("%dl get demo:fermi.lightcurve", "Did you mean demo:fermi.lightcurves?"),
        ("%dl get nonsense", "is not a DID"),
        ("%dl nonsense", "usage: %dl"),
        ("%dl get", "usage: %dl get"),
        ("%dl info demo:nope", "There is no demo:nope"),
        ("%dl cancel 123", "No job ids begin with '123'"),
        ("%escape retry 123", "Run %escape jobs to see their ids."),
        (
            "import escape_vre; escape_vre.get('demo:fermi.lightcurves').path",
            "This get returned 5 files",
        ),
    ],
)
def test_a_mistake_is_answered_in_two_lines_without_a_traceback(used_python, code, expected):
    status, said = used_python.text(code)
    assert status == "error"
    assert expected in said
    assert "Traceback" not in said
    assert "escape_vre/" not in said


@pytest.mark.one_agent
def test_help_is_printed(used_python):
    for code in ("%dl", "%dl help", "%dl --help"):
        status, said = used_python.text(code)
        assert status == "ok"
        assert "get" in said
        assert "whoami" in said
    assert "--to" in used_python.text("%dl get --help")[1]


def test_jobs_info_and_ls_are_tables(python):
    python.run("%dl get demo:fermi.lightcurves")
    for code, word in (
        ("%dl jobs", "done"),
        ("%escape jobs", "done"),
        ("%dl info demo:fermi.photons.fits", "adler32"),
        ("%dl ls demo:fermi.*", "here"),
    ):
        _, seen = python.run(code)
        (result,) = [c["data"] for kind, c in seen if kind == "execute_result"]
        assert word in result["text/plain"]
        assert "<table>" in result["text/html"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("%dl g", "get"),
        ("%dl get de", "demo:"),
        ("%dl get demo:fermi.lig", "demo:fermi.lightcurves"),
        ("dl get demo:fermi.lig", "demo:fermi.lightcurves"),
    ],
)
def test_tab_completes_before_the_magic_was_ever_used(dl, python, typed, expected):
    dl.get("/datalake/scopes")  # whoever types is not made to wait for a sign-in
    assert expected in [match.strip() for match in python.complete(typed)]


@pytest.mark.one_agent
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("%dl ls --ty", {"--type": "option"}),
        ("%dl ls demo --type da", {"dataset": "value"}),
        ("r = %dl who", {"whoami": "command"}),
        ("%escape ret", {"retry": "command"}),
        ("%dl ls de", {"demo:": "scope"}),
    ],
)
def test_tab_says_what_a_word_is(dl, used_python, typed, expected):
    dl.get("/datalake/scopes")
    assert {found["text"]: found["type"] for found in used_python.completions(typed)} == expected


def test_two_kernels_share_one_agent(python, tmp_path):
    code = "from escape_vre.client import AgentClient; print(AgentClient().get('/agent')['pid'])"
    with kernel(tmp_path) as other:
        assert python.text(code)[1] == other.text(code)[1]


PATIENT = "--ExecutePreprocessor.iopub_timeout=60"  # else what comes 4 s after the end is lost


def test_nbconvert_runs_it_as_text(dl, tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%dl get demo:fermi.lightcurves --to here")]
    )
    nbformat.write(notebook, tmp_path / "a.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "markdown", "--execute", PATIENT, "a.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "5 files, 21.7 kB" in (tmp_path / "a.md").read_text()


def test_the_command_prints_what_arrived(dl, tmp_path):
    command = [sys.executable, "-m", "escape_vre", "dl"]
    done = subprocess.run(
        [*command, "get", "demo:fermi.photons.fits", "--to", "x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(tmp_path / "x" / "fermi.photons.fits")
    assert "1 file, 37.4 kB" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    failed = subprocess.run([*command, "get", "dmeo:x"], capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr == "escape-vre: There is no scope dmeo.\nDid you mean demo?\n"
