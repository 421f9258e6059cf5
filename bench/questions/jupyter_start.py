"""The cost of the extension at the start of a Jupyter server."""

import statistics
import time
from collections.abc import Iterator

from bench.fixtures import Bench
from bench.jupyter import Jupyter
from bench.measure import cpu_s, rss_mb
from bench.table import Row, row

TITLE = "start time and memory of a Jupyter server with and without our extension"

_LATER_MS = 30.0
_LARGER_MB = 3.0
_SETTLED_S = 0.7


def measure(bench: Bench) -> Iterator[Row]:
    """Start JupyterLab with and without it in turn, alternating which comes first."""
    times: dict[bool, list[float]] = {True: [], False: []}
    sizes: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, list[float]] = {True: [], False: []}
    with bench.user() as user:
        for number in range(bench.sizes.starts + 1):
            for extension in (True, False) if number % 2 else (False, True):
                with Jupyter(user, extension=extension) as jupyter:
                    used = cpu_s(jupyter.pid)
                    time.sleep(_SETTLED_S)
                    size = rss_mb(jupyter.pid)
                    jupyter.check()
                if number == 0:
                    continue  # the first start of a user makes files
                times[extension].append(1000 * jupyter.started_s)
                cpu[extension].append(1000 * used)
                sizes[extension].append(size)
    later = statistics.median(cpu[True]) - statistics.median(cpu[False])
    yield row(
        "jupyter-start.time",
        times[True],
        peer=times[False],
        peer_name="the same server without it",
        unit="ms",
        limit=statistics.median(times[False]) + _LATER_MS,
        bar=f"≤ +{_LATER_MS:.0f} ms from the start of the process to the answer of /api",
        note=f"{_spread(times)} Processor time differs by {later:+.0f} ms",
    )
    yield row(
        "jupyter-start.memory",
        sizes[True],
        peer=sizes[False],
        peer_name="the same server without it",
        unit="MB",
        limit=statistics.median(sizes[False]) + _LARGER_MB,
        bar=f"≤ +{_LARGER_MB:.0f} MB resident, {_SETTLED_S} s after the first answer",
        note=_spread(sizes).rstrip("."),
    )


def _spread(found: dict[bool, list[float]]) -> str:
    """Describe the difference and its uncertainty: quartiles of the pairs' differences."""
    difference = statistics.median(found[True]) - statistics.median(found[False])
    pairs = [on - off for on, off in zip(found[True], found[False], strict=True)]
    low, _, high = statistics.quantiles(pairs, n=4)
    return f"Difference {difference:+.1f}; of single pairs, quartiles {low:+.1f} and {high:+.1f}."
