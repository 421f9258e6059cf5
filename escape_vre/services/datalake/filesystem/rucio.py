"""The file system ``rucio://`` for fsspec, and so for pandas, pyarrow, uproot, astropy and dask.

>>> import pandas
>>> pandas.read_parquet("rucio://demo/cta.dl2.night-1")  # doctest: +SKIP

The agent says where a file is and lets us in; its bytes come from the storage to this process.
"""

import os
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.spec import AbstractBufferedFile
from fsspec.utils import stringify_path

from escape_vre.client import AgentClient
from escape_vre.client.get import get
from escape_vre.core.errors import BadResponseError, IntegrityError, NotFoundError, UsageError
from escape_vre.services.datalake.dids import did_in, parse_did
from escape_vre.services.datalake.filesystem.blocks import BLOCK_BYTES, Blocks
from escape_vre.services.datalake.filesystem.reader import ChangedError, NoRangesError, Reader
from escape_vre.services.datalake.reading.paths import below, joined, split

LISTINGS_KEPT_S = 60
READERS_KEPT = 32
AT_ONCE = 8
"""Ranges of one call that are read at the same time."""
PIECE_BYTES = 8 * 1024 * 1024
LARGEST_LISTING = 1_000_000


class MissingError(NotFoundError, FileNotFoundError):
    """There is no such thing; the ``FileNotFoundError`` that fsspec's callers expect."""


class ReadOnlyError(UsageError, PermissionError):
    """Files of the data lake are not written through ``rucio://``."""


class RucioFileSystem(AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """Files, datasets and containers of a data lake, to read.

    A path is ``rucio://scope/name``, or ``rucio://scope:name``. Scopes, datasets and containers
    are folders; what a dataset holds is at ``rucio://scope/dataset/name``, too. A pickle, such as
    one that dask sends to a worker, has no credentials: the worker asks the agent of its machine.

    Parameters
    ----------
    instance : str, optional
        Name of the data lake; default: the first one.
    access : sequence of str, optional
        Ways to use a file, the preferred first, of ``mounted``, ``cached``, ``streamed`` and
        ``downloaded``; default: those of the data lake.
    **options
        Those of fsspec, such as ``skip_instance_cache``.

    Raises
    ------
    MissingError
        There is no such DID; the hint names the nearest.
    EscapeError
        Every other failure, with a hint; before the first byte where there are no credentials.
    """

    protocol = "rucio"
    root_marker = ""
    cachable = True
    async_impl = False

    def __init__(
        self, instance: str | None = None, access: Sequence[str] | None = None, **options: Any
    ) -> None:
        options.setdefault("listings_expiry_time", LISTINGS_KEPT_S)
        super().__init__(**options)
        self.instance = instance
        self._access = None if access is None else list(access)
        self._readers: OrderedDict[str, Reader | Path] = OrderedDict()
        self._indexes: dict[str, tuple[list[Any], dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._lock_of = os.getpid()

    # ── names ───────────────────────────────────────────────────────────────────────────────

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """Return ``scope/name`` for a path in any of its forms."""
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        text = stringify_path(path).removeprefix("rucio://").removeprefix("rucio:")
        scope, name = split(text.removesuffix("/"))
        return joined(scope, name) if name else scope

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """List scopes, what is in a scope, or what a dataset or container holds."""
        path = self._strip_protocol(path)
        refresh = kwargs.get("refresh", False)
        found = None if refresh else self.dircache.get(path)
        if found is None:
            with _as_file_errors(path):
                found = list(self._entries(path))
            self.dircache[path] = found
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Return name, size and type of one path, and what the catalogue says beside."""
        del kwargs
        path = self._strip_protocol(path)
        if not path:
            return _entry("", {"type": "scope"})
        listed = self._listed(path)
        if listed is not None and listed["size"] is not None:
            return dict(listed)
        with _as_file_errors(path):
            found = AgentClient().get("/datalake/path", at=path, instance=self.instance)
        return _entry(path, found)

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Tell whether a path exists; what stops us from knowing is an error."""
        try:
            self.info(path, **kwargs)
        except FileNotFoundError:
            return False
        return True

    def isfile(self, path: str) -> bool:
        """Tell whether a path is a file."""
        return self._is(path, "file")

    def isdir(self, path: str) -> bool:
        """Tell whether a path is a scope, dataset or container."""
        return self._is(path, "directory")

    def _is(self, path: str, type: str) -> bool:
        try:
            return bool(self.info(path)["type"] == type)
        except FileNotFoundError:
            return False

    def _listed(self, path: str) -> dict[str, Any] | None:
        """Return what a list of the folder above has said of a path, in the last minute."""
        above = self._parent(path)
        listed = self.dircache.get(above)
        if listed is None:
            return None
        known, by_name = self._indexes.get(above, (None, {}))
        if known is not listed:
            by_name = {entry["name"]: entry for entry in listed}
            self._indexes[above] = listed, by_name
        return by_name.get(path)

    def _entries(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield what is directly below a path; for a file, the file."""
        agent = AgentClient()
        if not path:
            for scope in agent.get("/datalake/scopes", instance=self.instance)["scopes"]:
                yield _entry(scope, {"type": "scope"})
            return
        above = self.info(path)
        if above["type"] == "file":
            yield above
            return
        query: dict[str, Any] = {"instance": self.instance, "limit": LARGEST_LISTING}
        if above["did_type"] == "scope":
            rows = agent.stream("/datalake/dids", scope=path, **query)
            holder = path
        else:
            rows = agent.stream("/datalake/contents", ref=above["ref"], **query)
            holder = did_in(parse_did(above["ref"]))[0]
        for row in rows:
            if "end" in row:
                _check_end(row["end"], path)
                return
            yield _entry(below(path, holder, (row["scope"], row["name"])), row)

    # ── bytes ───────────────────────────────────────────────────────────────────────────────

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        cache_options: Mapping[str, Any] | None = None,
        cache_type: str = Blocks.name,
        **kwargs: Any,
    ) -> Any:
        """Open a file: one of this machine itself, else one that is read where it is."""
        if mode != "rb":
            raise _read_only()
        reader = self._reader(path, anew=True)
        if isinstance(reader, Path):
            return reader.open("rb")
        return RucioFile(
            self,
            path,
            reader,
            block_size=block_size or BLOCK_BYTES,
            cache_type=cache_type,
            cache_options=cache_options,
            size=reader.size,
            **{name: value for name, value in kwargs.items() if name in ("autocommit",)},
        )

    def cat_file(
        self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any
    ) -> bytes:
        """Return the bytes of a file, or of a part of it; negative numbers count from its end."""
        del kwargs
        path = self._strip_protocol(path)
        reader = self._reader(path)
        if isinstance(reader, Path):
            with reader.open("rb") as file:
                begin, stop = _range(start, end, os.fstat(file.fileno()).st_size)
                file.seek(begin)
                return file.read(max(0, stop - begin))
        return self._read(path, reader, *_range(start, end, reader.size))

    def cat_ranges(
        self,
        paths: Sequence[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        """Return several parts of files, read at the same time."""
        del max_gap, kwargs
        count = len(paths)
        begins = starts if isinstance(starts, Sequence) else [starts] * count
        stops = ends if isinstance(ends, Sequence) else [ends] * count

        def one(path: str, start: int | None, end: int | None) -> Any:
            try:
                return self.cat_file(path, start, end)
            except Exception as e:
                if on_error != "return":
                    raise
                return e

        with ThreadPoolExecutor(min(AT_ONCE, max(1, count))) as threads:
            return list(threads.map(one, paths, begins, stops))

    def get_file(
        self,
        rpath: str,
        lpath: Any,
        callback: Any = DEFAULT_CALLBACK,
        outfile: Any = None,
        **kwargs: Any,
    ) -> None:
        """Copy a file to a path of this machine, compared with the catalogue's checksum."""
        del kwargs
        rpath = self._strip_protocol(rpath)
        found = self.info(rpath)
        if found["type"] == "directory":
            os.makedirs(lpath, exist_ok=True)  # noqa: PTH103 — any path-like
            return
        if outfile is not None:
            self._copy(rpath, found, outfile, callback)
            return
        target = Path(stringify_path(lpath))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name[:200]}.part")
        try:
            with part.open("wb") as file:
                self._copy(rpath, found, file, callback)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, path: str, found: Mapping[str, Any], file: Any, callback: Any) -> None:
        adler, done = 1, 0
        with self.open(path, "rb", cache_type="none") as source:
            callback.set_size(found["size"])
            while data := source.read(PIECE_BYTES):
                adler = zlib.adler32(data, adler)
                file.write(data)
                done += len(data)
                callback.relative_update(len(data))
        wanted = found.get("adler32")
        if wanted and f"{adler:08x}" != wanted:
            raise IntegrityError(
                f"The bytes of {path} are not those of the catalogue: Adler-32 {adler:08x}, not"
                f" {wanted}.",
                hint="Get the file with %dl get, which tries every replica.",
            )

    def _read(self, path: str, reader: Reader, start: int, end: int) -> bytes:
        try:
            return reader.read(start, end)
        except NoRangesError:
            if not reader.may_download:
                raise
            with self._downloaded(path).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except ChangedError:
            self._forget(path, reader)  # who opens it again reads it as it is now
            raise

    def _reader(self, path: str, *, anew: bool = False) -> Reader | Path:
        """Return what reads a file: a path of this machine, or a reader of its replicas."""
        with self._guard():
            found = None if anew else self._readers.get(path)
            if found is not None:
                self._readers.move_to_end(path)
        if found is None or (isinstance(found, Path) and not found.is_file()):
            found = self._ask(path)
            with self._guard():
                self._readers[path] = found
                while len(self._readers) > READERS_KEPT:
                    self._readers.popitem(last=False)
        return found

    def _ask(self, path: str) -> Reader | Path:
        listed = self._listed(path)
        asked = joined(*did_in(parse_did(listed["ref"]))) if listed else path

        def ask(refused: str | None) -> dict[str, Any]:
            with _as_file_errors(path):
                answer: dict[str, Any] = AgentClient().post(
                    "/datalake/sources",
                    {
                        "path": asked,
                        "instance": self.instance,
                        "access": self._access,
                        "refused": refused,
                    },
                    repeatable=True,
                )
            return answer

        answer = ask(None)
        if answer["path"]:
            return Path(answer["path"])
        if answer["download"] == "first":
            return self._downloaded(path)
        try:
            return Reader(ask, answer)
        except NoRangesError:
            if answer["download"] == "never":
                raise
            return self._downloaded(path)

    def _downloaded(self, path: str) -> Path:
        """Get a whole file, where no part of it can be read; returns where it is."""
        ref = self.info(path)["ref"]
        found = get(ref, instance=self.instance, progress=False)[0]
        with self._guard():
            self._readers[path] = found
        return found

    def _forget(self, path: str, reader: Reader) -> None:
        with self._guard():
            if self._readers.get(path) is reader:
                del self._readers[path]

    def _guard(self) -> threading.Lock:
        """Return the lock; another one in a fork, whose parent may have held the first."""
        if self._lock_of != os.getpid():
            self._lock, self._lock_of = threading.Lock(), os.getpid()
        return self._lock

    # ── what it does not do ─────────────────────────────────────────────────────────────────

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        """Raise ReadOnlyError: ``rucio://`` reads only."""
        del args, kwargs
        raise _read_only()

    mkdir = makedirs = rmdir = rm = rm_file = _rm = cp_file = mv = touch = _refuse
    put = put_file = pipe = pipe_file = _refuse


class RucioFile(AbstractBufferedFile):  # type: ignore[misc] # fsspec has no types
    """A file of the data lake, opened to read; not to be shared by threads."""

    def __init__(self, fs: RucioFileSystem, path: str, reader: Reader, **options: Any) -> None:
        self._reader = reader
        super().__init__(fs, path, "rb", **options)

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs._read(self.path, self._reader, start, end)  # type: ignore[no-any-return] # noqa: SLF001


@contextmanager
def _as_file_errors(path: str) -> Iterator[None]:
    """Turn what is not there into a FileNotFoundError."""
    try:
        yield
    except NotFoundError as e:
        raise MissingError(e.message, hint=e.hint, details={**e.details, "path": path}) from e


def _entry(path: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the agent's as fsspec describes a file or folder."""
    is_file = row["type"] == "file"
    kept = {name: row[name] for name in ("ref", "adler32", "md5") if row.get(name)}
    return {
        "name": path,
        "size": row.get("bytes") if is_file else 0,
        "type": "file" if is_file else "directory",
        "did_type": row["type"],
        **kept,
    }


def _check_end(end: Mapping[str, Any], path: str) -> None:
    """Raise where a list lacks something: who reads all files of it must not miss one."""
    if end.get("truncated") or end.get("skipped"):
        raise BadResponseError(
            f"The list of {path} is incomplete.",
            hint="Narrow it, or see with %dl ls what is wrong with it.",
        )


def _range(start: int | None, end: int | None, size: int) -> tuple[int, int]:
    """Return the part of a file that ``start`` and ``end`` mean, as in a slice."""
    begin, stop, _ = slice(start, end).indices(size)
    return begin, stop


def _read_only() -> ReadOnlyError:
    return ReadOnlyError(
        "rucio:// reads the data lake and cannot change it.",
        hint="Upload files with %dl put.",
    )
