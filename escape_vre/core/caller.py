"""Who calls the agent, and from where: what clients send in headers.

Standard library only, for clients write what the agent reads.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from escape_vre.core.errors import UsageError

ENVIRONMENT_HEADER = "X-Escape-VRE-Environment"
"""The caller's allow-listed variables, JSON in base64."""

CONTENTS_HEADER = "X-Escape-VRE-Contents-Root"
"""Set by the server extension alone: the request came from a browser, and this is the folder that
the browser may write to; percent-encoded."""

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
    """One caller: its variables, and for a browser the folder it may write to."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    contents_root: Path | None = None

    def contents_path(self, path: str | None) -> str | None:
        """Return a path relative to the contents root, as JupyterLab names it; None outside."""
        if path is None or self.contents_root is None:
            return None
        try:
            return Path(path).relative_to(self.contents_root).as_posix()
        except ValueError:
            return None

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
        path = (self.contents_root / to.lstrip("/")).resolve()
        if not path.is_relative_to(self.contents_root.resolve()):
            raise UsageError(
                "That folder is outside the files that this Jupyter server shows.",
                hint="Choose one inside, or use %dl get --to in a notebook.",
            )
        return path


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
