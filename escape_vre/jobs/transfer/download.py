"""One file, from one of its replicas to its final name, whole or not at all."""

import errno
import http.client
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core import disk
from escape_vre.core.errors import (
    ConfigurationError,
    EscapeError,
    IntegrityError,
    NotFoundError,
)
from escape_vre.core.service import FileSource, StorageAccess
from escape_vre.core.settings import Transfers
from escape_vre.jobs.manifest import Copy
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.batch import Errand
from escape_vre.jobs.transfer.body import Limits, Pump, Reader
from escape_vre.jobs.transfer.connections import Connections
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.in_place import found_in_place
from escape_vre.jobs.transfer.offer import Offer
from escape_vre.jobs.transfer.part import Part, Sums, keep_part, open_part, problem_of, summed
from escape_vre.jobs.transfer.place import Place, copy_into, occupied, reading
from escape_vre.jobs.transfer.refusals import storage_error
from escape_vre.jobs.transfer.sink import BUFFER_BYTES, Sink, chosen, disk_error

THREADED_FROM_BYTES = 4 * BUFFER_BYTES
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file under its final name.

    Parameters
    ----------
    here : bool
        It was there before.
    verified : bool
        Its bytes were compared with a checksum of the catalogue, now or when they came.
    in_place : bool
        It is a file of a storage that is mounted here, compared with the catalogue's size.
    """

    copy: Copy
    here: bool
    verified: bool
    in_place: bool = False


@dataclass(slots=True)
class Fetch:
    """Brings files for one worker.

    Parameters
    ----------
    limits : Limits
        ``promised`` is set for each file.
    """

    access: StorageAccess
    connections: Connections
    control: Control
    limits: Limits

    def run(
        self, source: FileSource, final: Path, known: list[Copy], address: Address | None
    ) -> Arrived:
        """Get one file to its final path; copied from this disk if it is already here.

        Parameters
        ----------
        known : list of Copy
            Intact copies of this very file on this disk.
        address : Address or None
            The replica to ask; None where there is none, so that only this disk can help.

        Raises
        ------
        ConflictError
            Something else stands at the final path.
        IntegrityError, RemoteError, AuthError, NotFoundError
            The replica could not give the file.
        QuotaError, UsageError
            The disk is full; the folder may not be written to.
        CancelledJobError
            The job is to stop.
        """
        for copy in known:
            if copy.path == str(final):
                self.control.add_bytes(copy.size)
                return Arrived(copy, here=True, verified=True)
        mounted, problem = found_in_place(source)
        if mounted is not None:
            self.control.add_bytes(mounted.size)
            return Arrived(mounted, here=True, verified=False, in_place=True)
        if problem:
            self.control.not_in_place(problem)
            if address is None and not known:
                raise NotFoundError(problem, hint="Check that the storage is mounted here.")
        try:
            with Place.open(final) as place:
                if place.is_taken:
                    return self._taken(place, source)
                return self._fill(place, source, known, address)
        except OSError as e:
            raise disk_error(e, str(final.parent)) from e

    def _taken(self, place: Place, source: FileSource) -> Arrived:
        if not place.holds(source.bytes, source.checksums, self.control.check):
            raise occupied(place.final)
        copy = Copy.of(place.final)
        self.control.add_bytes(copy.size)
        return Arrived(copy, here=True, verified=True)

    def _fill(
        self, place: Place, source: FileSource, known: list[Copy], address: Address | None
    ) -> Arrived:
        """Fill the part by whichever way works first, then publish it."""
        part = open_part(place, source, self.control)
        self.control.begun.add(str(place.final))
        kept = False
        try:
            verified = chosen(source.checksums) is not None
            if not self._copied(part, known):
                self._from(address, part, source)
            os.fsync(part.descriptor)
            place.publish()
        except EscapeError as e:
            kept = keep_part(e, place, self.control)
            if self.control.ending is None:
                self.control.add_bytes(-part.offset)
            if not kept:
                place.drop_part()
            self.control.check()
            raise
        except OSError as e:
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                place.drop_part()  # a full disk hurts more than fetching it again
            else:
                kept = True
            raise
        finally:
            part.close()
            if not kept:
                self.control.begun.discard(str(place.final))
        return Arrived(Copy.of(place.final), here=False, verified=verified)

    def _copied(self, part: Part, known: list[Copy]) -> bool:
        """Copy what is on this disk already; False when it must be fetched."""
        if not known:
            return False
        part.restart(self.control)
        copy = known[0]
        try:
            with reading(copy.path) as descriptor:
                part.offset = copy_into(descriptor, part.descriptor, self.control.check)
        except FileNotFoundError:
            part.restart(self.control)
            return False
        self.control.add_bytes(part.offset)
        if part.offset != copy.size or not copy.intact:
            part.restart(self.control)
            return False
        return True

    def _from(self, address: Address | None, part: Part, source: FileSource) -> None:
        """Read a replica; a part that turns out to be of other bytes is begun again once."""
        if address is None:
            raise no_replica(source)
        while True:
            resumed = part.offset > 0
            problem: EscapeError | None
            try:
                sums = (
                    self._from_file(part, source, address)
                    if address.is_local
                    else self._from_http(part, source, address)
                )
                problem = problem_of(part, source, sums, address.host)
            except IntegrityError as e:
                problem = e
            if problem is None:
                return
            part.restart(self.control)
            if not resumed:
                raise problem

    def _from_file(self, part: Part, source: FileSource, address: Address) -> Sums:
        """Read a replica on a mounted file system, below the folders that the site names."""
        part.restart(self.control)
        path = Path(os.path.realpath(address.target))
        roots = [Path(os.path.realpath(root)) for root in self.access.roots()]
        if not any(path.is_relative_to(root) for root in roots):
            raise ConfigurationError(
                f"The replica {address.target} is in no folder that may be read for this data"
                " lake.",
                hint="An administrator can allow the folder in file_roots.",
            )
        with ExitStack() as opened:
            try:
                folder = disk.open_folder(path.parent, links=False)
                opened.callback(os.close, folder)
                file = opened.enter_context(reading(path.name, folder=folder, links=False))
            except OSError as e:
                raise NotFoundError(
                    f"The replica {address.target} cannot be read here: {e.strerror}.",
                    hint="Check that the storage is mounted on this machine.",
                ) from e
            return self._pump(lambda view: os.readv(file, [view]), part, source, address.host)

    def _from_http(self, part: Part, source: FileSource, address: Address) -> Sums:
        """Read a replica over https, from where the part ends if the storage can."""
        if source.bytes is not None and part.offset == source.bytes and part.offset:
            return summed(part, source, self.control)
        extra: dict[str, str] = {}
        if part.offset:
            extra["Range"] = f"bytes={part.offset}-"
            if part.url == _remembered(address) and part.etag:
                extra["If-Range"] = part.etag
        answer = self.connections.get(
            address,
            access=self.access,
            control=self.control,
            extra=extra,
            has_checksum=chosen(source.checksums) is not None,
        )
        host = answer.address.host
        offer = Offer(answer.response, first=address, last=answer.address)
        try:
            offer.check(source, part.offset, self.access)
            if answer.response.status == 200:
                part.restart(self.control)
            if not offer.encoding:
                self._remember(part, source, address, offer.etag)
            return self._pump(offer.reader, part, source, host)
        except (OSError, http.client.HTTPException) as e:
            if isinstance(e, OSError) and e.errno in _DISK_ERRORS:
                raise
            self.control.check()
            raise storage_error(e, host) from e
        finally:
            self.control.unwatch(answer.connection.handle)
            if not offer.complete:
                self.connections.drop(answer.connection)

    def _remember(self, part: Part, source: FileSource, address: Address, etag: str) -> None:
        """Write down what the part is of, so that a later process can go on.

        Not for what is gone in one read: a second file would double the work of a small one.
        """
        part.url, part.etag = _remembered(address), etag
        if source.bytes is not None and source.bytes < THREADED_FROM_BYTES:
            return
        part.place.write_manifest(
            {"ref": source.ref, "bytes": source.bytes, "url": part.url, "etag": etag}
        )

    def _pump(self, read: Reader, part: Part, source: FileSource, host: str) -> Sums:
        sums = summed(part, source, self.control)
        left = None if source.bytes is None else source.bytes - part.offset
        threaded = left is None or left >= THREADED_FROM_BYTES
        size = BUFFER_BYTES if left is None else max(1, min(BUFFER_BYTES, left))

        def written(count: int) -> None:
            part.offset += count
            self.control.add_bytes(count)

        with Sink(part.descriptor, sums and sums[1], threaded=threaded, size=size) as sink:
            Pump(
                sink,
                descriptor=part.descriptor,
                offset=part.offset,
                limits=Limits(
                    source.bytes,
                    self.limits.reserve,
                    self.limits.timeout_s,
                    self.limits.min_rate,
                ),
                host=host,
                control=self.control,
                pace=self.connections.pace,
                written=written,
            ).run(read)
        return sums


def bringing(
    settings: Transfers, access: StorageAccess, control: Control
) -> Callable[[Errand, Address | None, Connections], Arrived]:
    """Return what brings the files of one job, for its batch."""
    limits = Limits(
        promised=None,
        reserve=settings.reserve_bytes,
        timeout_s=settings.timeout_s,
        min_rate=settings.min_rate_bytes_s,
    )

    def bring(errand: Errand, address: Address | None, connections: Connections) -> Arrived:
        fetch = Fetch(access, connections, control, limits)
        return fetch.run(errand.source, errand.final, errand.known, address)

    return bring


def no_replica(source: FileSource) -> NotFoundError:
    """Say that a file has no replica that we can read, and why where that is known."""
    name = source.ref.partition(":")[2]
    if source.obstacle:
        return NotFoundError(f"{name} cannot be read. {source.obstacle}", hint=source.way_out)
    return NotFoundError(
        f"The catalogue names no replica of {name} that can be read now.",
        hint="Look at its replicas: they may be on tape, or not there yet.",
    )


def _remembered(address: Address) -> str:
    """Return an address without its query, which may hold a signature."""
    return str(address).partition("?")[0]
