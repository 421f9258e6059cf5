"""The record of what is here: which file on this disk is which DID, as we wrote it.

*Here* means that a record's size and modification time still match. Records lie in the state
directory, in 256 shards of JSON lines by the hash of the ref, so that a look-up reads one small
file whatever the number of records; a collection has a file of its own with its members.
"""

import hashlib
import itertools
import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from escape_vre.core.fingerprints import Fingerprints

GONE_AT_ONCE = 10_000
"""Members whose other copies are looked up together."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file on this disk: absolute path, size in bytes, modification time in ns."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "Copy":
        """Describe a file as it is now."""
        found = path.stat()
        return cls(str(path), found.st_size, found.st_mtime_ns)

    @property
    def intact(self) -> bool:
        """Whether the file is still as recorded."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 — asked for every file of a dataset
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Collection:
    """The part of a dataset or container that is here: its folder and number of intact files."""

    directory: str
    files: int


def manifest_key(instance: str, ref: str) -> str:
    """Return what a ref is recorded under; its first two digits name the shard."""
    return hashlib.sha256(f"{instance}\n{ref}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Manifest:
    """Records of one state directory; safe to call from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._collections = folder / "collections"
        self._collections.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def copies(self, instance: str, refs: Iterable[str]) -> dict[str, list[Copy]]:
        """Return the intact copies of each ref that has one, newest first."""
        by_shard: dict[str, dict[str, str]] = {}
        for ref in refs:
            key = manifest_key(instance, ref)
            by_shard.setdefault(key[:2], {})[key] = ref
        found: dict[str, list[Copy]] = {}
        for shard, wanted in by_shard.items():
            paths: dict[str, dict[str, Copy]] = {}
            for key, copy in self._read(shard):
                if key in wanted:
                    paths.setdefault(key, {})[copy.path] = copy
            for key, candidates in paths.items():
                intact = [copy for copy in reversed(candidates.values()) if copy.intact]
                if intact:
                    found[wanted[key]] = intact
        return found

    def record(self, instance: str, ref: str, copy: Copy) -> None:
        """Remember that a file is the content of a ref."""
        key = manifest_key(instance, ref)
        line = json.dumps([key, copy.path, copy.size, copy.mtime_ns]).encode() + b"\n"
        with self._lock:
            descriptor = os.open(
                self._shard(key[:2]),
                os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC,
                0o600,
            )
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def record_collection(
        self, instance: str, ref: str, directory: Path, members: Iterable[tuple[str, Copy]]
    ) -> None:
        """Remember the files that are here of a collection, beside those known before."""
        final = self._collections / f"{manifest_key(instance, ref)}.jsonl"
        part = final.with_suffix(f".{os.getpid()}.tmp")
        seen = Fingerprints()
        with self._lock, part.open("w") as file:
            file.write(json.dumps({"ref": ref, "directory": str(directory)}) + "\n")
            for member, copy in itertools.chain(members, self._members(instance, ref)):
                if seen.add((copy.path,)):
                    line = [member, copy.path, copy.size, copy.mtime_ns]
                    file.write(json.dumps(line) + "\n")
        part.replace(final)

    def collection(self, instance: str, ref: str) -> Collection | None:
        """Return what is here of a collection; None if there never was anything.

        A member that is gone from where it was recorded counts if any other copy of it is here,
        such as one that has come with another collection.
        """
        try:
            with self._lines(instance, ref) as lines:
                directory = str(json.loads(next(lines))["directory"])
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            return None
        here = Fingerprints()  # a file may have copies in several folders
        count, gone = 0, list[str]()
        for member, copy in self._members(instance, ref):
            if copy.intact:
                count += here.add((member,))
                continue
            gone.append(member)
            if len(gone) >= GONE_AT_ONCE:
                count += sum(here.add((found,)) for found in self.copies(instance, gone))
                gone.clear()
        count += sum(here.add((found,)) for found in self.copies(instance, gone))
        return Collection(directory, count)

    def _members(self, instance: str, ref: str) -> Iterator[tuple[str, Copy]]:
        """Yield the refs and files recorded of a collection, one line of its file at a time."""
        try:
            with self._lines(instance, ref) as lines:
                next(lines, None)
                for line in lines:
                    member, *copy = json.loads(line)
                    yield str(member), Copy(*copy)
        except (OSError, ValueError, TypeError):
            return

    def _lines(self, instance: str, ref: str) -> IO[bytes]:
        return (self._collections / f"{manifest_key(instance, ref)}.jsonl").open("rb")

    def _shard(self, name: str) -> Path:
        return self._folder / f"{name}.jsonl"

    def _read(self, shard: str) -> Iterable[tuple[str, Copy]]:
        try:
            lines = self._shard(shard).read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                key, path, size, mtime_ns = json.loads(line)
            except (ValueError, TypeError):
                continue  # torn by a crash
            yield key, Copy(path, size, mtime_ns)
