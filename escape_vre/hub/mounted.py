"""The site's Secret in the hub's pod.

Zero to JupyterHub mounts what ``hub.existingSecret`` names into the hub. The chart wants its own
two keys there, beside those of z2jh: one Secret holds everything, and one value names it.
"""

from pathlib import Path

FOLDER = Path("/usr/local/etc/jupyterhub/existing-secret")
"""Where z2jh mounts it."""

CLIENT_SECRET = "escape.client-secret"  # noqa: S105 (the name of a key)
KEYS = "escape.keys"


def read(key: str) -> str:
    """Return what is under a key, read now; nothing where there is no such key.

    Raises
    ------
    OSError
        It is there, and cannot be read.
    """
    file = FOLDER / key
    return file.read_text(encoding="utf-8") if file.exists() else ""


def keys() -> list[str]:
    """Return the keys that the Secret has; none where there is no Secret."""
    if not FOLDER.is_dir():
        return []
    # Kubernetes keeps folders of its own there, whose names begin with two dots.
    return [path.name for path in FOLDER.iterdir() if not path.name.startswith("..")]


def place(key: str) -> str:
    """Say where else a secret could be, for messages: nothing outside the chart."""
    return (
        f", nor below {key} in the Secret of jupyterhub.hub.existingSecret"
        if FOLDER.exists()
        else ""
    )
