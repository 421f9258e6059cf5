"""One large file in the lake, and the ways to download it."""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.fixtures import SCOPE, Bench
from bench.measure import BenchError, need_free, timed
from escape_vre.local.lake.environment import clean_environment
from escape_vre.local.lake.lake import Lake
from escape_vre.local.lake.upload import place

NAME = "big.dat"
_BLOCK = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BigFile:
    """The file: its URL at the storage, size in bytes and Adler-32."""

    lake: Lake
    url: str
    size: int
    adler32: int

    @property
    def did(self) -> str:
        """Its name for ``rucio`` and ``escape-vre``."""
        return f"{SCOPE}:{NAME}"

    def curl(self, target: Path) -> float:
        """Download it with curl and our certificate, and fsync it; returns seconds for both."""
        layout = self.lake.layout
        command: list[str | Path] = [
            *("curl", "--silent", "--show-error", "--fail", "--output", target),
            *("--cert", layout.client_identity, "--cacert", layout.ca, self.url),
        ]
        # The same small process does both halves, so that both are in one measured time.
        script = 'curl_to=$1; shift; "$@" && exec sync "$curl_to"'
        return timed(["sh", "-c", script, "sh", target, *command], env=clean_environment())

    def check(self, target: Path) -> None:
        """Check that a downloaded file is complete and correct, and remove it."""
        found = 1
        with target.open("rb", buffering=0) as file:
            while block := file.read(_BLOCK):
                found = zlib.adler32(block, found)
        size = target.stat().st_size
        target.unlink()
        if (size, found) != (self.size, self.adler32):
            raise BenchError(f"{target.name} arrived damaged: {size} bytes, {found:08x}")


def big_file(bench: Bench) -> BigFile:
    """Put the file on a site, once a run; it is in the page cache then.

    A block of random bytes is repeated: TLS and checksums cost the same, making it less.
    """
    size = bench.sizes.big_bytes
    lake = bench.lake
    site = lake.sites[0]
    path = place(lake.layout, site, SCOPE, NAME)
    block = Random(2).randbytes(_BLOCK)
    lengths = [min(_BLOCK, size - start) for start in range(0, size, _BLOCK)]
    adler32 = 1
    for length in lengths:
        adler32 = zlib.adler32(block[:length], adler32)
    if not path.exists():
        need_free(bench.scratch, 3 * size)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for length in lengths:
                file.write(block[:length])
            os.fsync(file.fileno())
        known = {"scope": SCOPE, "name": NAME, "bytes": size, "adler32": f"{adler32:08x}"}
        with lake.rest() as rest:
            rest.add_files(site, [known])
    with lake.rest() as rest:
        asked = {"dids": [{"scope": SCOPE, "name": NAME}], "schemes": ["https"]}
        (replica,) = rest.call("POST", "/replicas/list", asked)
    (url,) = replica["pfns"]
    return BigFile(lake, url, size, adler32)
