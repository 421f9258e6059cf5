"""A second distribution, built and installed beside escape-vre, which is not changed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from escape_vre.core import caller
from escape_vre.core.registry import installed
from tests.extension.remote import Shelf
from tests.integration.conftest import no_agent_left  # noqa: F401 — for every test here

SOURCE = Path(__file__).parent / "escape-vre-shelf"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Build the wheel and install it into a folder; returns the folder."""
    folder = tmp_path_factory.mktemp("installed")
    uv = Path(sys.executable).with_name("uv")
    options = ["--offline", "--no-deps", "--no-build-isolation", "--no-cache"]
    command = [uv, "pip", "install", "-q", *options, "--python", sys.executable]
    subprocess.run([*command, "--target", folder, SOURCE], check=True, timeout=300)
    return folder


def _forget():
    installed.cache_clear()
    caller.allowed_variables.cache_clear()
    caller.path_variables.cache_clear()


@pytest.fixture(autouse=True)
def beside(wheel, monkeypatch):
    """Use what is installed, in this process and in those that a test starts."""
    monkeypatch.syspath_prepend(wheel)
    path = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", f"{wheel}{os.pathsep}{path}" if path else str(wheel))
    monkeypatch.setenv("JUPYTER_PATH", str(wheel / "share" / "jupyter"))
    _forget()
    yield wheel
    _forget()


@pytest.fixture
def remote(tmp_path_factory, monkeypatch):
    """A shelf with three files, which the agent's configuration names."""
    with Shelf() as shelf:
        shelf.files = {"atlas": b"a" * 3_000_000, "atlas.idx": b"1", "dune": b"sand"}
        folder = tmp_path_factory.mktemp("config")
        (folder / "escape_vre_config.json").write_text(json.dumps({"Shelf": {"url": shelf.url}}))
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
        yield shelf
