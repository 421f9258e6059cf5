"""Variables of the data that is attached to a notebook, in its kernel.

The panel evaluates ``attach`` in the kernel once data is here; nobody has to call it. A kernel
whose environment lacks this module gets plain paths instead (``src/datalake/notebook/inject.ts``).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from escape_vre.client.agent import AgentClient
from escape_vre.client.start import answers
from escape_vre.core.errors import AgentUnavailableError
from escape_vre.core.location import locate
from escape_vre.display.files import Files

ANSWER_S = 10.0

_ours: WeakValueDictionary[str, Any] = WeakValueDictionary()
"""What we have put into variables, by their names: it may be replaced by newer data."""


class PeerFile(str):
    """A path as rucio-jupyterlab puts it into a variable: a text with attributes."""

    def __new__(cls, path: str) -> "PeerFile":
        """Make one of an absolute path."""
        made = super().__new__(cls, path)
        made.path = path
        return made

    path: str
    pfn: str | None = None
    """The address at a site, which rucio-jupyterlab knows only of replicas used in place."""
    did_available = True


class PeerFiles(list[PeerFile]):
    """The paths of a dataset or container as rucio-jupyterlab puts them into a variable."""

    did_available = True

    @property
    def items(self) -> "PeerFiles":
        """The paths themselves."""
        return self


class Report:
    """What became of each variable; the panel reads it as JSON."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = dict(variables)

    def __repr__(self) -> str:
        return json.dumps(self.variables)


def attach(
    names: dict[str, Any], wanted: Mapping[str, Sequence[str]], *, overwrite: bool = False
) -> Report:
    """Set variables to the files of finished jobs.

    Parameters
    ----------
    names : dict
        The variables of the kernel, with their values.
    wanted : mapping
        By the name of the variable: the id of the job that got its data, and the shape of its
        value: ``files`` (as `escape_vre.get` returns them), ``peer-file`` or ``peer-files`` (as
        rucio-jupyterlab has them).
    overwrite : bool
        Whether a variable may lose a value that is not ours.

    Returns
    -------
    Report
        ``set``; ``taken by <type>`` for a variable that has another value, which it keeps; or
        ``absent`` where the files are not, or no longer, on this machine.

    Raises
    ------
    AgentUnavailableError
        No agent of this user runs where this kernel does.
    NotFoundError
        The agent does not know a job.
    """
    location = locate()
    if not answers(location):
        raise AgentUnavailableError(
            "No agent runs on the machine of this kernel.", hint="Start the kernel on this machine."
        )
    agent = AgentClient(location, timeout_s=ANSWER_S)
    found = {name: _value(agent, job, shape) for name, (job, shape) in wanted.items()}
    return Report({name: _set(names, name, found[name], overwrite) for name in found})


def _value(agent: AgentClient, job: str, shape: str) -> Any:
    """Return the files of a job in a shape; None where they are not on this machine."""
    paths = [
        row["path"]
        for row in agent.stream(f"/jobs/{job}/files")
        if "end" not in row and row["state"] == "here"
    ]
    if paths and not Path(paths[0]).exists():
        return None
    if shape == "files":
        return Files(map(Path, paths))
    peer = PeerFiles(map(PeerFile, paths))
    return peer[0] if shape == "peer-file" and len(peer) == 1 else peer


def _set(names: dict[str, Any], name: str, value: Any, overwrite: bool) -> str:
    if value is None:
        return "absent"
    if name in names and not overwrite:
        there = names[name]
        if there is not _ours.get(name) and not _is_same(there, value):
            return f"taken by {type(there).__name__}"
    names[name] = _ours[name] = value
    return "set"


def _is_same(there: Any, value: Any) -> bool:
    """Tell whether nothing is lost by the new value."""
    if not isinstance(there, list | str):
        return False
    try:
        return bool(there == value)
    except Exception:  # noqa: BLE001 — a list may hold anything, such as arrays
        return False
