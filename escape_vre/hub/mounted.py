"""The site's Secret in the hub's pod.

Zero to JupyterHub mounts the Secret named by ``hub.existingSecret`` into the hub. The chart expects
its own two keys there, beside those of z2jh: one Secret holds everything, and one value names it.
"""

from pathlib import Path

FOLDER = Path("/usr/local/etc/jupyterhub/existing-secret")
"""Where z2jh mounts it."""

CLIENT_SECRET = "escape.client-secret"  # noqa: S105 (the name of a key)
KEYS = "escape.keys"


def read(key: str) -> str:
    """Return the value of a key, read now; empty if there is no such key.

    Raises
    ------
    OSError
        It exists but cannot be read.
    """
    file = FOLDER / key
    return file.read_text(encoding="utf-8") if file.exists() else ""


def keys() -> list[str]:
    """Return the keys of the Secret; none if there is no Secret."""
    if not FOLDER.is_dir():
        return []
    # Kubernetes keeps folders of its own there, whose names begin with two dots.
    return [path.name for path in FOLDER.iterdir() if not path.name.startswith("..")]


def place(key: str) -> str:
    """Return where else a secret may be, for messages; empty outside the chart."""
    return (
        f", nor below {key} in the Secret of jupyterhub.hub.existingSecret"
        if FOLDER.exists()
        else ""
    )
