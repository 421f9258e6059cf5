"""How a lake behaves on request: the pace of its transfers, and what is broken.

Standard library only: the product's environment writes it, the lake's processes read it.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from .layout import PREFIX, write

FAULTS = {
    "forgets": "PUT is answered with 201, and nothing is kept",
    "truncates": "PUT is answered with 201, and half of the bytes are kept",
    "corrupts": "PUT is answered with 201, and the last byte is another one",
    "full": "PUT is answered with 507",
    "refuses": "every change is answered with 403",
    "drops": "the connection ends within the bytes of a PUT",
    "slow": "each 64 KiB take a fifth of a second, in both directions",
    "no-digest": "no checksum is given",
    "down": "everything is answered with 503",
}
"""The faults of a storage, and what each does."""


@dataclass(frozen=True)
class Behaviour:
    """What a running lake is to do; the defaults are those after each start.

    Parameters
    ----------
    transfer_s : float — how long each transfer between sites takes.
    staging_s : float — how long it takes in addition to bring a file from tape to disk.
    broken : dict — sites that no transfer reaches, each with the reason, empty for the usual one.
    capacity : dict — bytes that fit onto a site; sites that are not named are not limited.
    faults : dict — what is wrong with a site's storage, one of ``FAULTS``.
    """

    transfer_s: float = 0.0
    staging_s: float = 0.0
    broken: dict[str, str] = field(default_factory=dict)
    capacity: dict[str, int] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

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


def bytes_stored(site: Path) -> int:
    """Return how many bytes of data are in a site's folder."""
    total = 0
    for folder, _, names in os.walk(site / PREFIX.strip("/")):
        for name in names:
            with suppress(FileNotFoundError):  # deleted meanwhile
                total += (Path(folder) / name).stat().st_size
    return total


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
