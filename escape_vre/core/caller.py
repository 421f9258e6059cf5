"""Who calls the agent, and from where: what clients send in headers.

Standard library only, for clients write what the agent reads.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escape_vre.core.errors import UsageError

ENVIRONMENT_HEADER = "X-Escape-VRE-Environment"
"""The caller's allow-listed variables, JSON in base64."""

CONTENTS_HEADER = "X-Escape-VRE-Contents-Root"
"""Set by the server extension alone: the request came from a browser, and this is the folder that
the browser may write to; percent-encoded."""

TOKEN_HEADER = "X-Escape-VRE-Token"  # noqa: S105 — a name
"""Set by ``escape-vre with-token`` alone, when it asks for a token: what cannot set a header, or
forwards only those it knows, as the server extension does, gets none."""

ALLOWED_VARIABLES = (
    "RUCIO_ACCOUNT",
    "RUCIO_AUTH_HOST",
    "RUCIO_AUTH_TOKEN",
    "RUCIO_AUTH_TOKEN_FILE",
    "RUCIO_AUTH_TYPE",
    "RUCIO_CA_CERT",
    "RUCIO_CONFIG",
    "RUCIO_HOME",
    "RUCIO_HOST",
    "RUCIO_PASSWORD",
    "RUCIO_USERNAME",
    "X509_USER_PROXY",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller: its variables, and for a browser the folder it may write to.

    Parameters
    ----------
    contents_root : Path, optional
        The folder that the browser's Jupyter server shows.
    follow_links : bool
        Whether that browser may choose a folder to which a link below that folder leads.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    contents_root: Path | None = None
    follow_links: bool = True
    _real: dict[Path, Path] = field(default_factory=dict, repr=False, compare=False)

    def contents_path(self, path: str | None) -> str | None:
        """Return a path relative to the contents root, as JupyterLab names it; None outside.

        As in Jupyter, what is below the root by name is below it, wherever links lead. What is
        not, though it is the same folder by another name (``/home`` linked to another disk), is
        found by comparing without links.
        """
        if path is None or self.contents_root is None:
            return None
        name, root = _plain(path), _plain(self.contents_root)
        if not name.is_relative_to(root):
            name, root = self._without_links(name.parent) / name.name, self._without_links(root)
        return name.relative_to(root).as_posix() if name.is_relative_to(root) else None

    def folder(self, to: str) -> Path:
        """Return the absolute folder that a caller chose.

        Raises
        ------
        UsageError
            A browser chose one outside the contents root; another client sent a relative one.
        """
        if self.contents_root is None:
            path = Path(to)
            if not path.is_absolute():
                raise UsageError("The folder is not absolute.", hint="Send its full path.")
            return path
        root = _plain(self.contents_root)
        chosen = _plain(root / to.lstrip("/"))
        inside = chosen.is_relative_to(root)
        if inside and not self.follow_links:
            inside = chosen.resolve().is_relative_to(root.resolve())
        if not inside:
            raise UsageError(
                "That folder is outside the files that this Jupyter server shows.",
                hint="Choose one inside, or use %dl get --to in a notebook.",
            )
        return chosen

    def _without_links(self, folder: Path) -> Path:
        """Resolve a folder, once for all the files in it that a request is about."""
        if folder not in self._real:
            self._real[folder] = folder.resolve()
        return self._real[folder]


def _plain(path: str | Path) -> Path:
    """Make a path absolute and take "." and ".." out of it, by name alone, as Jupyter does."""
    return Path(os.path.abspath(path))  # noqa: PTH100 — resolve() would follow links


def pack_environment(variables: Mapping[str, str]) -> str:
    """Write the allow-listed among some variables as the header carries them."""
    found = {name: variables[name] for name in ALLOWED_VARIABLES if variables.get(name)}
    return base64.b64encode(json.dumps(found).encode()).decode() if found else ""


def unpack_environment(header: str) -> dict[str, str]:
    """Read the header; what is not allow-listed is dropped.

    Raises
    ------
    UsageError
        The header is not what :func:`pack_environment` writes.
    """
    if not header:
        return {}
    try:
        found = json.loads(base64.b64decode(header, validate=True))
        return {
            name: str(found[name]) for name in ALLOWED_VARIABLES if isinstance(found.get(name), str)
        }
    except (ValueError, binascii.Error, AttributeError) as e:
        raise UsageError(
            f"The header {ENVIRONMENT_HEADER} cannot be read.", hint="Update escape-vre."
        ) from e
