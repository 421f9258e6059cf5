"""One large file: the machine sets the limit, and the client can only slow it down."""

import shutil
import statistics
from collections.abc import Iterator
from datetime import datetime

from bench.bigfile import NAME, BigFile, big_file
from bench.fixtures import Bench, User
from bench.measure import BenchError, settle, timed
from bench.table import Row, row
from escape_vre.client import AgentClient
from escape_vre.local.lake.environment import clean_environment

TITLE = "one large file: `escape-vre dl get` against `curl` with fsync, and `rucio download`"

_OF_CURL = 0.8
_OF_RUCIO = 3.0


def measure(bench: Bench) -> Iterator[Row]:
    """Time whole commands in turn, all onto the file system of the scratch folder."""
    file = big_file(bench)
    ours: list[float] = []
    in_agent: list[float] = []
    curl: list[float] = []
    rucio: list[float] = []
    with bench.user(file.lake.instance()) as user:
        user.start_agent()
        for number in range(bench.sizes.runs + 1):
            if number:  # the first of ours and of curl is for warming up
                rucio.append(_rucio(file, user))
            settle(user.home, file.size)
            curl_s = file.curl(user.home / NAME)
            file.check(user.home / NAME)
            ours_s, job_s = _ours(file, user)
            if number:
                ours.append(ours_s)
                in_agent.append(job_s)
                curl.append(curl_s)
    rate = file.size / 1e6 / statistics.median(ours)
    note = (
        f"{file.size / 1e9:.3g} GB, https on loopback, source in the page cache, target a new"
        f" file; {rate:.0f} MB/s with the whole command;"
        f" of it the job in the agent {statistics.median(in_agent):.2f} s, the rest is Python's"
        " start and asking"
    )
    yield row(
        "one-big-file.curl",
        ours,
        peer=curl,
        peer_name="curl, then fsync",
        unit="s",
        limit=statistics.median(curl) / _OF_CURL,
        bar=f"≥ {_OF_CURL} × the speed of curl and fsync; ours also verifies Adler-32",
        note=note,
    )
    yield row(
        "one-big-file.rucio",
        ours,
        peer=rucio,
        peer_name="rucio download",
        unit="s",
        limit=statistics.median(rucio) / _OF_RUCIO,
        bar=f"≥ {_OF_RUCIO:.0f} × as fast as `rucio download`",
        note="As above; the peer verifies, and does not fsync",
    )


def _ours(file: BigFile, user: User) -> tuple[float, float]:
    """Return the seconds of the whole command, and of its job in the agent."""
    folder = user.home / "ours"
    settle(user.home, file.size)
    took = timed([user.command, "dl", "get", file.did, "--to", folder], env=clean_environment())
    file.check(folder / NAME)
    shutil.rmtree(folder)
    job = AgentClient().get("/jobs")["jobs"][0]
    if job["state"] != "done" or job["progress"]["done"] != file.size:
        raise BenchError(f"the job says {job['state']}, {job['progress']['done']} bytes")
    lasted = datetime.fromisoformat(job["ended"]) - datetime.fromisoformat(job["created"])
    return took, lasted.total_seconds()


def _rucio(file: BigFile, user: User) -> float:
    folder = user.home / "rucio"
    settle(user.home, file.size)
    took = timed(
        [file.lake.rucio, "download", "--dir", folder, file.did],
        env={**clean_environment(), **file.lake.rucio_environment()},
    )
    (found,) = folder.rglob(NAME)
    file.check(found)
    shutil.rmtree(folder)
    return took
