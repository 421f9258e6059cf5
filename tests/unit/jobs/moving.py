"""Moves files as a job does, and waits until that is over."""

import hashlib
import os
import threading
import zlib
from pathlib import Path

from escape_vre.core.errors import CancelledJobError
from escape_vre.core.loops import Loops
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.transfer.batch import Batch, Errand
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.download import bringing
from escape_vre.jobs.transfer.mover import Mover

BIG = os.urandom(6 * 1024 * 1024 + 123)
SMALL = b"synthetic\n" * 100


def source(body, *urls, size=True, checksum=True, kind="adler32", name="f"):
    """Describe a file, as a catalogue that knows all or less of it."""
    sums = {"adler32": f"{zlib.adler32(body):08x}", "md5": hashlib.md5(body).hexdigest()}
    return FileSource(
        ref=f"rucio:demo:{name}",
        parts=("demo", name),
        urls=urls,
        bytes=len(body) if size else None,
        checksums={kind: sums[kind]} if checksum else {},
    )


def move(wanted, *, control=None, access=None, known=(), arrived=None, **settings):
    """Move (source, final path) pairs; returns the errors by the name of the file."""
    over = threading.Event()
    failed = {}
    stopped = []

    def on_end(error):
        stopped.append(error)
        over.set()

    control, access = control or Control(), access or StorageAccess()
    asked = Transfers(**{"reserve_bytes": 0, **settings})
    batch = Batch(
        iter([Errand(what, final, list(known)) for what, final in wanted]),
        access,
        control,
        carry=bringing(asked, access, control),
        on_file=lambda errand, found: arrived is not None and arrived.append(found),
        on_failure=lambda errand, error: failed.update({errand.final.name: error}),
        on_end=on_end,
    )
    Mover(asked, Loops()).submit(batch)
    assert over.wait(100)
    if stopped[0] is not None:
        raise stopped[0]
    return failed


def run(what, final, *, control=None, **options):
    """Bring one file, or raise why not."""
    control = control or Control()
    arrived = []
    failed = move([(what, final)], control=control, arrived=arrived, **options)
    if failed:
        raise next(iter(failed.values()))
    if control.ending is not None:
        raise CancelledJobError("It was stopped.")
    return arrived[0].copy


def leftovers(folder: Path) -> list[str]:
    """Return the names of all files below a folder."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file())
