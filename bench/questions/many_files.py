"""A thousand small files: the cost of the client per file dominates."""

import shutil
import statistics
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.fixtures import SCOPE, Bench, User
from bench.measure import BenchError, need_free, settle, timed
from bench.table import Row, row
from escape_vre.local.lake.environment import clean_environment

TITLE = "a dataset of many small files: `escape-vre dl get` against `rucio download`"

_DATASET = "many"
_TIMES = 10
_THREADS = 5
"""The maximum that ``rucio download`` accepts, and its fastest."""

Sums = dict[str, tuple[int, int]]


def measure(bench: Bench) -> Iterator[Row]:
    """Time whole commands, each into a fresh folder, and check every byte afterwards."""
    sizes = bench.sizes
    need_free(bench.scratch, 3 * sizes.files * sizes.file_bytes)
    random = Random(1)
    contents = {
        f"file.{number:05d}.dat": random.randbytes(sizes.file_bytes)
        for number in range(sizes.files)
    }
    bench.lake.upload_many(SCOPE, _DATASET, contents.items())
    sums = {name: (len(content), zlib.adler32(content)) for name, content in contents.items()}
    del contents
    warm: list[float] = []
    cold: list[float] = []
    peer: list[float] = []
    with bench.user(bench.lake.instance()) as user:
        for _ in range(sizes.runs):
            user.start_agent()
            warm.append(_ours(user, sums))
            peer.append(_rucio(bench, user, sums))
            user.stop_agent()
            cold.append(_ours(user, sums))
            time.sleep(0.5)
    what = f"{sizes.files:,} files of {sizes.file_bytes / 1000:.0f} kB"
    bar = f"≥ {_TIMES} × as fast as `rucio download`, in the same run"
    against = f"rucio download --ndownloader {_THREADS}"
    note = (
        f"{what}, https on loopback, files in the server's page cache; whole command, its Python"
        " included; ours verifies Adler-32 and fsyncs every file, the peer does not fsync"
    )
    for name, ours, how in (
        ("many-files", warm, "The agent is already running"),
        ("many-files.cold", cold, "The command also starts the agent and signs in"),
    ):
        yield row(
            name,
            ours,
            peer=peer,
            peer_name=against,
            unit="s",
            limit=statistics.median(peer) / _TIMES,
            bar=bar,
            note=f"{how}. {note}",
        )


def _ours(user: User, sums: Sums) -> float:
    folder = user.home / "ours"
    settle(user.home, sum(size for size, _ in sums.values()))
    command = ["dl", "get", f"{SCOPE}:{_DATASET}", "--to", str(folder)]
    took = timed([user.command, *command], env=clean_environment())
    _check(folder, sums)
    return took


def _rucio(bench: Bench, user: User, sums: Sums) -> float:
    folder = user.home / "rucio"
    settle(user.home, sum(size for size, _ in sums.values()))
    threads = ["--ndownloader", str(_THREADS)]
    took = timed(
        [bench.lake.rucio, "download", *threads, "--dir", folder, f"{SCOPE}:{_DATASET}"],
        env={**clean_environment(), **bench.lake.rucio_environment()},
    )
    _check(folder, sums)
    return took


def _check(folder: Path, sums: Sums) -> None:
    """Check that all bytes arrived, then remove them, or the next run would copy them."""
    found = {
        path.name: (path.stat().st_size, zlib.adler32(path.read_bytes()))
        for path in folder.rglob("*")
        if path.is_file()
    }
    shutil.rmtree(folder)
    if found != sums:
        raise BenchError(
            f"of {len(sums)} files, {len(found.items() & sums.items())} arrived intact"
        )
