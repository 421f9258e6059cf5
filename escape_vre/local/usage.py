"""The resources of a back end: bytes on disk and in memory."""

import os
import sys
from pathlib import Path


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
