"""One hub that gives tokens to the servers of a thousand users, and still serves its pages."""

import contextlib
import http.client
import json
import socket
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from bench.fixtures import Bench
from bench.hub import CHECKED_EVERY_S, KINDS, CrowdedHub, Kind, Servers, filled
from bench.load import all_well, send
from bench.measure import BenchError, cpu_s, forget_peak, p99, peak_mb, rss_mb
from bench.oidc import Oidc
from bench.table import Row, row

TITLE = "tokens for the servers of 1,000 users on one hub, and the hub's own pages during the load"

AUDIENCES = ("rucio", "reana", "notebooks")

_AT_ONCE = 32
_STEADY = 100.0
_FIRST_LIFETIME_S = 10
_LIFETIME_S = 900
_PAGE_EVERY_S = 0.05
_PAGE_CONNECTIONS = 4
_WATCHED = "watched"

_STOCK = "stock oauthenticator"
_PEER = f"{_STOCK}, GET of the user's auth state"
_REST = "the same hub at rest"


class _Pages:
    """Asks for the hub's sign-in page, and posts a server's activity, at a steady pace.

    Each every 50 ms, on four connections in turn: on a single one, answers that take longer than
    that would queue up behind each other. Latency counts from when a request was due.
    """

    def __init__(self, hub: CrowdedHub) -> None:
        self._hub = hub
        self._token = hub.server_tokens[_WATCHED]
        self._end = threading.Event()
        self._pool = ThreadPoolExecutor(2 * _PAGE_CONNECTIONS)
        self.login_ms: list[float] = []
        self.activity_ms: list[float] = []

    def __enter__(self) -> "_Pages":
        began = time.perf_counter()
        self._asking = [
            self._pool.submit(self._ask, found, method, path, began + number * _PAGE_EVERY_S)
            for found, method, path in (
                (self.login_ms, "GET", "/hub/login"),
                (self.activity_ms, "POST", self._activity),
            )
            for number in range(_PAGE_CONNECTIONS)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        with self._pool:
            for one in self._asking:
                one.result()

    @property
    def _activity(self) -> str:
        return f"/hub/api/users/{_WATCHED}/activity"

    def _ask(self, found: list[float], method: str, path: str, due: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._hub.port, timeout=60)
        with contextlib.closing(connection):
            connection.connect()
            assert connection.sock is not None
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while not self._end.wait(max(0.0, due - time.perf_counter())):
                body, headers = None, {}
                if method == "POST":
                    body = json.dumps({"last_activity": datetime.now(UTC).isoformat()})
                    headers = {"Authorization": f"token {self._token}"}
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise BenchError(f"{self._hub.kind}: {path} answers {answer.status}")
                found.append(1000 * (time.perf_counter() - due))
                due += _PAGE_EVERY_S * _PAGE_CONNECTIONS


@dataclass
class _Runs:
    """The results of one type of hub, one entry per run."""

    cold_s: list[float] = field(default_factory=list)
    cold_p99: list[float] = field(default_factory=list)
    warm_s: list[float] = field(default_factory=list)
    steady_p99: list[float] = field(default_factory=list)
    cold_cpu_ms: list[float] = field(default_factory=list)
    warm_cpu_ms: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    idle_mb: list[float] = field(default_factory=list)
    calls: list[dict[str, int]] = field(default_factory=list)
    typical: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class _Site:
    bench: Bench
    oidc: Oidc
    hubs: Mapping[Kind, CrowdedHub]
    people: Sequence[str]


def measure(bench: Bench) -> Iterator[Row]:
    """Fill both hubs, then let them take turns; every run begins with the same state."""
    people = [f"user{number:04}" for number in range(bench.sizes.people)]
    home = bench.scratch / "hubs"
    with (
        contextlib.ExitStack() as ending,
        Oidc([*people, _WATCHED], AUDIENCES) as oidc,
        Servers() as servers,
    ):
        oidc.tell(lifetime_s=_FIRST_LIFETIME_S)
        hubs: dict[Kind, CrowdedHub] = {}
        for kind in KINDS:
            hubs[kind] = CrowdedHub(
                home / kind, kind, oidc, address=servers.address, audiences=AUDIENCES
            )
            ending.callback(hubs[kind].close)
            hubs[kind].start()
        took = filled(hubs.values(), [*people, _WATCHED])
        print(f"  all users have signed in and have a server ({took:.0f} s)", flush=True)
        for hub in hubs.values():
            hub.keep()
        oidc.tell(keep=True)
        time.sleep(_FIRST_LIFETIME_S)  # at the start of every run, all access tokens have ended
        site = _Site(bench, oidc, hubs, people)
        found: dict[Kind, _Runs] = {kind: _Runs() for kind in KINDS}
        for number in range(bench.sizes.runs):
            for kind in KINDS if number % 2 == 0 else KINDS[::-1]:
                _run(site, kind, found[kind])
    yield from _rows(found["ours"], found["stock"], site=site)


def _run(site: _Site, kind: Kind, found: _Runs) -> None:
    """Rest, the first request of every user, the same repeatedly, then a steady load."""
    hub, sizes = site.hubs[kind], site.bench.sizes
    for other in site.hubs.values():
        other.stop()
    site.oidc.tell(restore=True, lifetime_s=_LIFETIME_S)
    hub.restore()
    rounds = hub.rounds(site.people)
    requests = list(chain.from_iterable(rounds))
    # Alone, or the stock hub loses the session that the pages are asked for with.
    all_well(send(hub.port, hub.rounds([_WATCHED])[0], at_once=1))
    with _Pages(hub):
        time.sleep(1)  # templates are read at first use
    found.idle_mb.append(rss_mb(hub.pid))
    with _watched(hub, found, "rest"):
        time.sleep(sizes.probe_s)
    site.oidc.tell()
    forget_peak(hub.pid)
    used = cpu_s(hub.pid)
    with _watched(hub, found, "cold"):
        # One after the other: two requests at once end a session of the stock hub (hub-sessions).
        loads = [all_well(send(hub.port, one, at_once=_AT_ONCE)) for one in rounds]
    cold_ms = [value for load in loads for value in load.ms]
    found.cold_cpu_ms.append(1000 * (cpu_s(hub.pid) - used) / len(requests))
    found.cold_s.append(sum(load.wall_s for load in loads))
    found.cold_p99.append(p99(cold_ms))
    found.typical["cold"] += cold_ms
    used = cpu_s(hub.pid)
    warm = all_well(send(hub.port, requests, at_once=_AT_ONCE))
    found.warm_cpu_ms.append(1000 * (cpu_s(hub.pid) - used) / len(warm.ms))
    found.warm_s.append(warm.wall_s)
    some = requests[: int(_STEADY * sizes.probe_s)]
    with _watched(hub, found, "steady"):
        steady = all_well(send(hub.port, some, at_once=_AT_ONCE, rate=_STEADY))
    found.steady_p99.append(p99(steady.ms))
    found.typical["steady"] += steady.ms
    found.peak_mb.append(peak_mb(hub.pid) or rss_mb(hub.pid))
    found.calls.append(site.oidc.tell())


@contextlib.contextmanager
def _watched(hub: CrowdedHub, found: _Runs, when: str) -> Iterator[None]:
    with _Pages(hub) as pages:
        yield
    found.pages[f"login {when}"].append(pages.login_ms)
    found.pages[f"activity {when}"].append(pages.activity_ms)


def _rows(ours: _Runs, stock: _Runs, *, site: _Site) -> Iterator[Row]:
    users, audiences = len(site.people), len(AUDIENCES)
    count = users * audiences
    load = (
        f"{users:,} users with a server each, {audiences} audiences; {_AT_ONCE} requests at a time;"
        " the provider is a fake that answers in a millisecond, in a separate process"
    )
    yield row(
        "hub-tokens.cold",
        ours.cold_s,
        peer=stock.cold_s,
        peer_name=_PEER,
        unit="s",
        note=f"{count:,} tokens after a restart of the hub, every session expired. {load}."
        f" Per second: ours {_rate(count, ours.cold_s)}, stock {_rate(count, stock.cold_s)}",
    )
    yield row(
        "hub-tokens.cold-p99",
        ours.cold_p99,
        peer=stock.cold_p99,
        peer_name=_PEER,
        unit="ms",
        note=f"Of the same requests; most of it is waiting for {_AT_ONCE - 1} others."
        f" {_medians(ours, stock, 'cold')}",
    )
    yield row(
        "hub-tokens.warm",
        ours.warm_s,
        peer=stock.warm_s,
        peer_name=_PEER,
        unit="s",
        note=f"The same {count:,} again, from memory; stock asks the provider again about users it"
        f" has not asked about for {CHECKED_EVERY_S} s."
        f" Per second: ours {_rate(count, ours.warm_s)}, stock {_rate(count, stock.warm_s)}",
    )
    yield row(
        "hub-tokens.warm-p99",
        ours.steady_p99,
        peer=stock.steady_p99,
        peer_name=_PEER,
        unit="ms",
        note=f"{_STEADY:.0f} requests a second, from memory; latency counts from when a request was"
        f" due. {_medians(ours, stock, 'steady')}",
    )
    per_token = [calls.get("exchange", 0) / count for calls in ours.calls]
    yield row(
        "hub-tokens.calls",
        per_token,
        unit="calls",
        limit=1.0,
        bar="≤ 1 call to the provider for each user, audience and lifetime",
        note="Counted by the provider over cold, warm and steady load together, which take less"
        f" than one lifetime of {_LIFETIME_S / 60:.0f} min",
    )
    yield row(
        "hub-tokens.calls-of-all-kinds",
        [_total(calls) / users for calls in ours.calls],
        peer=[_total(calls) / users for calls in stock.calls],
        peer_name=f"{_STOCK}, one token for all audiences",
        unit="calls a user",
        note=f"Includes the session's own renewal. In the last run: ours {_kinds(ours.calls[-1])};"
        f" stock {_kinds(stock.calls[-1])}, and userinfo again every {CHECKED_EVERY_S} s for each"
        " user who is active",
    )
    yield row(
        "hub-tokens.cpu",
        ours.cold_cpu_ms,
        peer=stock.cold_cpu_ms,
        peer_name=_PEER,
        unit="ms",
        note="Processor time of the hub for one request, cold, including its pages."
        f" Warm: ours {_ms(ours.warm_cpu_ms)}, stock {_ms(stock.warm_cpu_ms)}",
    )
    yield row(
        "hub-tokens.memory",
        ours.peak_mb,
        peer=stock.peak_mb,
        peer_name=_STOCK,
        unit="MB",
        note=f"Highest resident memory of the hub's process. Before: ours"
        f" {statistics.median(ours.idle_mb):.0f}, stock {statistics.median(stock.idle_mb):.0f}",
    )
    for page, what in (("login", "The sign-in page"), ("activity", "A server's activity post")):
        for when, how in (
            ("steady", f"{_STEADY:.0f} tokens a second, warm"),
            ("cold", f"all cold, {_AT_ONCE} at a time: the hub is busy without a pause"),
        ):
            yield row(
                f"hub-tokens.{page}-{when}",
                [p99(one) for one in ours.pages[f"{page} {when}"]],
                peer=[p99(one) for one in ours.pages[f"{page} rest"]],
                peer_name=_REST,
                unit="ms",
                note=f"p99. {what}, every {1000 * _PAGE_EVERY_S:.0f} ms, while tokens are given,"
                f" {how}. Medians {_median(ours, page, when)}, at rest"
                f" {_median(ours, page, 'rest')}. Stock under the same load: p99"
                f" {_p99(stock, page, when)}, median {_median(stock, page, when)};"
                f" at rest {_p99(stock, page, 'rest')} and {_median(stock, page, 'rest')}",
            )


def _rate(count: int, seconds: Sequence[float]) -> str:
    return f"{count / statistics.median(seconds):,.0f}"


def _ms(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ms"


def _medians(ours: _Runs, stock: _Runs, when: str) -> str:
    return f"Medians: ours {_ms(ours.typical[when])}, stock {_ms(stock.typical[when])}"


def _median(runs: _Runs, page: str, when: str) -> str:
    return _ms([value for one in runs.pages[f"{page} {when}"] for value in one])


def _p99(runs: _Runs, page: str, when: str) -> str:
    return _ms([p99(one) for one in runs.pages[f"{page} {when}"]])


def _total(calls: Mapping[str, int]) -> int:
    return sum(number for kind, number in calls.items() if kind != "discovery")


def _kinds(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(calls.items()))
