"""A scope with a hundred thousand names: its first rows must not wait for the last."""

import contextlib
import http.client
import json
import ssl
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.fixtures import Bench
from bench.jupyter import Jupyter
from bench.measure import BenchError, forget_peak, peak_mb, rss_mb, timed
from bench.table import Row, row
from escape_vre.client import AgentClient
from escape_vre.local.lake import environment
from escape_vre.local.lake.lake import Lake

TITLE = "the first rows of a scope of very many DIDs, against Rucio's own first row"

_SCOPE = "bench.many"
_FEW = 1000
_SCREEN = 50
_PANEL_LIMIT = 2000
_LATER_MS = 300.0
_LARGER_MB = 10.0
_PAUSE_S = 1.0


def measure(bench: Bench) -> Iterator[Row]:
    """Ask Rucio, our agent, and the agent through Jupyter, in turn."""
    count = bench.sizes.dids
    seeding = _seed(bench.lake, count)
    rucio_ms: list[float] = []
    agent_ms: list[float] = []
    panel_ms: list[float] = []
    with bench.user(bench.lake.instance()) as user, Jupyter(user) as jupyter:
        user.start_agent()
        jupyter.ask("/escape-vre/datalake/whoami")
        with _Direct(bench.lake) as rucio:
            for number in range(bench.sizes.quick_runs + 1):
                found = rucio.first_row_ms(), _agent_ms(), _panel_ms(jupyter)
                if number:
                    for kept, one in zip((rucio_ms, agent_ms, panel_ms), found, strict=True):
                        kept.append(one)
    note = (
        f"{count:,} datasets in one scope, asked with type and size; made in {seeding:.0f} s, the"
        f" first {_FEW:,} over REST, the others as copies of their rows in Rucio's database"
    )
    bar = f"≤ {_LATER_MS:.0f} ms after Rucio's first row"
    for name, ours, what in (
        ("first-rows", agent_ms, "The first row through the agent"),
        (
            "first-rows.panel",
            panel_ms,
            f"A screenful, {_SCREEN} rows, through Jupyter and the agent, as the panel asks",
        ),
    ):
        yield row(
            name,
            ours,
            peer=rucio_ms,
            peer_name="Rucio's own first row",
            unit="ms",
            limit=statistics.median(rucio_ms) + _LATER_MS,
            bar=bar,
            note=f"{what}. {note}. Every connection except the one to the agent is kept alive",
        )
    growth, listing_s = _growth(bench, count)
    yield row(
        "first-rows.memory",
        growth,
        unit="MB",
        limit=_LARGER_MB,
        bar=f"agent grows by ≤ {_LARGER_MB:.0f} MB from {_FEW:,} rows to the whole listing",
        note=f"Highest resident memory while {count:,} rows pass, over what it was after {_FEW:,};"
        f" a fresh agent each run, and a reader that pauses {_PAUSE_S:.0f} s. The whole listing"
        f" took {statistics.median(listing_s):.1f} s",
    )


def _seed(lake: Lake, count: int) -> float:
    """Register a thousand datasets over REST, and copy the rest from them; return seconds.

    Rucio registers about a thousand per second; registering all would take minutes.
    """
    dids = [
        {"scope": _SCOPE, "name": f"{n:07d}.events", "type": "DATASET"}
        for n in range(min(_FEW, count))
    ]
    began = time.monotonic()
    with lake.rest() as rest:
        rest.call("POST", f"/accounts/root/scopes/{_SCOPE}")
        rest.call("POST", "/dids", dids)
    copies = str(count // len(dids))
    timed(
        [environment.python(), Path(__file__).parents[1] / "copy_dids.py", _SCOPE, copies],
        env={**environment.clean_environment(), "RUCIO_CONFIG": str(lake.layout.server_config)},
    )
    return time.monotonic() - began


class _Direct:
    """Ask Rucio directly, with no other client: the shortest time to its first row."""

    def __init__(self, lake: Lake) -> None:
        parts = urlsplit(lake.url)
        assert parts.hostname is not None
        tls = ssl.create_default_context(cafile=str(lake.layout.ca))
        self._connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=tls)
        self._password = lake.layout.password("demo").read_text().strip()
        self._token = ""

    def __enter__(self) -> "_Direct":
        names = {"X-Rucio-Account": "demo", "X-Rucio-Username": "demo"}
        headers = {**names, "X-Rucio-Password": self._password}
        self._connection.request("GET", "/auth/userpass", headers=headers)
        response = self._connection.getresponse()
        response.read()
        self._token = response.headers["X-Rucio-Auth-Token"]
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def first_row_ms(self) -> float:
        """Return how long the first row of the whole scope takes to arrive, ms."""
        # Connected before, for our agent's connection is kept alive too.
        if self._connection.sock is None:
            self._connection.connect()
        query = urlencode({"name": "*", "type": "all", "long": "1", "recursive": "0"})
        headers = {"X-Rucio-Auth-Token": self._token, "Accept": "application/x-json-stream"}
        began = time.perf_counter()
        self._connection.request("GET", f"/dids/{_SCOPE}/dids/search?{query}", headers=headers)
        first = self._connection.getresponse().readline()
        took = 1000 * (time.perf_counter() - began)
        if json.loads(first)["scope"] != _SCOPE:
            raise BenchError("Rucio's first line is not a row")
        # Most of the list is left unread: hang up, and let Rucio notice.
        self._connection.close()
        time.sleep(0.5)
        return took


def _agent_ms() -> float:
    client = AgentClient()
    client.get("/agent")
    began = time.perf_counter()
    rows = client.stream("/datalake/dids", scope=_SCOPE, limit=_PANEL_LIMIT)
    next(rows)
    took = 1000 * (time.perf_counter() - began)
    for _ in rows:
        pass
    time.sleep(0.5)
    return took


def _panel_ms(jupyter: Jupyter) -> float:
    with contextlib.closing(jupyter.connect()) as connection:
        began = time.perf_counter()
        query = {"scope": _SCOPE, "limit": _PANEL_LIMIT}
        response = jupyter.send(connection, "/escape-vre/datalake/dids", **query)
        for _ in range(_SCREEN):
            if not response.readline().strip():
                raise BenchError("the list is shorter than a screen")
        took = 1000 * (time.perf_counter() - began)
        response.read()
    time.sleep(0.5)
    return took


def _growth(bench: Bench, count: int) -> tuple[list[float], list[float]]:
    """Return how much larger the agent becomes, MB, and how long the listing takes, s."""
    growth: list[float] = []
    listing_s: list[float] = []
    with bench.user(bench.lake.instance()) as user:
        for _ in range(bench.sizes.runs):
            pid = user.start_agent()
            _list(_FEW, expected=min(_FEW, count))
            before = rss_mb(pid)
            forget_peak(pid)
            began = time.perf_counter()
            _list(2 * count, expected=count)
            listing_s.append(time.perf_counter() - began - _PAUSE_S)
            growth.append((peak_mb(pid) or rss_mb(pid)) - before)
            user.stop_agent()
    return growth, listing_s


def _list(limit: int, *, expected: int) -> None:
    """Read a listing, slowly at first: unread rows must wait at Rucio, not in the agent."""
    rows = AgentClient().stream("/datalake/dids", scope=_SCOPE, limit=limit)
    next(rows)
    time.sleep(_PAUSE_S)
    found = 0
    for row_or_end in rows:
        found = row_or_end.get("end", {}).get("count", found)
    if found != expected:
        raise BenchError(f"the listing had {found} rows, not {expected}")
