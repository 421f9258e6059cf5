"""The wheel installs beside what people have, and changes none of it."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.install import uv_environment
from tests.wheel import build

ROOT = Path(__file__).parents[2]
BESIDE = ["jupyterlab>=4.6,<4.7", "notebook>=7,<8", "jupyterlab-git", "dask-labextension"]


def resolve(*wanted, constraint=()):
    """Return the versions that would be installed, without installing any."""
    command = [Path(sys.executable).with_name("uv"), "pip", "compile", "-q", "--no-header"]
    command += ["--no-annotate", "--python", sys.executable, "-"]
    for file in constraint:
        command += ["--constraint", file]
    done = subprocess.run(
        command,
        input="\n".join(wanted),
        capture_output=True,
        text=True,
        timeout=600,
        env=uv_environment(),
    )
    assert done.returncode == 0, done.stderr
    found = (Requirement(line) for line in done.stdout.splitlines())
    return {canonicalize_name(one.name): str(one.specifier or one.url) for one in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if not (ROOT / "escape_vre/labextension/package.json").exists():
        pytest.fail("the labextension is not built: run make test")
    return build(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_what_jupyter_and_ipython_look_for(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    shared = [name.partition(".data/data/")[2] for name in names if ".data/data/" in name]
    assert "etc/jupyter/jupyter_server_config.d/escape_vre.json" in shared
    assert "etc/ipython/startup/50-escape-vre.py" in shared
    assert "share/jupyter/labextensions/escape-vre/package.json" in shared
    assert "share/jupyter/labextensions/escape-vre/install.json" in shared
    assert any(re.search(r"labextensions/escape-vre/static/remoteEntry.*\.js$", n) for n in shared)
    assert "escape_vre/local/lake/requirements.txt" in names
    assert "escape_vre/local/demo/start_here.ipynb" in names
    assert "escape_vre/local/demo/stories/telescope.ipynb" in names
    assert "escape_vre/server/events/job.yaml" in names
    assert not [name for name in names if name.startswith(("tests/", "escape_vre/labextension"))]


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 5_000_000


def test_it_changes_no_version_of_what_people_have(wheel, tmp_path):
    without = resolve(*BESIDE)
    # What is released between the two is not ours.
    kept = tmp_path / "kept.txt"
    kept.write_text("".join(f"{name}{version}\n" for name, version in without.items()))
    beside = resolve(*BESIDE, f"escape-vre @ {wheel.as_uri()}", constraint=[kept])
    assert {name: beside[name] for name in without} == without
    assert "escape-vre" in beside
