"""The state of a dataset in a row of the panel: its cost must not grow with the dataset."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.fixtures import SCOPE, Bench
from bench.forward import Forward
from bench.measure import BenchError
from bench.table import Row, row
from escape_vre.client import AgentClient
from escape_vre.local.lake.rest import Rest

TITLE = "the state of a dataset with few and with many files: bytes, calls to Rucio, time"

_FEW = 10
_CALLS = 3
_BYTES = 32
_PINNED, _LOOSE = "pinned", "loose"


@dataclass(slots=True)
class _Found:
    payload: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Row]:
    """Ask for one dataset at a time, through a proxy that counts the requests to Rucio."""
    many = bench.sizes.members
    with bench.lake.rest() as rest:
        for count in (_FEW, many):
            _dataset(rest, bench.lake.sites[0], count)
    found = {(kind, count): _Found() for kind in (_PINNED, _LOOSE) for count in (_FEW, many)}
    with Forward(bench.lake) as counted, bench.user(counted.instance) as user:
        user.start_agent()
        for kind, count in found:
            _ask(counted, kind, count, _Found())  # signs in, and fills what Rucio keeps
        for _ in range(bench.sizes.quick_runs):
            for (kind, count), one in found.items():
                _ask(counted, kind, count, one)
    for kind, suffix, what in (
        (_PINNED, "", "A closed dataset that a rule holds"),
        (_LOOSE, "-open", "An open dataset without a rule, for which Rucio keeps no counts"),
    ):
        large, small = found[kind, many], found[kind, _FEW]
        peer_name = f"the same of {_FEW} files"
        note = f"{what}, {many:,} files"
        yield row(
            f"availability.calls{suffix}",
            large.calls,
            peer=small.calls,
            peer_name=peer_name,
            unit="calls",
            limit=_CALLS,
            bar=f"≤ {_CALLS} calls to Rucio, any number of files",
            note=f"{note}; requests: {', '.join(large.seen)}",
        )
        yield row(
            f"availability.payload{suffix}",
            large.payload,
            peer=small.payload,
            peer_name=peer_name,
            unit="bytes",
            limit=statistics.median(small.payload) + _BYTES,
            bar=f"the same for any number of files (± {_BYTES} bytes, for digits)",
            note=f"{note}; request and answer",
        )
        yield row(
            f"availability.time{suffix}",
            large.ms,
            peer=small.ms,
            peer_name=peer_name,
            unit="ms",
            note=f"{note}; from the request to the complete answer of a running agent",
        )


def _name(kind: str, count: int) -> str:
    return f"{kind}.{count}"


def _dataset(rest: Rest, site: str, count: int) -> None:
    """Register files without bytes, in two datasets: one held by a rule and closed, one neither."""
    files = [
        {"scope": SCOPE, "name": f"of{count}.{n:06d}", "bytes": 1000, "adler32": "00000001"}
        for n in range(count)
    ]
    rest.add_files(site, files)
    for kind in (_PINNED, _LOOSE):
        name = _name(kind, count)
        rest.call("POST", f"/dids/{SCOPE}/{name}", {"type": "DATASET"})
        rest.attach(SCOPE, name, [(SCOPE, str(one["name"])) for one in files])
    pinned = _name(_PINNED, count)
    rule = {
        "dids": [{"scope": SCOPE, "name": pinned}],
        "account": "root",
        "copies": 1,
        "rse_expression": site,
        "grouping": "DATASET",
    }
    rest.call("POST", "/rules/", rule)
    rest.call("PUT", f"/dids/{SCOPE}/{pinned}/status", {"open": False})


def _ask(counted: Forward, kind: str, count: int, into: _Found) -> None:
    question = {"instance": None, "refs": [f"rucio:{SCOPE}:{_name(kind, count)}"]}
    client = AgentClient()
    client.get("/agent")
    counted.seen.clear()
    began = time.perf_counter()
    answer = client.post("/datalake/states", question)
    took = time.perf_counter() - began
    (state,) = answer["rows"]
    if state["length"] != count or not state["sites"]:
        raise BenchError(f"the state is not that of {count} files on a site: {state}")
    into.ms.append(1000 * took)
    into.calls.append(len(counted.seen))
    into.payload.append(len(json.dumps(question)) + len(json.dumps(answer)))
    into.seen = [one.replace(f"/{SCOPE}/{_name(kind, count)}", "/…") for one in counted.seen]
