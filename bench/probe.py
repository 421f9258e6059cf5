"""Measures how quickly a Jupyter server answers while something else runs."""

import contextlib
import statistics
import time
from collections.abc import Sequence

from bench.jupyter import Jupyter
from bench.measure import p99

INTERVAL_S = 0.01
ALLOWED_MS = 20.0
HOW = (
    f"A GET of /api/status every {INTERVAL_S * 1000:.0f} ms on one connection; latency counts from"
    " when a request was due, so that one long stall is not one sample"
)


def status_ms(jupyter: Jupyter, *, for_s: float) -> list[float]:
    """Return the latencies of ``/api/status``, ms, one for every 10 ms of ``for_s`` seconds."""
    found: list[float] = []
    with contextlib.closing(jupyter.connect()) as connection:
        jupyter.send(connection, "/api/status").read()
        began = time.perf_counter()
        for number in range(int(for_s / INTERVAL_S)):
            due = began + number * INTERVAL_S
            time.sleep(max(0.0, due - time.perf_counter()))
            jupyter.send(connection, "/api/status").read()
            found.append(1000 * (time.perf_counter() - due))
    return found


def p99s(rounds: Sequence[Sequence[float]]) -> list[float]:
    """Return the 99th percentile of each round, ms."""
    return [p99(one) for one in rounds]


def typical(rounds: Sequence[Sequence[float]]) -> str:
    """Describe the median and the worst of all rounds together."""
    flat = [value for one in rounds for value in one]
    return f"median {statistics.median(flat):.1f}, worst {max(flat):.0f} ms"
