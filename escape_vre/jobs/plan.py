"""From the files that a service names to the paths they go to, and what came of each.

A job may have millions of files, and the agent little memory. So its files are rows of a private,
temporary SQLite database.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import (
    EscapeError,
    NotFoundError,
    QuotaError,
)
from escape_vre.core.refs import distinct_parts, safe_part
from escape_vre.core.service import FileSource, InPlace
from escape_vre.jobs.kinds.get_request import GetRequest
from escape_vre.jobs.manifest import Copy, Manifest, manifest_key
from escape_vre.jobs.models import ErrorInfo, JobFile
from escape_vre.jobs.plan_database import PlanDatabase, raw, text_of
from escape_vre.jobs.transfer.batch import Errand
from escape_vre.jobs.transfer.in_place import found_in_place
from escape_vre.jobs.transfer.place import device_of, part_bytes

KEPT_COPIES = 4
SAID = 20
"""Files whose errors a job's own error names."""

Check = Callable[[], None]


class Plan:
    """The files of one get job; called from any thread.

    Parameters
    ----------
    request : GetRequest
        Says where they go.
    """

    def __init__(self, request: GetRequest) -> None:
        self._request = request
        self._base = Path(request.destination)
        self._db = PlanDatabase()
        self._folders: dict[tuple[str, ...], int] = {(): 0}
        self._parts: list[tuple[str, ...]] = [()]
        self._paths: dict[int, Path] = {}
        self._collections: dict[tuple[str, ...], int] = {}
        self.count = 0
        self.bytes: int | None = 0
        self.skipped = 0
        """Rows of the catalogue that made no sense; each may have been a file."""

    def close(self) -> None:
        """Forget everything; a reader gets a ConflictError from then on."""
        self._db.close()

    # ── making it ───────────────────────────────────────────────────────────────────────────

    def add(self, sources: Sequence[FileSource]) -> None:
        """Take in some files; one that is named again for the same place counts once."""
        with self._db.transaction():
            for source in sources:
                if self._add(source):
                    self.count += 1
                    known = self.bytes is not None and source.bytes is not None
                    self.bytes = (self.bytes or 0) + (source.bytes or 0) if known else None

    def _add(self, source: FileSource) -> bool:
        parts = source.parts
        number = self._collections.setdefault(source.collections, len(self._collections))
        shard = manifest_key(self._request.instance, source.ref)[:2]
        why = json.dumps([source.obstacle, source.way_out]) if source.obstacle else None
        mounted = [[place.path, place.root] for place in source.in_place]
        row = (
            shard,
            raw(source.ref),
            json.dumps(source.urls),
            source.bytes,
            _sums(source),
            number,
            why,
            json.dumps(mounted) if mounted else None,
        )
        return self._insert(self._folder(parts[:-1]), parts[-1], 1, row)

    def _folder(self, parts: tuple[str, ...]) -> int:
        """Return the number of a folder by the raw names that lead to it."""
        if parts not in self._folders:
            self._insert(self._folder(parts[:-1]), parts[-1], 0, (None,) * 8)
            self._folders[parts] = len(self._folders)
            self._parts.append(parts)
        return self._folders[parts]

    def _insert(self, folder: int, name: str, is_file: int, row: tuple[Any, ...]) -> bool:
        part = safe_part(name)
        done = self._db.execute(
            "INSERT OR IGNORE INTO file (folder, name, part, folded, is_file, shard, ref, urls,"
            " bytes, sums, collections, why, mounted) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (folder, raw(name), part, part.casefold(), is_file, *row),
        )
        return bool(done.rowcount)

    def resolve(self, manifest: Manifest, *, reserve: int, check: Check) -> None:
        """Give every file its path, find what is here, and check that the disk has room.

        Parameters
        ----------
        reserve : int
            Bytes that must stay free.
        check : callable
            Called now and then; raises when the job is to stop.

        Raises
        ------
        NotFoundError
            There is no file to fetch.
        QuotaError
            The disk has too little room.
        """
        if not self.count:
            raise self._nothing()
        self._make_distinct()
        check()
        self._find_known(manifest, check)
        self._check_room(reserve, check)

    def _make_distinct(self) -> None:
        """Give names that a file system may take for one another parts of their own."""
        same = self._db.all(
            "SELECT folder, folded FROM file GROUP BY folder, folded HAVING COUNT(*) > 1"
        )
        for folder, folded in same:
            names = self._db.all(
                "SELECT name FROM file WHERE folder = ? AND folded = ?", (folder, folded)
            )
            stored = {text_of(name): name for (name,) in names}
            for name, part in distinct_parts(stored).items():
                self._db.execute(
                    "UPDATE file SET part = ? WHERE folder = ? AND name = ?",
                    (part, folder, stored[name]),
                )

    def _find_known(self, manifest: Manifest, check: Check) -> None:
        """Note the copies of this disk, one shard of the manifest after another."""
        for (shard,) in self._db.all("SELECT DISTINCT shard FROM file WHERE is_file = 1"):
            check()
            rows = self._db.all(
                "SELECT n, ref, folder, part FROM file WHERE is_file = 1 AND shard = ?", (shard,)
            )
            refs = {text_of(ref) for _, ref, _, _ in rows}
            copies = manifest.copies(self._request.instance, refs)
            with self._db.transaction():
                for n, ref, folder, part in rows:
                    if found := copies.get(text_of(ref)):
                        final = str(self._path(folder) / part)
                        found = sorted(found, key=lambda copy: copy.path != final)[:KEPT_COPIES]
                        known = json.dumps([[c.path, c.size, c.mtime_ns] for c in found])
                        self._db.execute("UPDATE file SET known = ? WHERE n = ?", (known, n))

    def _check_room(self, reserve: int, check: Check) -> None:
        disk = shutil.disk_usage(device_of(self._base))
        if disk.total == 0:
            return  # a file system that does not count, such as some FUSE mounts
        free = disk.free - reserve
        ((most,),) = self._db.all("SELECT SUM(bytes) FROM file WHERE is_file = 1")
        if (most or 0) <= free:
            return
        needed = 0
        for errand in self.errands():
            check()
            if _is_missing(errand):
                needed += (errand.source.bytes or 0) - part_bytes(errand.final)
        if needed > free:
            raise QuotaError(
                f"Not enough space in {self._base}: {text.size(needed)} needed,"
                f" {text.size(max(free, 0))} free.",
                hint="Free some space, or get the data to another folder.",
            )

    def _nothing(self) -> NotFoundError:
        title = self._request.title
        wanted = ", ".join(self._request.files)
        said = f"No file in {title} matches {wanted}." if wanted else f"{title} has no files."
        return NotFoundError(
            f"{said} {text.skipped(self.skipped)}".rstrip(), hint="List its contents."
        )

    # ── reading it ──────────────────────────────────────────────────────────────────────────

    @property
    def path(self) -> Path:
        """Where it all goes, or is: the only file, or the folder that holds all."""
        used = [
            json.loads(copy)[0]
            for (copy,) in self._db.all("SELECT arrived FROM file WHERE in_place = 1")
        ]
        if self.count == 1:
            return Path(used[0]) if used else next(self.errands()).final
        folders = self._db.all(
            "SELECT DISTINCT folder FROM file WHERE is_file = 1 AND in_place IS NULL"
        )
        paths = [self._path(folder) for (folder,) in folders]
        return Path(os.path.commonpath([*paths, *{Path(path).parent for path in used}]))

    def errands(self) -> Iterator[Errand]:
        """Yield the files to bring, in the order of the catalogue."""
        collections = list(self._collections)
        columns = "n, ref, folder, part, urls, bytes, sums, collections, why, mounted, known"
        for row in self._db.rows(columns):
            n, ref, folder, part, urls, size, sums, number, why, mounted, known = row
            obstacle, way_out = json.loads(why) if why else ("", "")
            source = FileSource(
                ref=text_of(ref),
                parts=(),
                urls=tuple(json.loads(urls)),
                bytes=size,
                checksums=json.loads(sums),
                collections=collections[number],
                in_place=tuple(InPlace(*place) for place in json.loads(mounted or "[]")),
                obstacle=obstacle,
                way_out=way_out,
            )
            copies = [Copy(*fields) for fields in json.loads(known)] if known else []
            yield Errand(source, self._path(folder) / part, copies, number=n)

    def files(self) -> Iterator[JobFile]:
        """Yield the files with what came of them, in the order of the catalogue."""
        for ref, folder, part, size, arrived, problem in self._db.rows(
            "n, ref, folder, part, bytes, arrived, problem", skip=1
        ):
            yield JobFile(
                ref=text_of(ref),
                path=json.loads(arrived)[0] if arrived else str(self._path(folder) / part),
                bytes=size,
                state="here" if arrived else "missing",
                problem=None if arrived or not problem else ErrorInfo(**json.loads(problem)),
            )

    def collections(self) -> Iterator[tuple[str, list[int]]]:
        """Yield each collection, and the numbers that its files have in :meth:`members`."""
        by_ref: dict[str, list[int]] = {}
        for number, refs in enumerate(list(self._collections)):
            for ref in refs:
                by_ref.setdefault(ref, []).append(number)
        yield from by_ref.items()

    def members(self, numbers: Sequence[int]) -> Iterator[tuple[str, Copy]]:
        """Yield the files of a collection that are here, each with its ref."""
        wanted = ", ".join(str(number) for number in numbers)
        for ref, arrived in self._db.rows(
            "n, ref, arrived", skip=1, where=f"collections IN ({wanted}) AND arrived IS NOT NULL"
        ):
            yield text_of(ref), Copy(*json.loads(arrived))

    def folders(self) -> list[Path]:
        """Return the folders that a file has come to."""
        found = self._db.all(
            "SELECT DISTINCT folder FROM file WHERE arrived IS NOT NULL AND in_place IS NULL"
        )
        return [self._path(folder) for (folder,) in found]

    # ── what came of it ─────────────────────────────────────────────────────────────────────

    def arrived(self, errand: Errand, copy: Copy, *, in_place: bool = False) -> None:
        """Note that a file is under its final name, or in place on a mounted storage."""
        fields = json.dumps([copy.path, copy.size, copy.mtime_ns])
        self._db.execute(
            "UPDATE file SET arrived = ?, in_place = ? WHERE n = ?",
            (fields, 1 if in_place else None, errand.number),
        )

    def failed(self, errand: Errand, error: EscapeError) -> None:
        """Note that a file could not be fetched."""
        self._db.execute(
            "UPDATE file SET problem = ? WHERE n = ?",
            (json.dumps(error.as_dict()), errand.number),
        )

    def error(self, stopped_by: EscapeError | None) -> EscapeError | None:
        """Make one error of those of many files; None when all are here."""
        ((missing,),) = self._db.all(
            "SELECT COUNT(*) FROM file WHERE is_file = 1 AND arrived IS NULL"
        )
        if not missing:
            return None
        named = [
            (str(self._path(folder) / part), json.loads(problem))
            for folder, part, problem in self._db.all(
                "SELECT folder, part, problem FROM file"
                " WHERE problem IS NOT NULL AND arrived IS NULL ORDER BY n LIMIT ?",
                (SAID,),
            )
        ]
        first = stopped_by or (EscapeError.from_dict(named[0][1]) if named else None)
        if first is None:
            return EscapeError(
                f"{missing} of {self.count} files did not arrive.", hint="Try again."
            )
        if self.count == 1 or first.worth_waiting:
            return first
        return type(first)(
            f"{missing:,} of {self.count:,} files could not be fetched. {first.message}",
            hint=f"{first.hint} The files that arrived are kept; try again for the rest.".strip(),
            details={"files": [{"path": path, "error": problem} for path, problem in named]},
        )

    # ── paths ───────────────────────────────────────────────────────────────────────────────

    def _path(self, folder: int) -> Path:
        """Return the path of a folder; its names are safe and distinct by now."""
        if folder not in self._paths:
            parts = self._parts[folder]
            if not parts:
                self._paths[folder] = self._base
            else:
                above = self._folders[parts[:-1]]
                ((part,),) = self._db.all(
                    "SELECT part FROM file WHERE folder = ? AND name = ?", (above, raw(parts[-1]))
                )
                self._paths[folder] = self._path(above) / part
        return self._paths[folder]


def _sums(source: FileSource) -> str:
    return json.dumps(dict(source.checksums))


def _is_missing(errand: Errand) -> bool:
    if not errand.source.bytes or found_in_place(errand.source)[0] is not None:
        return False
    return all(copy.path != str(errand.final) for copy in errand.known)
