"""What is to be known of a lake from outside."""

import os
import sys
from pathlib import Path
from typing import TypedDict


class Status(TypedDict):
    """How a lake is.

    ``state`` is ``absent``, ``stopped``, ``starting``, ``ready`` or ``broken``; ``bytes`` maps
    ``database`` and each site to bytes on disk, ``memory_bytes`` is the resident size of all
    processes, shared pages counted once (None where the system does not tell).
    """

    state: str
    problem: str | None
    home: str
    url: str | None
    issuer: str | None
    pids: dict[str, int]
    bytes: dict[str, int]
    memory_bytes: int | None


def bytes_below(folder: Path) -> int:
    """Bytes on disk below a folder; 0 where we may not look."""
    total = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def resident_bytes(pids: set[int]) -> int | None:
    """Proportional resident bytes of processes and their children (Linux)."""
    if sys.platform != "linux" or not pids:
        return None
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if not {int(process.name), parent} & pids:
                continue
            for line in (process / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total
