"""A desk of jobs, with a service whose files are at a storage of our own."""

import asyncio
import os
import zlib
from contextlib import aclosing, asynccontextmanager

import pytest

from escape_vre.core.errors import AuthError
from escape_vre.core.loops import Loops
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.build import make_desk
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.testing.storage import FakeStorage

FILES = {f"file.{n}": bytes([n]) * (5 * 1024 * 1024 + n) for n in range(4)}


class Service(StorageAccess):
    """Files at a storage that needs a token, which lasts for some files and then no more."""

    def __init__(self, storage):
        self.storage_ = storage
        self.urls = {name: storage.put(name, body) for name, body in FILES.items()}
        self.left = 100
        self.open = asyncio.Event()
        self.reasons = [AuthError("The session has ended.", details={"sign_in": "/hub/login"})]

    async def sources(self, query):
        for name, body in FILES.items():
            yield FileSource(
                ref=f"rucio:demo:{name}",
                parts=("demo", name),
                urls=(self.urls[name],),
                bytes=len(body),
                checksums={"adler32": f"{zlib.adler32(body):08x}"},
            )

    async def storage(self, query):
        return self

    def headers(self, url, *, refused, check):
        self.left -= 1
        if self.left < 0:
            raise self.reasons[0]
        return {}

    async def refusals(self, query):
        for reason in self.reasons:
            yield reason
        await self.open.wait()


@pytest.fixture(autouse=True)
def fsyncs(monkeypatch):
    """Let no file be fsynced by an event loop, which would stop for as long as the disk takes."""
    fsync = os.fsync

    def checked(descriptor):
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", checked)


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@asynccontextmanager
async def working(tmp_path, storage, *, kinds=()):
    service = Service(storage)
    loops = Loops()
    desk = make_desk(
        state=tmp_path / "state",
        lock=tmp_path / "lock",
        settings=Transfers(connections=1, reserve_bytes=0),
        data_dir=lambda: tmp_path,
        service=lambda _: service,
        kinds=lambda _: kinds,
        keep_days=1,
        loops=loops,
    )
    await desk.start()
    try:
        yield desk, service
    finally:
        await loops.stop()
        await desk.stop()
    assert not loops.failures


def asked(tmp_path):
    return GetRequest(
        service="fake",
        instance="x",
        account="",
        refs=tuple(f"rucio:demo:{name}" for name in FILES),
        destination=str(tmp_path / "data"),
        title="four files",
    )


async def submit(desk, tmp_path):
    job, _ = await desk.submit(asked(tmp_path), client="me", environment={})
    return job.id


def files_done(job):
    return job.progress.part("files").done


async def until(desk, job_id, condition):
    """Return the job when it is so."""
    async with asyncio.timeout(60), aclosing(desk.watch()) as changes:
        async for job in changes:
            if job.id == job_id and condition(job):
                return job
    return None
