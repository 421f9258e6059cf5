"""How a lake behaves on request: the pace of its transfers, and what is broken.

Standard library only: the product's environment writes it, the lake's processes read it.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from .layout import write


@dataclass(frozen=True)
class Behaviour:
    """What a running lake is to do; the defaults are those after each start.

    Parameters
    ----------
    transfer_s : float — how long each transfer between sites takes.
    staging_s : float — how long it takes in addition to bring a file from tape to disk.
    broken : dict — sites that no transfer reaches, each with the reason, empty for the usual one.
    """

    transfer_s: float = 0.0
    staging_s: float = 0.0
    broken: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; without one, everything is as usual."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return cls()

    def write(self, path: Path) -> None:
        """Write it atomically: a reader sees the old or the new."""
        write(path, json.dumps(asdict(self)))


class Current:
    """The behaviour at the moment; asking costs as little as a look at the file's time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] | None = None
        self._known = Behaviour()

    def __call__(self) -> Behaviour:
        """Return it."""
        try:
            status = self._path.stat()
            mark = (status.st_ino, status.st_mtime_ns)
        except FileNotFoundError:
            mark = None
        if mark != self._mark:
            self._known, self._mark = Behaviour.read(self._path), mark
        return self._known
