"""The cost of the agent; every user of a hub has one."""

import os
import signal
import statistics
import time
from collections.abc import Iterator

from bench.fixtures import SCOPE, Bench
from bench.forward import Forward
from bench.jupyter import Jupyter
from bench.measure import BenchError, cpu_s, pss_mb, rss_mb
from bench.table import Row, row
from escape_vre.client import AgentClient
from escape_vre.client.start import answers
from escape_vre.core.location import locate

TITLE = "the agent: time to its first answer, memory when idle, time to recover from a kill"

_REST_S = 2.0
_START_S = 0.8
_IDLE_MB = 90.0
_HEALED_S = 2.0
_HEAL_TIMEOUT_S = 30.0


def measure(bench: Bench) -> Iterator[Row]:
    """Start it as any client does: with a request while none runs."""
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
        bar=f"≤ {_START_S} s from a request, while no agent runs, to its answer",
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
    yield row(
        "agent.healed",
        _healed_s(bench),
        unit="s",
        limit=_HEALED_S,
        bar=f"≤ {_HEALED_S:.0f} s from kill -9 to the answer of a new agent, with a job to resume",
        note="Without a request in the meantime: the Jupyter server notices it",
    )


def _healed_s(bench: Bench) -> list[float]:
    """Kill it during a transfer while Rucio is slow, and wait for the next one."""
    runs = max(5, bench.sizes.runs)
    names = [f"healed.{number}" for number in range(runs)]
    with bench.lake.rest() as rest:
        rest.call("POST", "/dids", [{"scope": SCOPE, "name": n, "type": "DATASET"} for n in names])
    took: list[float] = []
    with (
        Forward(bench.lake, delay_s=bench.sizes.delay_s) as slow,
        bench.user(slow.instance) as user,
        Jupyter(user) as jupyter,
    ):
        location = locate()
        for name in names:
            jupyter.ask("/escape-vre/datalake/get", body={"refs": [f"rucio:{SCOPE}:{name}"]})
            pid = int(location.pid.read_text())
            os.kill(pid, signal.SIGKILL)
            began = time.perf_counter()
            while location.pid.read_text().strip() in ("", str(pid)) or not answers(location):
                if time.perf_counter() - began > _HEAL_TIMEOUT_S:
                    raise BenchError("a killed agent was not replaced")
                time.sleep(0.005)
            took.append(time.perf_counter() - began)
            time.sleep(_REST_S)
    return took
