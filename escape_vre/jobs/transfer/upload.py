"""One file, from this disk to its name at a storage, whole or not at all.

It is sent to another name in the same folder, compared at the far end, and only then renamed,
never over something that is there: what has the final name is always a whole file.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from escape_vre.core.errors import BadResponseError, ConflictError, EscapeError, IntegrityError
from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.control import Control
from escape_vre.jobs.transfer.dav import beside
from escape_vre.jobs.transfer.outgoing import LocalFile, Outgoing
from escape_vre.jobs.transfer.pace import Pace
from escape_vre.jobs.transfer.store import Store, Verified


@dataclass(frozen=True, slots=True)
class Stored:
    """A file under its final name at a storage.

    Parameters
    ----------
    checksums : mapping
        ``adler32`` of its bytes, and ``md5`` where it was computed; hexadecimal.
    by : "adler32", "md5" or "size"
        What was compared at the far end.
    here : bool
        It was there before: nothing of it was sent.
    """

    checksums: Mapping[str, str]
    by: Verified
    here: bool

    @property
    def verified(self) -> bool:
        """Whether its checksum was compared, and not its size alone."""
        return self.by != "size"

    @property
    def in_place(self) -> bool:
        """Whether it is used where it is, as a fetched file may be; never so of one that is put."""
        return False


@dataclass(slots=True)
class Upload:
    """Puts files for one worker."""

    store: Store
    control: Control
    pace: Pace

    def run(self, file: LocalFile, final: Address, part: str, *, again: bool) -> Stored:
        """Put one file under its final name.

        Parameters
        ----------
        part : str
            A name that only this file of this job uses, in the folder of the final one.
        again : bool
            Whether an earlier attempt may have come as far as this: then the storage is asked
            first.

        Raises
        ------
        ConflictError
            Something else has the final name, or the file was changed while it was read.
        IntegrityError
            The storage has not stored what was sent.
        QuotaError, AuthError, RemoteError, NotFoundError, UsageError
            The storage, or this disk, refused.
        CancelledJobError
            The job is to stop.
        """
        if again and (found := self._there(file, final)) is not None:
            return found
        temporary = beside(final, part)
        with Outgoing(file, self.control, self.pace) as body:
            try:
                if again:
                    self.store.remove(temporary)
                self.store.put(temporary, body)
                sums = body.sums()
                by = self._verify(temporary, file, sums)
                moved = self.store.move(temporary, final)
            except BaseException:
                body.withdraw()
                self._drop(temporary)
                raise
            if moved:
                return Stored(sums, by, here=False)
            body.withdraw()
            self._drop(temporary)
        if (found := self._there(file, final)) is not None:
            return found
        raise BadResponseError(
            f"The storage {final.host} has no file {_shown(final)}, and says that there is one.",
            hint="Try again, or tell the site.",
        )

    def _there(self, file: LocalFile, final: Address) -> Stored | None:
        """Return a file that has the final name already, if it is the same; None if none has."""
        found = self.store.look(final)
        if found is None:
            return None
        sums = file.sums(self.control)
        by = found.compared(file.bytes, sums)
        if by == "size":
            same = dict(self.store.sums(final, file.bytes)) == dict(sums)
            by = "adler32" if same else None
        if by is None:
            raise ConflictError(
                f"The storage {final.host} has another file in the place of {_shown(final)}.",
                hint="Give your file another name, or ask the site to remove the other one.",
            )
        self.control.add_bytes(file.bytes)
        return Stored(sums, by, here=True)

    def _verify(self, at: Address, file: LocalFile, sums: Mapping[str, str]) -> Verified:
        found = self.store.look(at)
        if found is None:
            raise IntegrityError(
                f"The storage {at.host} says that it has stored a file, and has not.",
                hint="Try again, or choose another RSE, and tell the site.",
            )
        if found.needs(sums):
            sums = file.sums(self.control)
        by = found.compared(file.bytes, sums)
        if by is None:
            raise IntegrityError(
                f"The storage {at.host} has not stored the bytes that were sent"
                f" ({file.bytes} bytes, adler32 {sums['adler32']}; it has {found.bytes} bytes,"
                f" adler32 {found.checksums.get('adler32', 'unknown')}).",
                hint="Nothing of it was kept. Try again, or tell the site.",
            )
        return by

    def _drop(self, temporary: Address) -> None:
        """Remove what is left of an attempt; the end of the job removes what cannot be now."""
        if self.control.ending is None:
            with suppress(EscapeError):
                self.store.remove(temporary)


def _shown(final: Address) -> str:
    return final.target.rpartition("/")[2][:80]
