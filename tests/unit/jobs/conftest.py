"""A desk of jobs, with a service whose files are at a storage of our own."""

import asyncio
import zlib
from contextlib import aclosing, asynccontextmanager

import pytest

from escape_vre.core.errors import AuthError
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.lease import Owner
from escape_vre.jobs.models import JobRequest
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


@pytest.fixture
def storage():
    with FakeStorage() as running:
        yield running


@asynccontextmanager
async def working(tmp_path, storage):
    service = Service(storage)
    desk = JobDesk(
        state=tmp_path / "state",
        owner=Owner.this(tmp_path / "lock"),
        settings=Transfers(connections=1, reserve_bytes=0),
        fetchable=lambda _: service,
        keep_days=1,
        data_dir=lambda: tmp_path,
    )
    await desk.start()
    try:
        yield desk, service
    finally:
        await desk.stop()


def submit(desk, tmp_path):
    request = JobRequest(
        service="fake",
        instance="x",
        account="",
        refs=tuple(f"rucio:demo:{name}" for name in FILES),
        destination=str(tmp_path / "data"),
        title="four files",
    )
    job, _ = desk.submit(request, client="me", environment={})
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
