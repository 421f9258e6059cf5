"""A job of very many files: read as they are named, kept on disk, ended when that is wanted."""

import asyncio
import threading
import tracemalloc

from escape_vre.core.service import FileSource
from tests.unit.jobs.conftest import submit, until, working

COUNT = 40_000
MOST_BYTES = 25_000_000
"""As lists, sources, errands and models, so many files take about three times as much."""


def many(url):
    async def sources(query):
        for n in range(COUNT):
            yield FileSource(
                ref=f"rucio:demo:events.run{n:08}.fits",
                parts=("demo", "set", f"events.run{n:08}.fits"),
                urls=(f"{url}?{n}",),
                bytes=1000,
                checksums={"adler32": "0a0b0c0d"},
                collections=("rucio:demo:set",),
            )

    return sources


def test_memory_does_not_grow_with_its_files_and_a_cancel_ends_it(tmp_path, storage):
    release = threading.Event()

    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            storage.files["file.0"].held = release
            service.sources = many(service.urls["file.0"])
            tracemalloc.start()
            try:
                job_id = await submit(desk, tmp_path)
                begun = await until(desk, job_id, lambda job: job.progress.total)
                most = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            listed = sum(1 for _ in desk.files(job_id))
            await until(desk, job_id, lambda _: len(storage.seen) > 0)
            ended = await desk.cancel(job_id)
            return begun, most, listed, ended

    try:
        begun, most, listed, ended = asyncio.run(scene())
    finally:
        release.set()
    files = begun.progress.part("files")
    assert (files.total, begun.progress.total) == (COUNT, COUNT * 1000)
    assert listed == COUNT
    assert most < MOST_BYTES
    assert ended.state == "cancelled"


def test_it_says_how_far_it_is_while_it_reads_the_list(tmp_path, storage):
    async def scene():
        async with working(tmp_path, storage) as (desk, service):
            read = asyncio.Event()
            listed = many(service.urls["file.0"])

            async def slowly(query):
                n = 0
                async for source in listed(query):
                    yield source
                    n += 1
                    if n == 1000:
                        await read.wait()

            service.sources = slowly
            job_id = await submit(desk, tmp_path)
            reading = await until(desk, job_id, lambda job: "so far" in (job.note or ""))
            cancelled = await desk.cancel(job_id)
            return reading, cancelled

    reading, cancelled = asyncio.run(scene())
    assert "so far" in reading.note
    assert (cancelled.state, cancelled.note) == ("cancelled", None)
