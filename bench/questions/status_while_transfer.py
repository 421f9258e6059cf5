"""Large transfers must not slow down the notebook server."""

import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator

from bench.bigfile import NAME, BigFile, big_file
from bench.fixtures import REASONS, Bench, User
from bench.jupyter import Jupyter
from bench.measure import BenchError, settle
from bench.probe import ALLOWED_MS, HOW, p99s, status_ms, typical
from bench.table import Row, row
from escape_vre.client import AgentClient

TITLE = "response time of Jupyter while transfers use disk and processor"


class _Load:
    """Gets the large file again and again, until the context ends."""

    def __init__(self, fetch: Callable[[], None]) -> None:
        self._fetch = fetch
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._repeat)
        self.took_s: list[float] = []
        self.problem: Exception | None = None

    def __enter__(self) -> "_Load":
        self._thread.start()
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._end.is_set():
            began = time.perf_counter()
            try:
                self._fetch()
            except REASONS as e:
                self.problem = e
                return
            self.took_s.append(time.perf_counter() - began)


def measure(bench: Bench) -> Iterator[Row]:
    """Probe at rest, with our transfers and with curl's, in turn."""
    file = big_file(bench)
    rest: list[list[float]] = []
    loaded: dict[str, list[list[float]]] = {"ours": [], "curl": []}
    took: dict[str, list[float]] = {"ours": [], "curl": []}
    with bench.user(file.lake.instance()) as user, Jupyter(user) as jupyter:
        loads = {"ours": lambda: _ours(file, user, jupyter), "curl": lambda: _curl(file, user)}
        jupyter.ask("/escape-vre/datalake/whoami")
        status_ms(jupyter, for_s=1)
        for _ in range(bench.sizes.runs):
            settle(user.home, file.size)
            rest.append(status_ms(jupyter, for_s=bench.sizes.probe_s))
            for name, fetch in loads.items():
                settle(user.home, file.size)
                with _Load(fetch) as load:
                    loaded[name].append(status_ms(jupyter, for_s=bench.sizes.probe_s))
                if load.problem is not None:
                    raise BenchError(f"a transfer failed: {load.problem}")
                took[name] += load.took_s
    rates = {name: file.size / 1e6 / statistics.median(found) for name, found in took.items()}
    note = (
        f"{file.size / 1e9:.3g} GB over https, again and again; the storage server runs on the same"
        f" machine and takes a core. While probed, ours moved {rates['ours']:.0f} MB/s, curl"
        f" {rates['curl']:.0f} MB/s"
    )
    yield row(
        "status-while-transfer",
        p99s(loaded["ours"]),
        peer=p99s(rest),
        peer_name="the same server at rest",
        unit="ms",
        limit=statistics.median(p99s(rest)) + ALLOWED_MS,
        bar=f"p99 ≤ +{ALLOWED_MS:.0f} ms over rest",
        note=f"{note}. {HOW}. At rest {typical(rest)}; ours {typical(loaded['ours'])}",
    )
    yield row(
        "status-while-transfer.curl",
        p99s(loaded["ours"]),
        peer=p99s(loaded["curl"]),
        peer_name="the same server while curl does the same",
        unit="ms",
        bar="none set: what the machine itself does under this load",
        note=f"curl {typical(loaded['curl'])}",
    )


def _ours(file: BigFile, user: User, jupyter: Jupyter) -> None:
    """Request through the server as the panel does; watch the agent, to add no load."""
    wanted = {"refs": [f"rucio:{file.did}"], "to": "arrived"}
    job = jupyter.ask("/escape-vre/datalake/get", body=wanted)
    ended = AgentClient().wait(job["id"])
    if ended["state"] != "done":
        raise BenchError(str(ended["error"]))
    shutil.rmtree(user.work / "arrived")


def _curl(file: BigFile, user: User) -> None:
    target = user.work / NAME
    file.curl(target)
    target.unlink()
