"""The JavaScript that the browser loads."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.fixtures import Bench
from bench.measure import BenchError
from bench.table import Row, row

TITLE = "how much JavaScript the browser loads, gzip, at start and in total"

_ROOT = Path(__file__).parents[2]


def measure(_: Bench) -> Iterator[Row]:
    """Ask ``scripts/size.mjs``, which CI asks too; the same bytes every time, so one run."""
    node = shutil.which("node")
    if node is None:
        raise BenchError("node is not installed; `make bench` installs it")
    done = subprocess.run(
        [node, str(_ROOT / "scripts" / "size.mjs")], capture_output=True, text=True, check=False
    )
    found = {
        kind: (float(size), float(limit))
        for size, kind, limit in re.findall(
            r"^\s*([\d.]+) KiB\s+(eager|all), of (\d+) KiB", done.stdout, re.M
        )
    }
    if set(found) != {"eager", "all"}:
        said = re.search(r"^\w*Error: .*$", done.stderr, re.M)
        raise BenchError(f"scripts/size.mjs: {said[0] if said else 'unexpected output'}")
    for kind, words in (("eager", "loaded at start"), ("all", "of the whole extension")):
        size, limit = found[kind]
        yield row(
            f"javascript.{kind}",
            [size],
            unit="KiB",
            limit=limit,
            bar=f"≤ {limit:.0f} KiB gzip {words}",
            note="The build in escape_vre/labextension; gzip at level 6",
        )
