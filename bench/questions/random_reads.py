"""Small parts of a large file, in random order: what readers of tables and images do."""

import ssl
import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import fsspec

from bench.fixtures import SCOPE, Bench
from bench.measure import BenchError
from bench.table import Row, row
from escape_vre.client import AgentClient

TITLE = "random reads of 64 KiB through `rucio://` against fsspec's own HTTP file system"

_READ_BYTES = 64 * 1024
_FILE_BYTES = 128 * 1024 * 1024
_TIMES = 1.1
_DATASET, _NAME = "random", "random.bin"

Read = Callable[[int], bytes]


def measure(bench: Bench) -> Iterator[Row]:
    """Read the same parts of the same replica both ways, each time with nothing kept."""
    random = Random(7)
    content = random.randbytes(_FILE_BYTES)
    count = min(1000, bench.sizes.files)
    starts = [random.randrange(_FILE_BYTES - _READ_BYTES) for _ in range(count)]
    wanted = 0
    for start in starts:
        wanted = zlib.adler32(content[start : start + _READ_BYTES], wanted)
    bench.lake.upload_many(SCOPE, _DATASET, [(_NAME, content)])
    del content
    layout = bench.lake.layout
    context = ssl.create_default_context(cafile=str(layout.ca))
    context.load_cert_chain(layout.client_identity)
    times: dict[str, tuple[list[float], list[float]]] = {"": ([], []), ".ranges": ([], [])}
    with bench.user(bench.lake.instance()) as user:
        user.start_agent()
        path = f"{SCOPE}/{_NAME}"
        url = AgentClient().post("/datalake/sources", {"path": path})["urls"][0]
        url = url.replace("davs://", "https://")
        for _ in range(bench.sizes.runs):
            for name, (ours, peer) in times.items():
                ours.append(_timed("rucio", path, name, starts, wanted, {}))
                peer.append(_timed("https", url, name, starts, wanted, {"ssl": context}))
    what = (
        f"{count:,} reads of 64 KiB from a file of 134 MB, https on loopback, one after the other"
    )
    for name, how, against in (
        (
            "",
            "seek and read of an opened file, ours with its default cache",
            'fsspec https, cache_type="none", its fastest here',
        ),
        (".ranges", "cat_file(path, start, end)", "fsspec https"),
    ):
        ours, peer = times[name]
        yield row(
            f"random-reads{name}",
            ours,
            peer=peer,
            peer_name=against,
            unit="s",
            limit=statistics.median(peer) * _TIMES,
            bar=f"≤ {_TIMES} × fsspec's HTTP, same URL, same run",
            note=f"{what}; {how}; opening the file included, for ours with the question to the"
            " agent; nothing kept from before, every byte compared",
        )


def _timed(
    scheme: str, path: str, name: str, starts: list[int], wanted: int, options: dict[str, Any]
) -> float:
    """Return how long it takes, seconds, with a file system that has read nothing yet."""
    began = time.perf_counter()
    found = fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    if name:
        got = _summed(lambda start: found.cat_file(path, start, start + _READ_BYTES), starts)
    else:
        kept = {} if scheme == "rucio" else {"cache_type": "none"}
        with found.open(path, **kept) as file:

            def read(start: int) -> bytes:
                file.seek(start)
                return bytes(file.read(_READ_BYTES))

            got = _summed(read, starts)
    took = time.perf_counter() - began
    if got != wanted:
        raise BenchError(f"{scheme} read other bytes")
    return took


def _summed(read: Read, starts: list[int]) -> int:
    found = 0
    for start in starts:
        found = zlib.adler32(read(start), found)
    return found
