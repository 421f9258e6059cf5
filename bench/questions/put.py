"""Files on their way into the lake: what the client costs, per file and per byte."""

import statistics
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.fixtures import Bench, User
from bench.measure import BenchError, need_free, settle, timed
from bench.table import Row, row
from escape_vre.local.lake.environment import clean_environment

TITLE = "files into the lake: `escape-vre dl put` against `rucio upload`, and `curl -T`"

_SCOPE = "demo"
_TIMES_MANY = 10
_TIMES_BIG = 3
_OF_CURL = 0.8
_PEER_SHARE = 10
"""The peer gets a tenth of the files: it takes minutes for all."""
_BLOCK = 8 * 1024 * 1024


def measure(bench: Bench) -> Iterator[Row]:
    """Time whole commands in turn; every run puts new bytes under new names."""
    need_free(bench.scratch, 8 * bench.sizes.big_bytes)
    with bench.user(bench.lake.instance()) as user:
        user.start_agent()
        _put(bench, user, [_file(user, "warm", 1000, 0)])
        yield _many(bench, user)
        yield from _big(bench, user)


def _many(bench: Bench, user: User) -> Row:
    """Compare the time per file."""
    sizes = bench.sizes
    count = max(2, sizes.files // _PEER_SHARE)
    ours: list[float] = []
    peer: list[float] = []
    for run in range(sizes.runs):
        mine = [_file(user, f"ours{run}.{n}", sizes.file_bytes, n) for n in range(sizes.files)]
        took = _put(bench, user, mine, "--to", f"{_SCOPE}:bench.put.{run}")
        ours.append(1000 * took / sizes.files)
        theirs = [_file(user, f"peer{run}.{n}", sizes.file_bytes, n) for n in range(count)]
        peer.append(1000 * _rucio(bench, theirs) / count)
    return row(
        "put.many",
        ours,
        peer=peer,
        peer_name=f"rucio upload --register-after-upload, {count} files",
        unit="ms",
        limit=statistics.median(peer) / _TIMES_MANY,
        bar=f"≥ {_TIMES_MANY} × as fast as `rucio upload`, per file, in the same run",
        note=f"Per file, of {sizes.files:,} files of {sizes.file_bytes / 1000:.0f} kB into one"
        " dataset; whole command with a running agent: checksums, verification, registration,"
        " dataset and rule included. The peer makes no dataset, and registers after the upload,"
        " the only way in which an ordinary account can",
    )


def _big(bench: Bench, user: User) -> Iterator[Row]:
    """Compare the time of one large file."""
    size = bench.sizes.big_bytes
    ours: list[float] = []
    curl: list[float] = []
    peer: list[float] = []
    for run in range(bench.sizes.runs):
        curl.append(_curl(bench, _file(user, f"curl{run}", size, run)))
        ours.append(_put(bench, user, [_file(user, f"big{run}", size, run)]))
        peer.append(_rucio(bench, [_file(user, f"bigpeer{run}", size, run)]))
    note = (
        f"{size / 1e9:.3g} GB, https on loopback, source in the page cache; ours is the whole"
        " command: Adler-32, verification at the storage, registration and a rule included"
    )
    yield row(
        "put.big.curl",
        ours,
        peer=curl,
        peer_name="curl -T",
        unit="s",
        limit=statistics.median(curl) / _OF_CURL,
        bar=f"≥ {_OF_CURL} × the speed of `curl -T`",
        note=note,
    )
    yield row(
        "put.big.rucio",
        ours,
        peer=peer,
        peer_name="rucio upload --register-after-upload",
        unit="s",
        limit=statistics.median(peer) / _TIMES_BIG,
        bar=f"≥ {_TIMES_BIG} × as fast as `rucio upload`",
        note=note,
    )


def _file(user: User, name: str, size: int, seed: int) -> Path:
    """Write a file of its own bytes: a repeated block, and its name at the end."""
    path = user.home / f"bench.{name}.dat"
    end = name.encode()
    block = Random(seed).randbytes(min(_BLOCK, size))
    with path.open("wb") as file:
        for start in range(0, size - len(end), len(block)):
            file.write(block[: size - len(end) - start])
        file.write(end)
    return path


def _put(bench: Bench, user: User, files: list[Path], *more: str) -> float:
    settle(user.home, sum(file.stat().st_size for file in files))
    words = ["--rse", bench.lake.sites[0], *(more or ("--to", f"{_SCOPE}:"))]
    command = [user.command, "dl", "put", *map(str, files), *words]
    took = timed(command, env=clean_environment())
    return _checked(bench, files, took)


def _rucio(bench: Bench, files: list[Path]) -> float:
    settle(files[0].parent, sum(file.stat().st_size for file in files))
    words = ["--rse", bench.lake.sites[0], "--scope", _SCOPE, "--register-after-upload"]
    took = timed(
        [bench.lake.rucio, "upload", *words, *files],
        env={**clean_environment(), **bench.lake.rucio_environment()},
    )
    return _checked(bench, files, took)


def _curl(bench: Bench, file: Path) -> float:
    settle(file.parent, file.stat().st_size)
    lake = bench.lake
    site = lake.sites[0]
    ports = lake.layout.ports()
    if ports is None:
        raise BenchError("the lake has no ports")
    url = f"https://127.0.0.1:{ports['sites'][site]}/data/{file.name}"
    layout = lake.layout
    command: list[str | Path] = [
        *("curl", "--silent", "--show-error", "--fail", "--output", "/dev/null"),
        *("--cert", layout.client_identity, "--cacert", layout.ca, "-T", file, url),
    ]
    took = timed(command, env=clean_environment())
    stored = layout.site(site) / "data" / file.name
    if stored.stat().st_size != file.stat().st_size:
        raise BenchError(f"{file.name} did not arrive whole")
    stored.unlink()
    file.unlink()
    return took


def _checked(bench: Bench, files: list[Path], took: float) -> float:
    """Return the time, once Rucio says that all files are there; they are removed here."""
    with bench.lake.rest() as rest:
        for file in files:
            found = rest.call("GET", f"/replicas/{_SCOPE}/{file.name}")[0]
            if (found["bytes"], list(found["states"].values())) != (
                file.stat().st_size,
                ["AVAILABLE"],
            ):
                raise BenchError(f"{file.name} did not arrive whole")
            file.unlink()
    return took
