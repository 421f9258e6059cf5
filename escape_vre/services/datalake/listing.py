"""The first rows of a list that may be far longer than what is shown; no I/O."""

import heapq
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from escape_vre.core.order import packed_last_first
from escape_vre.services.datalake.models import Row, TypeFilter

TYPES_OF: dict[TypeFilter, tuple[TypeFilter, ...]] = {
    "all": ("container", "dataset", "file"),
    "collection": ("container", "dataset"),
}
"""What Rucio is asked for, in order, where a filter means several types."""


class FirstRows:
    """Passes on the rows of a list that come first in its order; memory does not grow with it.

    The first ``limit`` rows are passed on as they arrive. A later row that belongs before one of
    them takes its place, and is passed on at the end if it still has it then. So a reader gets at
    most twice ``limit`` rows; it sorts them (:func:`escape_vre.core.order.listed`) and keeps the
    first ``limit``.

    Parameters
    ----------
    limit : int
        Rows to show at most.
    by_type : bool
        The source yields containers, datasets, files in this order: once the limit is reached by
        one type, it is closed at the first row of the next.
    """

    def __init__(self, limit: int, *, by_type: bool) -> None:
        self._limit = limit
        self._by_type = by_type
        self._count = 0
        # Keys only, and in one block while the limit is not reached: 100,000 objects are 10 MB.
        self._passed = bytearray()
        self._heap: list[bytes] = []
        self._late: dict[bytes, Row] = {}

    def end(self) -> dict[str, Any]:
        """Return how the list ended: rows to show, and whether there are more."""
        return {"count": self._count, "truncated": bool(self._heap)}

    async def of(self, source: AsyncGenerator[Row, None]) -> AsyncGenerator[Row | None, None]:
        """Yield the rows; None where what has been yielded should not wait for the next row."""
        async with aclosing(source) as rows:
            async for row in rows:
                key = packed_last_first(row.type, row.name, row.scope)
                if self._count < self._limit:
                    self._count += 1
                    self._passed += key
                    yield row
                    continue
                if not self._heap:
                    self._make_heap()
                    yield None
                if key > self._heap[0]:
                    self._late.pop(heapq.heapreplace(self._heap, key), None)
                    self._late[key] = row
                elif self._by_type and key[0] < self._heap[0][0]:
                    break
        for row in self._late.values():
            yield row

    def _make_heap(self) -> None:
        self._heap = [key + b"\xff" for key in bytes(self._passed).split(b"\xff")[:-1]]
        self._passed.clear()
        heapq.heapify(self._heap)
