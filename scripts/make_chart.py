#!/usr/bin/env python3
"""Package the chart, with the real z2jh in it: what ``make chart`` calls.

``Z2JH_CHART`` names z2jh's chart, a folder or an archive. The stand-in of our tests is refused,
so that it is never installed by accident.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHART = ROOT / "helm/escape-vre"


def main() -> None:
    """Package the chart, or exit with one sentence that says why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--z2jh", type=Path, default=os.environ.get("Z2JH_CHART") or None)
    parser.add_argument("--helm", type=Path, help="default: the one on the PATH, or else our own")
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    if given.z2jh is None:
        sys.exit("Name z2jh's own chart, a folder or an archive, in Z2JH_CHART.")
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(shutil.copytree(CHART, Path(folder) / CHART.name))
        charts = chart / "charts"
        charts.mkdir()
        if given.z2jh.is_dir():
            shutil.copytree(given.z2jh, charts / "jupyterhub")
        else:
            with tarfile.open(given.z2jh) as archive:
                archive.extractall(charts, filter="data")
        _refuse_another(charts / "jupyterhub")
        given.into.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(
            [given.helm or _helm(), "package", chart, "-d", given.into], check=False
        )
        sys.exit(packed.returncode)


def _helm() -> Path | str:
    found = shutil.which("helm")
    if found:
        return found
    sys.path.insert(0, str(ROOT))
    from tests.cluster.tools import ALL, ensure, program  # needs the project's environment

    ensure(print, [tools for tools in ALL if tools.name == "helm"])
    return program("helm")


def _refuse_another(z2jh: Path) -> None:
    lines = (z2jh / "Chart.yaml").read_text(encoding="utf-8").splitlines()
    if any("escape-vre/stand-in" in line for line in lines):
        sys.exit("This is the stand-in of our tests, not z2jh. Name the real chart in Z2JH_CHART.")
    wanted = _of((CHART / "Chart.yaml").read_text(encoding="utf-8").split("dependencies:")[1])
    found = _of("\n".join(line for line in lines if not line.startswith(" ")))
    if found != wanted:
        sys.exit(f"Z2JH_CHART is version {found}, but the chart needs {wanted}.")


def _of(text: str) -> str:
    """Return the version in a piece of YAML, without needing a parser for it."""
    lines = [line.strip() for line in text.splitlines()]
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("version:"))


if __name__ == "__main__":
    main()
