"""One file, from the best of its replicas to its final name, whole or not at all."""

import errno
import http.client
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from escape_vre.core.errors import (
    AuthError,
    BadResponseError,
    CancelledJobError,
    ConflictError,
    EscapeError,
    IntegrityError,
    NotFoundError,
    QuotaError,
    UsageError,
)
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.jobs.manifest import Copy
from escape_vre.jobs.transfer.connections import Connections, HostLimits, refusal, storage_error
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.place import (
    Place,
    copy_into,
    occupied,
    same_content,
    try_lock,
)
from escape_vre.jobs.transfer.sink import (
    BUFFER_BYTES,
    Checksum,
    Sink,
    chosen,
    disk_error,
    mismatch,
    normal,
)

THREADED_FROM_BYTES = 4 * BUFFER_BYTES
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.EACCES)

Reader = Callable[[memoryview], int | None]


@dataclass(slots=True)
class Part:
    """An open part and what is known of its content."""

    place: Place
    descriptor: int
    offset: int
    url: str
    etag: str

    def restart(self, control: Control) -> None:
        """Begin at the first byte again."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        control.add_bytes(-self.offset)
        self.offset = 0


def fetch(
    source: FileSource,
    final: Path,
    *,
    known: list[Copy],
    access: StorageAccess,
    connections: Connections,
    limits: HostLimits,
    control: Control,
) -> Copy:
    """Bring one file to its final path, from this disk where it is here already.

    Parameters
    ----------
    known : list of Copy
        Intact copies of this very file on this disk.

    Returns
    -------
    Copy
        The file under its final name; its bytes verified and on disk.

    Raises
    ------
    ConflictError
        Something else stands at the final path.
    IntegrityError, RemoteError, AuthError, NotFoundError
        No replica could give the file; the last one's reason.
    QuotaError, UsageError
        The disk is full; the folder may not be written to.
    CancelledJobError
        The job is to stop.
    """
    place = Place(final)
    try:
        for copy in known:
            if copy.path == str(final):
                control.add_bytes(copy.size)
                return copy
        if final.exists():
            if final.is_file() and same_content(final, source.bytes, source.checksums):
                control.add_bytes(final.stat().st_size)
                return Copy.of(final)
            raise occupied(final)
        return _fill(source, place, known, access, connections, limits, control)
    except OSError as e:
        raise disk_error(e, str(final.parent)) from e


def _fill(
    source: FileSource,
    place: Place,
    known: list[Copy],
    access: StorageAccess,
    connections: Connections,
    limits: HostLimits,
    control: Control,
) -> Copy:
    """Fill the part by whichever way works first, then publish it."""
    part = _open_part(place, source, control)
    try:
        if not (known and _copy(part, known[0], control)):
            _from_replicas(part, source, access, connections, limits, control)
        os.fsync(part.descriptor)
        place.publish()
    except EscapeError as e:
        if not _keep_part(e, place, control):
            place.drop_part()
            control.add_bytes(-part.offset)
        raise
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            place.drop_part()  # a full disk hurts more than fetching it again
        raise
    finally:
        os.close(part.descriptor)
    return Copy.of(place.final)


def _keep_part(error: EscapeError, place: Place, control: Control) -> bool:
    """Keep what has come so far where a later try can go on from it."""
    if not place.manifest.exists():
        return False
    if isinstance(error, CancelledJobError):
        return control.ending == "stop"
    if error.worth_waiting:
        return True
    return error.retryable and not isinstance(error, IntegrityError)


def _open_part(place: Place, source: FileSource, control: Control) -> Part:
    """Open the part for us alone; another agent that writes to it is waited for."""
    while True:
        descriptor = place.open_part()
        try:
            if try_lock(descriptor) and _is(place.part, descriptor):
                break
            control.check()
            time.sleep(0.1)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if place.final.exists():
            raise occupied(place.final)
    found = place.read_manifest()
    offset = os.fstat(descriptor).st_size
    usable = (
        found.get("ref") == source.ref
        and found.get("bytes") == source.bytes
        and source.bytes is not None
        and offset <= source.bytes
    )
    if not usable:
        os.ftruncate(descriptor, 0)
        offset, found = 0, {}
    control.add_bytes(offset)
    return Part(place, descriptor, offset, str(found.get("url", "")), str(found.get("etag", "")))


def _is(path: Path, descriptor: int) -> bool:
    """Tell whether a path still names the file we locked: its last owner may have unlinked it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _copy(part: Part, known: Copy, control: Control) -> bool:
    """Copy what is on this disk already; False when that failed and it must be fetched."""
    part.restart(control)
    try:
        part.offset = copy_into(Path(known.path), part.descriptor)
    except FileNotFoundError:
        part.restart(control)
        return False
    control.add_bytes(part.offset)
    if part.offset != known.size or not known.intact:
        part.restart(control)
        return False
    return True


def _from_replicas(
    part: Part,
    source: FileSource,
    access: StorageAccess,
    connections: Connections,
    limits: HostLimits,
    control: Control,
) -> None:
    """Try one replica after another; a damaged one costs its bytes, a broken one nothing."""
    if not source.urls:
        raise NotFoundError(
            f"No site has a copy of {source.ref.removeprefix('rucio:')} that can be read now.",
            hint="Look at its replicas: they may be on tape, or still on their way.",
        )
    last: EscapeError | None = None
    for url in source.urls:
        control.check()
        try:
            _from_replica(part, source, url, access, connections, limits, control)
            return
        except (CancelledJobError, QuotaError, UsageError, ConflictError):
            raise
        except EscapeError as e:
            if e.worth_waiting:  # there is no token for any of them
                raise
            last = _worse(last, e)
            if isinstance(e, IntegrityError):
                part.restart(control)
    assert last is not None  # noqa: S101 — the loop ran at least once
    raise last


def _worse(first: EscapeError | None, second: EscapeError) -> EscapeError:
    """Keep the error that tells most: one about the bytes or rights before one about a network."""
    if isinstance(first, IntegrityError | AuthError):
        return first
    return second


def _from_replica(
    part: Part,
    source: FileSource,
    url: str,
    access: StorageAccess,
    connections: Connections,
    limits: HostLimits,
    control: Control,
) -> None:
    host = urlsplit(url).hostname or "this machine"
    resumed = part.offset > 0
    try:
        if urlsplit(url).scheme == "file":
            checksum = _from_file(part, source, url, control)
        else:
            with limits.slot(host):
                checksum = _from_http(part, source, url, access, connections, control)
    except IntegrityError:
        if not resumed:
            raise
        part.restart(control)
        _from_replica(part, source, url, access, connections, limits, control)
        return
    _verify(part, source, checksum, host, resumed=resumed, control=control)
    if resumed and part.offset == 0:
        _from_replica(part, source, url, access, connections, limits, control)


def _verify(
    part: Part,
    source: FileSource,
    checksum: tuple[str, Checksum] | None,
    host: str,
    *,
    resumed: bool,
    control: Control,
) -> None:
    """Compare with the catalogue; a resumed part that differs is begun anew once."""
    problem: EscapeError | None = None
    if source.bytes is not None and part.offset != source.bytes:
        problem = mismatch("size", f"{source.bytes} bytes", f"{part.offset} bytes", host)
    elif checksum is not None:
        kind, sums = checksum
        promised = normal(kind, source.checksums[kind])
        if sums.hexdigest() != promised:
            problem = mismatch(kind, promised, sums.hexdigest(), host)
    if problem is None:
        return
    part.restart(control)
    if not resumed:
        raise problem


def _summed(part: Part, source: FileSource) -> tuple[str, Checksum] | None:
    """Start the checksum with what the part holds already."""
    check = chosen(source.checksums)
    if check is not None and part.offset:
        buffer = memoryview(bytearray(BUFFER_BYTES))
        os.lseek(part.descriptor, 0, os.SEEK_SET)
        while count := os.readv(part.descriptor, [buffer]):
            check[1].update(buffer[:count])
    os.lseek(part.descriptor, part.offset, os.SEEK_SET)
    return check


def _from_file(
    part: Part, source: FileSource, url: str, control: Control
) -> tuple[str, Checksum] | None:
    """Read a replica on a mounted file system."""
    part.restart(control)
    check = _summed(part, source)
    path = Path(unquote(urlsplit(url).path))
    try:
        file = path.open("rb", buffering=0)
    except OSError as e:
        raise NotFoundError(
            f"The replica {path} cannot be read here: {e.strerror}.",
            hint="Is the storage mounted on this machine?",
        ) from e
    with file, _sink(part, source, check) as sink:
        _pump(file.readinto, part, sink, control)
    return check


def _from_http(
    part: Part,
    source: FileSource,
    url: str,
    access: StorageAccess,
    connections: Connections,
    control: Control,
) -> tuple[str, Checksum] | None:
    """Read a replica over https, from where the part ends if the storage can."""
    host = urlsplit(url).hostname or url
    if source.bytes is not None and part.offset == source.bytes:
        return _summed(part, source)
    extra: dict[str, str] = {}
    if part.offset:
        extra["Range"] = f"bytes={part.offset}-"
        if part.url == url and part.etag:
            extra["If-Range"] = part.etag
    response, connection = connections.get(url, access=access, control=control, extra=extra)
    complete = False
    try:
        if response.status == 416:
            response.read()
            complete = True
            part.restart(control)
            raise mismatch("size", f"{source.bytes} bytes", "another size", host)
        if response.status not in (200, 206):
            error = refusal(response.status, response.reason, host)
            if (response.length or 0) < BUFFER_BYTES:
                response.read()
                complete = True
            raise error
        _check_offer(part, source, response, host, control)
        _remember(part, source, url, response.getheader("ETag", ""))
        check = _summed(part, source)
        with _sink(part, source, check) as sink:
            _pump(response.readinto, part, sink, control)
        complete = response.isclosed() and not response.length
        if response.length:
            raise BadResponseError(
                f"The storage {host} ended the transfer before the file did.", hint="Try again."
            )
    except (OSError, http.client.HTTPException) as e:
        if isinstance(e, OSError) and e.errno in _DISK_ERRORS:
            raise
        control.check()
        raise storage_error(e, host) from e
    finally:
        control.unwatch(connection.handle)
        if not complete:
            connections.drop(connection)
    return check


def _check_offer(
    part: Part,
    source: FileSource,
    response: http.client.HTTPResponse,
    host: str,
    control: Control,
) -> None:
    """Compare what the storage offers with the part and the catalogue, before reading it."""
    if response.status == 206:
        found = _RANGE.match(response.getheader("Content-Range", ""))
        total = found[2] if found else None
        if not found or int(found[1]) != part.offset:
            raise BadResponseError(
                f"The storage {host} sends another range than was asked for.",
                hint="Tell the site; another replica may serve.",
            )
        if source.bytes is not None and total not in ("*", str(source.bytes)):
            raise mismatch("size", f"{source.bytes} bytes", f"{total} bytes", host)
        return
    part.restart(control)
    if source.bytes is not None and response.length not in (None, source.bytes):
        raise mismatch("size", f"{source.bytes} bytes", f"{response.length} bytes", host)


def _remember(part: Part, source: FileSource, url: str, etag: str) -> None:
    """Write down what the part is of, so that a later process can go on.

    Not for what is gone in one read: a second file would double the work of a small one.
    """
    part.url, part.etag = url, etag
    if source.bytes is not None and source.bytes < THREADED_FROM_BYTES:
        return
    body = {"ref": source.ref, "bytes": source.bytes, "url": url.partition("?")[0], "etag": etag}
    part.place.manifest.write_text(json.dumps(body))


def _sink(part: Part, source: FileSource, check: tuple[str, Checksum] | None) -> Sink:
    left = None if source.bytes is None else source.bytes - part.offset
    threaded = left is None or left >= THREADED_FROM_BYTES
    size = BUFFER_BYTES if left is None else max(1, min(BUFFER_BYTES, left))
    return Sink(part.descriptor, check and check[1], threaded=threaded, size=size)


def _pump(readinto: Reader, part: Part, sink: Sink, control: Control) -> None:
    while True:
        buffer = sink.buffer()
        count = readinto(memoryview(buffer)) or 0
        control.check()
        if count == 0:
            return
        sink.put(buffer, count)
        part.offset += count
        control.add_bytes(count)
