"""Linters, test tools and documentation tools are of known versions, so no release breaks main."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements/tools.txt"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
WANTED = [
    Requirement(line)
    for extra in ("test", "lint", "docs")
    for line in EXTRAS[extra]
    if not line.startswith("escape-vre")
]


def pins():
    """Return the locked version of each distribution, for this Python and system."""
    lines = [Requirement(line) for line in LOCK.read_text().splitlines()]
    here = [one for one in lines if not one.marker or one.marker.evaluate()]
    assert len({canonicalize_name(one.name) for one in here}) == len(here)
    return {canonicalize_name(one.name): one.specifier for one in here}


@pytest.mark.parametrize("wanted", WANTED, ids=lambda one: one.name)
def test_every_tool_is_locked_to_a_version_that_the_project_takes(wanted):
    (pin,) = pins()[canonicalize_name(wanted.name)]
    assert pin.operator == "=="
    assert wanted.specifier.contains(pin.version)


def test_every_line_is_one_version():
    for line in LOCK.read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.]+( ; .+)?", line), line


def test_the_makefile_installs_tools_by_the_lock():
    lines = (ROOT / "Makefile").read_text().splitlines()
    installs = [one for one in lines if re.search(r'INSTALL\) .*"\.\[.*(test|lint|docs)', one)]
    assert len(installs) == 2
    assert all("-c requirements/tools.txt" in one for one in installs)


def test_what_the_product_runs_with_is_not_locked():
    """Its ranges are tested with what is released, as users get it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert needed.isdisjoint(pins())
