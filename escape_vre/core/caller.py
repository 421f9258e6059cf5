"""The caller of the agent, as clients describe it in headers.

Standard library only, because clients write what the agent reads.
"""

import base64
import binascii
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from escape_vre.core.errors import UsageError
from escape_vre.core.registry import plugins

ENVIRONMENT_HEADER = "X-Escape-VRE-Environment"
"""The caller's allow-listed variables, JSON in base64."""

CONTENTS_HEADER = "X-Escape-VRE-Contents-Root"
"""Set by the server extension alone: the request came from a browser, and this is the folder that
the browser may write to; percent-encoded."""

TOKEN_HEADER = "X-Escape-VRE-Token"  # noqa: S105 — a name
"""Set by ``escape-vre with-token`` alone, when it asks for a token: what cannot set a header, or
forwards only those it knows, as the server extension does, gets none."""

KEY_HEADER = "Idempotency-Key"
"""With a request that makes something: the same key again gets what it made the first time, as in
the IETF's draft of that name. A client sends such a request once more if its answer is lost."""

PATH_VARIABLES = (
    "BEARER_TOKEN_FILE",
    "CONDA_PREFIX",
    "CURL_CA_BUNDLE",
    "HOME",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "VIRTUAL_ENV",
    "X509_CERT_DIR",
    "X509_USER_PROXY",
    "XDG_RUNTIME_DIR",
)
"""Those of no service that name a file or folder: they travel absolute, for the agent works
elsewhere."""

VARIABLES = (
    *PATH_VARIABLES,
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("all_proxy", "http_proxy", "https_proxy", "no_proxy"),
    "BEARER_TOKEN",
)
"""What every client sends, beside what the installed services name. A client sends besides what
the agent asks it for (``GET /agent``): the variables that the configuration names."""

_VARIABLE = re.compile(r"\$(?:(\w+)|\{([^}]+)\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller: its variables, and for a browser the folder it may write to.

    Parameters
    ----------
    contents_root : Path, optional
        The folder that the browser's Jupyter server shows.
    follow_links : bool
        Whether that browser may choose a folder to which a link below that folder leads.
    key : str, optional
        The idempotency key of the request.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    contents_root: Path | None = None
    follow_links: bool = True
    key: str | None = None
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
                raise UsageError(
                    "The path of the folder is not absolute.", hint="Use its full path."
                )
            return path
        root = _plain(self.contents_root)
        chosen = _plain(root / to.lstrip("/"))
        inside = chosen.is_relative_to(root)
        if inside and not self.follow_links:
            inside = chosen.resolve().is_relative_to(root.resolve())
        if not inside:
            raise UsageError(
                "The folder is outside the files that this Jupyter server shows.",
                hint="Choose a folder inside, or get it in a notebook with --to.",
            )
        return chosen

    def _without_links(self, folder: Path) -> Path:
        """Resolve a folder, once for all the files in it that a request is about."""
        if folder not in self._real:
            self._real[folder] = folder.resolve()
        return self._real[folder]


@cache
def path_variables() -> frozenset[str]:
    """Return the names of all variables that name a file or folder."""
    return frozenset(PATH_VARIABLES).union(*(one.path_variables for one in plugins().values()))


@cache
def allowed_variables() -> tuple[str, ...]:
    """Return the names of the variables that a client may send unasked, sorted."""
    named = (one.variables for one in plugins().values())
    return tuple(sorted(path_variables().union(VARIABLES, *named)))


def _plain(path: str | Path) -> Path:
    """Make a path absolute and take "." and ".." out of it, by name alone, as Jupyter does."""
    return Path(os.path.abspath(path))  # noqa: PTH100 — resolve() would follow links


def pack_environment(variables: Mapping[str, str], more: Iterable[str] = ()) -> str:
    """Write the allow-listed among some variables as the header carries them.

    Parameters
    ----------
    more : iterable of str
        Other variables that the agent has asked for.
    """
    found = {
        name: absolute(variables[name]) if name in path_variables() else variables[name]
        for name in (*allowed_variables(), *more)
        if variables.get(name)
    }
    return base64.b64encode(json.dumps(found).encode()).decode() if found else ""


def absolute(path: str) -> str:
    """Return the path that a variable of this process holds, as the agent can use it."""
    if path.startswith(("/", "~", "$")):  # these are completed where they are read
        return path
    try:
        return os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118 — a text, kept as it is
    except OSError:  # the caller stands in a folder that is gone
        return path


def unpack_environment(
    header: str, wanted: Callable[[Mapping[str, str]], Collection[str]] = lambda _: ()
) -> dict[str, str]:
    """Read the header; what is neither allow-listed nor asked for is dropped.

    Parameters
    ----------
    wanted : callable
        Returns, for a caller of these variables, the names of others that it is asked for; not
        called where it has sent none.

    Raises
    ------
    UsageError
        The header is not what :func:`pack_environment` writes.
    """
    if not header:
        return {}
    try:
        found = {
            name: value
            for name, value in json.loads(base64.b64decode(header, validate=True)).items()
            if isinstance(value, str)
        }
    except (ValueError, binascii.Error, AttributeError) as e:
        raise UsageError(
            f"The header {ENVIRONMENT_HEADER} is not valid.", hint="Update escape-vre."
        ) from e
    known = {name: value for name, value in found.items() if name in allowed_variables()}
    if len(known) < len(found):
        known |= {name: found[name] for name in wanted(known) if name in found}
    return known


def expanded(path: str, environment: Mapping[str, str]) -> str | None:
    """Complete ``~``, ``$NAME`` and ``${NAME}`` in a path by the caller's variables.

    Returns
    -------
    str or None
        None where nothing is left, or a variable is not set: such a path names nothing.
    """
    if not variables_in(path) <= {name for name, value in environment.items() if value}:
        return None
    path = _VARIABLE.sub(lambda found: environment[found[1] or found[2]], path.strip())
    home = environment.get("HOME")
    if home and (path == "~" or path.startswith("~/")):
        path = home + path[1:]
    return str(in_home(path)) if path else None


def in_home(path: str | Path) -> Path:
    """Complete ``~`` as a shell does; that of a user who does not exist stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 — expanduser() of Path raises


def variables_in(path: str) -> set[str]:
    """Return the names of the variables that a path refers to."""
    return {found[1] or found[2] for found in _VARIABLE.finditer(path)}
