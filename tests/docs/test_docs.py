"""Run the code of README, user guide and stories on a real lake, and compare what pages say.

A page is one story: its blocks run in order, in one folder, with one kernel and one agent.

``console``   each ``$ command`` runs in bash; what follows it is what it prints
``python``    runs in a kernel; a ``text`` block right after it is what a notebook shows

``...`` stands for anything, spaces for any spaces. A block of ``sh`` or ``text`` alone is not run.
"""

import doctest
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parents[2]
STORIES = sorted((ROOT / "escape_vre/local/demo/stories").glob("*.ipynb"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/user").glob("*.md"))]
BLOCK = re.compile(
    r"^```(?P<kind>console|python)\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def blocks(page):
    """Yield line, kind, code and what is shown after it of each block of a page."""
    text = page.read_text()
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield line, found["kind"], found["code"], found["shown"]


def check(where, want, got):
    """Compare what a page shows with what was said."""
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    same = doctest.OutputChecker().check_output(want.strip() + "\n", got.strip() + "\n", options)
    assert same, f"{where} shows:\n{want}\nbut it is:\n{got}"


@pytest.fixture
def bash(dl, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # by which files are sorted

    def run(command):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=180,
        )
        return done.stdout

    return run


@pytest.fixture
def notebook(bash, tmp_path):
    """Run a cell in a kernel of this environment; gives what a notebook shows as text."""
    started = []

    def run(code):
        if not started:
            env = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
            started.extend(start_new_kernel(kernel_name="python3", env=env, cwd=str(tmp_path)))
        said = {}

        def hear(message):
            content = message["content"]
            # What is displayed again under the same id, such as a bar, takes its own place.
            key = content.get("transient", {}).get("display_id", len(said))
            if message["msg_type"] == "stream":
                said[key] = content["text"]
            elif "data" in content:
                said[key] = content["data"]["text/plain"] + "\n"
            elif message["msg_type"] == "error":
                said[key] = "\n".join(content["traceback"]) + "\n"

        started[1].execute_interactive(code, timeout=180, output_hook=hear)
        return COLOUR.sub("", "".join(said.values()))

    yield run
    if started:
        manager, client = started
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_happens(page, bash, notebook):
    for line, kind, code, shown in blocks(page):
        where = f"{page.name}:{line}"
        if kind == "console":
            for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
                command, _, want = part.partition("\n")
                check(f"{where}: {command}", want, bash(command))
        else:
            check(where, shown or "", notebook(code))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_runs_from_its_first_cell_to_its_last(story, notebook):
    cells = [cell for cell in json.loads(story.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    for cell in cells:
        shown = notebook("".join(cell["source"]))
        assert "Traceback" not in shown, shown
        assert "Error" not in shown, shown
        assert cell["metadata"].get("shows", "") in shown, shown
