"""Measures time and memory."""

import contextlib
import math
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

_BLOCK = 1 << 20


class BenchError(Exception):
    """A figure could not be measured; the message says why."""


def timed(
    command: Sequence[str | Path], *, env: Mapping[str, str], timeout_s: float = 900
) -> float:
    """Run a command to its end.

    Returns
    -------
    float
        Wall time from before it is started until it has ended, seconds.

    Raises
    ------
    BenchError
        It failed, with its last line, or took longer than ``timeout_s``.
    """
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as e:
            raise BenchError(f"{Path(command[0]).name} did not finish within {timeout_s} s") from e
        took = time.perf_counter() - began
        if done.returncode:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:]
            raise BenchError(f"{Path(command[0]).name} failed ({done.returncode}): {last}")
    return took


def settle(folder: Path, count: int) -> None:
    """Give every candidate the same conditions.

    The writes of earlier runs are synced to disk, so that they do not slow down the next. Then a
    file is written and removed, so that memory for the page cache is available: a virtual machine
    returns memory that is free for two seconds to its host (free page reporting), and the next
    write waits to get it again. This was seen to cost 1 to 4 s per GB, against 0.2 s for the write.

    Parameters
    ----------
    folder : Path
        On the file system that will be written to.
    count : int
        How much will be written, bytes.
    """
    os.sync()
    time.sleep(0.2)
    block = Random(0).randbytes(_BLOCK)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(0, count, _BLOCK):
            file.write(block)


def p99(values: Sequence[float]) -> float:
    """Return the 99th percentile (nearest rank)."""
    return sorted(values)[max(0, math.ceil(0.99 * len(values)) - 1)]


def rss_mb(pid: int) -> float:
    """Return a process's resident memory, MB (10^6 bytes)."""
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    if not said:
        raise BenchError(f"process {pid} no longer runs")
    return int(said) * 1024 / 1e6


def pss_mb(pid: int) -> float | None:
    """Return memory with shared pages divided among their users, MB; None but on Linux."""
    return _field(Path(f"/proc/{pid}/smaps_rollup"), "Pss")


def peak_mb(pid: int) -> float | None:
    """Return the highest resident memory since :func:`forget_peak`, MB; None but on Linux."""
    return _field(Path(f"/proc/{pid}/status"), "VmHWM")


def forget_peak(pid: int) -> None:
    """Reset the kernel's record of the highest resident memory."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_s(pid: int) -> float:
    """Return the processor time a process has used, seconds; 0 but on Linux."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_gone(pid: int, *, timeout_s: float = 15) -> None:
    """Wait until a process has ended, our own child or not."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.005)
    raise BenchError(f"process {pid} did not end")


def need_free(folder: Path, count: int) -> None:
    """Check that there is enough disk space; ``count`` is what the question writes, bytes."""
    free = shutil.disk_usage(folder).free
    if free < count + 2 * 10**9:
        raise BenchError(
            f"not enough space in {folder}: {count / 1e9 + 2:.1f} GB needed,"
            f" {free / 1e9:.1f} GB free; set TMPDIR to choose another disk"
        )


def _field(file: Path, name: str) -> float | None:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", file.read_text(), re.M)
    except OSError:
        return None
    return int(found[1]) * 1024 / 1e6 if found else None
