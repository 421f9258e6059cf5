"""What a storage is asked while files are put on it, whatever its protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from escape_vre.jobs.transfer.address import Address
from escape_vre.jobs.transfer.outgoing import Outgoing
from escape_vre.jobs.transfer.sink import normal

Verified = Literal["adler32", "md5", "size"]
"""What of a file at a storage was compared with the file here."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file at a storage.

    Parameters
    ----------
    bytes : int or None
        Its size.
    checksums : mapping
        Those that the storage tells: ``adler32``, ``md5``; hexadecimal.
    """

    bytes: int | None
    checksums: Mapping[str, str] = field(default_factory=dict)

    def needs(self, sums: Mapping[str, str]) -> bool:
        """Tell whether the storage tells only checksums that are not among ours."""
        return bool(self.checksums) and self.checksums.keys().isdisjoint(sums)

    def compared(self, size: int, sums: Mapping[str, str]) -> Verified | None:
        """Return by what this is the file of this size and these sums; None if it is not."""
        if self.bytes is not None and self.bytes != size:
            return None
        kinds: tuple[Verified, ...] = ("adler32", "md5")
        for kind in kinds:
            if kind in self.checksums and kind in sums:
                same = normal(kind, self.checksums[kind]) == sums[kind]
                return kind if same else None
        return "size" if self.bytes == size else None


class Store(Protocol):
    """One storage, for one worker; every call may raise the EscapeError of a refusal."""

    def look(self, at: Address) -> Found | None:
        """Return what is at an address; None if nothing is."""
        ...

    def put(self, at: Address, body: Outgoing) -> None:
        """Store a file, in place of what may be there; folders above it are made."""
        ...

    def move(self, at: Address, to: Address) -> bool:
        """Give a file another name in its folder; False if something has that name."""
        ...

    def remove(self, at: Address) -> bool:
        """Delete a file; False if there is none."""
        ...

    def sums(self, at: Address, size: int) -> Mapping[str, str]:
        """Read a file back for its checksums, where the storage does not tell them."""
        ...
