"""What z2jh's module of this name gives a hub's configuration: the chart's values."""

from functools import lru_cache
from pathlib import Path

import yaml

HERE = Path(__file__).parent


def _merged(a, b):
    both = a.keys() & b.keys()
    inner = {
        k: _merged(a[k], b[k]) for k in both if isinstance(a[k], dict) and isinstance(b[k], dict)
    }
    return {**a, **b, **inner}


@lru_cache
def _values():
    found = {}
    for folder in ("secret", "existing-secret"):
        file = HERE / folder / "values.yaml"
        if file.exists():
            found = _merged(found, yaml.safe_load(file.read_text()))
    return found


def get_secret_value(key, default=None):
    """Return a key of the site's Secret, else of the chart's."""
    for folder in ("existing-secret", "secret"):
        file = HERE / folder / key
        if file.exists():
            return file.read_text()
    return default


def get_config(key, default=None):
    """Return a value by its path, such as ``global.escape``."""
    found = _values()
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return default
        found = found[part]
    return found
