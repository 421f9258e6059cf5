"""``python -m bench.load``: send many requests to one address, and report how long each took.

It is a separate process, so that its cost is not counted as the hub's, and has a small HTTP client
of its own: a full one would use more of the processor than the hub itself.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import BenchError

_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``body`` is sent as JSON; None for none."""

    method: str
    path: str
    token: str
    body: Any = None


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load.

    ``ms`` are the latencies in the order of the requests; ``statuses`` counts answers by status.
    """

    wall_s: float
    cpu_s: float
    ms: list[float] = field(repr=False)
    statuses: dict[str, int]


def send(
    port: int, requests: Sequence[Request], *, at_once: int, rate: float | None = None
) -> Load:
    """Send all requests, in this order, over ``at_once`` kept-alive connections.

    Parameters
    ----------
    rate : float, optional
        So many are due a second, and latencies count from then; without it, each is sent when
        the one before it on its connection has been answered.

    Raises
    ------
    BenchError
        The hub closed a connection, or the load generator failed.
    """
    given = {
        "port": port,
        "requests": [asdict(one) for one in requests],
        "at_once": at_once,
        "rate": rate,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(given),
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode:
        raise BenchError(f"the load generator failed: {done.stderr.strip().splitlines()[-1:]}")
    return Load(**json.loads(done.stdout))


def all_well(load: Load) -> Load:
    """Return the load.

    Raises
    ------
    BenchError
        Not every answer was 200.
    """
    if set(load.statuses) != {"200"}:
        raise BenchError(f"some requests failed: {load.statuses}")
    return load


class _Sender:
    def __init__(self, given: dict[str, Any]) -> None:
        self._port = given["port"]
        self._rate = given["rate"]
        self._sent = [_bytes(self._port, **one) for one in given["requests"]]
        self._next = iter(range(len(self._sent)))
        self.ms = [0.0] * len(self._sent)
        self.statuses: Counter[int] = Counter()

    async def run(self, at_once: int) -> float:
        """Send everything; returns how long that took, seconds."""
        streams = [
            await asyncio.open_connection("127.0.0.1", self._port, limit=_LIMIT)
            for _ in range(at_once)
        ]
        self._began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for reader, writer in streams:
                group.create_task(self._connection(reader, writer))
        return time.perf_counter() - self._began

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in self._next:
            due = time.perf_counter()
            if self._rate:
                due = self._began + number / self._rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(self._sent[number])
            self.statuses[await _status(reader)] += 1
            self.ms[number] = 1000 * (time.perf_counter() - due)
        writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer, which must say its length, to the end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [line for line in lines if line.startswith(b"content-length:")]
    if lengths:
        await reader.readexactly(int(lengths[0].partition(b":")[2]))
    return int(lines[0].split(b" ")[1])


def _bytes(port: int, *, method: str, path: str, token: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: token {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def main() -> int:
    """Read the load from standard input, and write the result to standard output."""
    given = json.load(sys.stdin)
    sender = _Sender(given)
    used = sum(os.times()[:2])
    wall_s = asyncio.run(sender.run(given["at_once"]))
    used = sum(os.times()[:2]) - used
    found = Load(wall_s, used, sender.ms, {str(k): n for k, n in sender.statuses.items()})
    json.dump(asdict(found), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
