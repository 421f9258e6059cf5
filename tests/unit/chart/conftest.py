"""Helm, our chart with the stand-in or the real z2jh in it, and what it renders to."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cluster.chart import assembled
from tests.cluster.tools import ALL, ensure, program

KUBERNETES = "1.36.2"


class RefusedError(Exception):
    """Helm said no; the text is what it said."""


class Helm:
    """Helm without a cluster, on our chart."""

    def __init__(self, program: Path, chart: Path, home: Path):
        self.program, self.chart, self.home = program, chart, home

    def __call__(self, *arguments):
        done = subprocess.run(
            [str(self.program), *map(str, arguments)],
            capture_output=True,
            text=True,
            env={
                "HOME": str(self.home),
                "PATH": "/usr/bin:/bin",
                "KUBECONFIG": str(self.home / "none"),
            },
        )
        if done.returncode:
            raise RefusedError(done.stderr)
        return done.stdout

    def render(self, *values, kubernetes=KUBERNETES):
        """Return the manifests, as text."""
        files = [part for file in values for part in ("-f", file)]
        return self(
            "template", "vre", self.chart, "-n", "science", "--kube-version", kubernetes, *files
        )

    def manifests(self, *values):
        """Return the manifests, as data."""
        return [found for found in yaml.safe_load_all(self.render(*values)) if found]

    def notes(self, *values):
        """Return what a person reads after the installation."""
        files = [part for file in values for part in ("-f", file)]
        out = self("install", "vre", self.chart, "-n", "science", "--dry-run=client", *files)
        return out.partition("NOTES:\n")[2]


@pytest.fixture(scope="session")
def chart(tmp_path_factory):
    return assembled(tmp_path_factory.mktemp("chart"))


@pytest.fixture(scope="session")
def helm_of(tmp_path_factory):
    ensure(print, [tools for tools in ALL if tools.name == "helm"])
    home = tmp_path_factory.mktemp("helm-home")
    return lambda chart: Helm(program("helm"), chart, home)


@pytest.fixture(scope="session")
def run(helm_of, chart):
    return helm_of(chart)


@pytest.fixture
def values(tmp_path):
    """Write values into a file, and return it."""

    def write(found, name="values.yaml"):
        file = tmp_path / name
        file.write_text(json.dumps(found))
        return file

    return write


@pytest.fixture
def copy(chart, tmp_path):
    """A copy of the chart to be changed."""
    return Path(shutil.copytree(chart, tmp_path / "chart"))


def named(manifests, kind, name):
    """Return the one manifest of this kind and name."""
    (found,) = [m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name]
    return found


def environment(manifest):
    """Return the variables of a manifest's one container, as given."""
    pod = manifest["spec"]["template"]["spec"] if manifest["kind"] != "Pod" else manifest["spec"]
    (container,) = pod["containers"]
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}
