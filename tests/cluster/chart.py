"""Our chart with z2jh beside it: the real one of ``Z2JH_CHART``, else the stand-in.

``python -m tests.cluster.chart`` writes the schema of the stand-in's values.
"""

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/escape-vre"
EXAMPLES = ROOT / "helm/examples"
STAND_IN = Path(__file__).parent / "z2jh"
SCHEMA = ROOT.parent / "shared/data/z2jh-4.4.0.values.schema.json"
"""z2jh's own, where somebody has put it; it is not ours to have in the repository."""

OPEN = frozenset({"global", "custom", "hub.config", "singleuser.extraLabels"})
"""Maps whose keys are a site's, though the stand-in's defaults have some."""

LISTS_TOO = frozenset({"hub.extraEnv"})
"""Maps that z2jh takes as lists as well."""


def z2jh() -> Path:
    """Return the chart to test with: a folder, or an archive."""
    return Path(os.environ.get("Z2JH_CHART") or STAND_IN)


def is_real() -> bool:
    """Say whether that is z2jh's own."""
    return z2jh() != STAND_IN


def assembled(folder: Path, dependency: Path | None = None) -> Path:
    """Copy our chart into a folder, with z2jh in it; return where it is."""
    dependency = dependency or z2jh()
    target = folder / CHART.name
    shutil.copytree(CHART, target)
    charts = target / "charts"
    charts.mkdir()
    if dependency.is_dir():
        shutil.copytree(dependency, charts / "jupyterhub")
    else:
        with tarfile.open(dependency) as archive:
            archive.extractall(charts, filter="data")
    return target


def z2jh_schema() -> dict[str, Any] | None:
    """Return the schema of z2jh's values, where it can be had."""
    text = _schema_text()
    found: dict[str, Any] | None = None if text is None else json.loads(text)
    return found


def _schema_text() -> bytes | None:
    own = os.environ.get("Z2JH_CHART")
    if not own:
        return SCHEMA.read_bytes() if SCHEMA.exists() else None
    if Path(own).is_dir():
        return (Path(own) / "values.schema.json").read_bytes()
    with tarfile.open(own) as archive:
        member = archive.extractfile("jupyterhub/values.schema.json")
        assert member is not None, f"{own} has no values.schema.json"
        return member.read()


def stand_in_schema() -> dict[str, Any]:
    """Return the schema of the stand-in's values: it takes what it has a default for."""
    values = yaml.safe_load((STAND_IN / "values.yaml").read_text())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_closed("", values)}


def _closed(path: str, value: Any) -> dict[str, Any]:
    if path in LISTS_TOO:
        return {"type": ["object", "array"]}
    if not isinstance(value, dict) or not value or path in OPEN:
        return {"type": "object"} if isinstance(value, dict) else {}
    inner = {key: _closed(f"{path}.{key}".lstrip("."), value[key]) for key in value}
    return {"type": "object", "additionalProperties": False, "properties": inner}


if __name__ == "__main__":
    text = json.dumps(stand_in_schema(), indent=1)
    (STAND_IN / "values.schema.json").write_text(f"{text}\n")
    sys.stdout.write(f"{STAND_IN / 'values.schema.json'}\n")
