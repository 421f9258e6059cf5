"""The rows of a plan: on this machine's disk, outside the home folder, gone when it is closed."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from escape_vre.core.errors import ConflictError, EscapeError, QuotaError

CHUNK = 500
CACHE_KIB = 4096

_TABLES = """
CREATE TABLE file (
    n INTEGER PRIMARY KEY, folder INTEGER, name BLOB, part TEXT, folded TEXT, is_file INTEGER,
    shard TEXT, ref BLOB, urls TEXT, bytes INTEGER, sums TEXT, collections INTEGER, why TEXT,
    mounted TEXT, known TEXT, arrived TEXT, in_place INTEGER, problem TEXT, UNIQUE (folder, name)
);
CREATE INDEX by_shard ON file (shard) WHERE is_file = 1;
"""


class PlanDatabase:
    """A private, temporary database with one table, ``file``; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = True
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Forget everything; a reader gets a ConflictError from then on."""
        if not self._open:
            return
        self._open = False
        self._db.interrupt()  # a thread may be sorting a million names
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do several statements as one, while no other thread does any."""
        with self._lock:
            self.execute("BEGIN")
            yield
            self.execute("COMMIT")

    def rows(
        self, columns: str, *, skip: int = 0, where: str = "is_file = 1"
    ) -> Iterator[tuple[Any, ...]]:
        """Yield rows in the order of the catalogue, some hundreds at a time."""
        last = 0
        while rows := self.all(
            f"SELECT {columns} FROM file WHERE n > ? AND {where} ORDER BY n LIMIT {CHUNK}",  # noqa: S608 — our own words
            (last,),
        ):
            last = rows[-1][0]
            for row in rows:
                yield row[skip:]

    def all(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock:
            try:
                return self.execute(query, values).fetchall()
            except sqlite3.OperationalError as e:
                raise self._error(e) from e

    def execute(self, query: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Do a statement; raises ConflictError when closed, QuotaError on a full disk."""
        with self._lock:
            if not self._open:
                raise ConflictError("The job has just ended.", hint="Ask again.")
            try:
                return self._db.execute(query, values)
            except sqlite3.OperationalError as e:
                raise self._error(e) from e

    def _error(self, error: sqlite3.OperationalError) -> EscapeError:
        if not self._open:
            return ConflictError("The job has just ended.", hint="Ask again.")
        return QuotaError(
            f"The list of files cannot be kept on this machine's disk: {error}.",
            hint="Free some space in the folder for temporary files (TMPDIR).",
        )


def raw(name: str) -> bytes:
    """Return a name as it is kept: a catalogue may give what is no Unicode."""
    return name.encode("utf-8", "surrogatepass")


def text_of(name: bytes) -> str:
    """Return a name as the catalogue gave it."""
    return name.decode("utf-8", "surrogatepass")
