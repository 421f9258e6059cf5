"""What is in the images is chosen once, by its hash; and the Dockerfiles keep their promises."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "images"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
HUB = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["hub"]
DEBIAN_13 = {**default_environment(), "python_version": "3.13", "python_full_version": "3.13.5"}


def wanted(path):
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


LOCKS = {
    "user/requirements.txt": [*PROJECT["dependencies"], *wanted(IMAGES / "user/requirements.in")],
    "user/rucio.txt": wanted(IMAGES / "user/rucio.in"),
    "user/reana.txt": wanted(IMAGES / "user/reana.in"),
    "hub/requirements.txt": HUB,
}


def entries(path):
    """Return the requirements of a lock file, and their hashes, by the distributions' names."""
    found = {}
    for entry in re.findall(r"^[A-Za-z0-9].*(?:\n[ \t].*)*", path.read_text(), re.MULTILINE):
        first, *hashes = [word.strip() for word in re.split(r"\\\n|\n", entry)]
        requirement = Requirement(first)
        if requirement.marker is None or requirement.marker.evaluate(DEBIAN_13):
            found[normalised(requirement.name)] = requirement, hashes
    return found


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_gives_what_is_wanted_and_hashes_of_all(lock):
    found = entries(IMAGES / lock)
    for requirement, hashes in found.values():
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert hashes
        assert all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", one) for one in hashes)
    for line in LOCKS[lock]:
        requirement = Requirement(line)
        (chosen,) = found[normalised(requirement.name)][0].specifier
        assert requirement.specifier.contains(chosen.version), line


def test_user_and_hub_have_the_same_jupyterhub():
    hub = entries(ROOT / "tests/cluster/hub_base/requirements.txt")["jupyterhub"][0]
    assert entries(IMAGES / "user/requirements.txt")["jupyterhub"][0] == hub
    assert entries(IMAGES / "hub/requirements.txt")["jupyterhub"][0] == hub


def test_hub_image_adds_only_what_its_base_lacks(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# nothing\nPyTest==1.0 \\\n    --hash=sha256:aa\n"
        'Not_here[all]==2.0 ; python_version < "4" \\\n    --hash=sha256:bb \\\n'
        "    --hash=sha256:cc\npip==1\n"
    )
    command = [sys.executable, IMAGES / "hub/lacking.py", lock]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said == (
        'Not_here[all]==2.0 ; python_version < "4" \\\n    --hash=sha256:bb \\\n'
        "    --hash=sha256:cc\n"
    )


@pytest.mark.parametrize("name", ["user", "hub"])
def test_dockerfile_keeps_its_promises(name):
    text = (IMAGES / name / "Dockerfile").read_text()
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    steps = [line for line in lines if line.strip()]
    assert re.match(r"ARG BASE=\S+:\S+$", steps[0])
    assert steps[1].startswith("FROM ${BASE}")
    users = [line.split()[1] for line in steps if line.startswith("USER")]
    assert re.match("[1-9]", users[-1])  # a number: the kubelet cannot judge a name
    for label in ("title", "description", "licenses", "version", "revision", "base.name"):
        assert f"org.opencontainers.image.{label}=" in text
    for forbidden in ("--trusted-host", "--index-url", "://"):
        assert forbidden not in text
    assert "gcc" not in text[text.rindex("\nFROM ") :]
    for install in re.findall(r"pip[^&\n]* install [^&\n]*", "\n".join(steps)):
        assert "--require-hashes" in install or "--no-index" in install, install
