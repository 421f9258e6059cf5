"""A slow Rucio must not slow down the notebook server."""

import statistics
import threading
import time
from collections.abc import Iterator

from bench.fixtures import SCOPE, Bench
from bench.forward import Forward
from bench.jupyter import Jupyter
from bench.measure import BenchError
from bench.probe import ALLOWED_MS, HOW, p99s, status_ms, typical
from bench.table import Row, row

TITLE = "response time of Jupyter while Rucio is slow and a panel waits for many lists"

_AT_ONCE = 12


class _Panel:
    """Keeps as many listings running as a busy panel may have."""

    def __init__(self, jupyter: Jupyter) -> None:
        self._jupyter = jupyter
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._list, args=[n]) for n in range(_AT_ONCE)]
        self.took_s: list[float] = []
        self.problem: Exception | None = None

    def __enter__(self) -> "_Panel":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _list(self, number: int) -> None:
        while not self._end.is_set():
            connection = self._jupyter.connect()
            began = time.perf_counter()
            try:
                query = {"scope": SCOPE, "pattern": f"slow{number}*"}
                self._jupyter.send(connection, "/escape-vre/datalake/dids", **query).read()
            except (OSError, BenchError) as e:
                self.problem = e
                return
            finally:
                connection.close()
            self.took_s.append(time.perf_counter() - began)


def measure(bench: Bench) -> Iterator[Row]:
    """Probe at rest and with the panel busy, in turn."""
    sizes = bench.sizes
    datasets = [
        {"scope": SCOPE, "name": f"slow{number}.set", "type": "DATASET"}
        for number in range(_AT_ONCE)
    ]
    with bench.lake.rest() as rest:
        rest.call("POST", "/dids", datasets)
    rest_ms: list[list[float]] = []
    busy_ms: list[list[float]] = []
    listings: list[float] = []
    with (
        Forward(bench.lake, delay_s=sizes.delay_s) as slow,
        bench.user(slow.instance) as user,
        Jupyter(user) as jupyter,
    ):
        jupyter.ask("/escape-vre/datalake/whoami")
        status_ms(jupyter, for_s=1)
        for _ in range(sizes.runs):
            rest_ms.append(status_ms(jupyter, for_s=sizes.probe_s))
            with _Panel(jupyter) as panel:
                time.sleep(0.2)
                busy_ms.append(status_ms(jupyter, for_s=sizes.probe_s))
            if panel.problem is not None:
                raise BenchError(f"a listing failed: {panel.problem}")
            listings += panel.took_s
    if min(listings) < sizes.delay_s:
        raise BenchError("the listings did not wait for the slow Rucio")
    rest_p99 = p99s(rest_ms)
    yield row(
        "status-while-rucio-slow",
        p99s(busy_ms),
        peer=rest_p99,
        peer_name="the same server at rest",
        unit="ms",
        limit=statistics.median(rest_p99) + ALLOWED_MS,
        bar=f"p99 ≤ +{ALLOWED_MS:.0f} ms over rest",
        note=f"Rucio takes {sizes.delay_s:.0f} s per request, {_AT_ONCE} listings at a time through"
        f" the server; a listing took {statistics.median(listings):.1f} s. {HOW}. At rest"
        f" {typical(rest_ms)}; busy {typical(busy_ms)}",
    )
