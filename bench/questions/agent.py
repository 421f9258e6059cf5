"""The cost of the agent, of which every user of a hub has one."""

import statistics
import time
from collections.abc import Iterator

from bench.fixtures import Bench
from bench.measure import cpu_s, pss_mb, rss_mb
from bench.table import Row, row
from escape_vre.client import AgentClient

TITLE = "how long the agent takes to its first answer, and what it holds when idle"

_REST_S = 2.0
_START_S = 0.8
_IDLE_MB = 90.0


def measure(bench: Bench) -> Iterator[Row]:
    """Start it as any client does: ask, where none runs."""
    starts: list[float] = []
    resident: list[float] = []
    shared: list[float] = []
    idle_cpu: list[float] = []
    with bench.user() as user:
        for _ in range(max(5, bench.sizes.runs)):
            began = time.perf_counter()
            pid = int(AgentClient().get("/agent")["pid"])
            starts.append(time.perf_counter() - began)
            time.sleep(_REST_S)
            used = cpu_s(pid)
            time.sleep(_REST_S)
            idle_cpu.append(100 * (cpu_s(pid) - used) / _REST_S)
            resident.append(rss_mb(pid))
            shared.append(pss_mb(pid) or 0.0)
            user.stop_agent()
    yield row(
        "agent.start",
        starts,
        unit="s",
        limit=_START_S,
        bar=f"≤ {_START_S} s from a request, where no agent runs, to its answer",
        note="Files in the page cache, Python's byte code compiled",
    )
    yield row(
        "agent.memory",
        resident,
        unit="MB",
        limit=_IDLE_MB,
        bar=f"≤ {_IDLE_MB:.0f} MB resident when idle, before any use",
        note=f"Shared pages divided among their users (PSS): {statistics.median(shared):.1f} MB."
        f" Processor when idle: {statistics.median(idle_cpu):.1f} % of a core",
    )
