"""What is kept of a file in memory while it is read.

Files are read in two ways. Readers of tables know which columns they want: they ask for large
pieces all over the file, and anything more would be wasted. Readers of headers and directories ask
for a few bytes, and again for a few bytes beside them. So a small read brings the block around it,
a large one itself only, and one that goes on where the last has ended more and more ahead.
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable
from typing import ClassVar

from fsspec.caching import BaseCache, register_cache

BLOCK_BYTES = 256 * 1024
SMALL_BYTES = 32 * 1024
"""A read of fewer bytes brings a whole block."""
AHEAD_BYTES = 8 * 1024 * 1024
"""Most that is read ahead."""
MEMORY_BYTES = 32 * 1024 * 1024


class Blocks(BaseCache):  # type: ignore[misc] # fsspec has no types
    """Pieces of one file, the least recently used dropped first; fsspec's ``adaptive`` cache.

    Parameters
    ----------
    memory : int
        Most that is kept, bytes.
    """

    name: ClassVar[str] = "adaptive"

    def __init__(
        self,
        blocksize: int,
        fetcher: Callable[[int, int], bytes],
        size: int,
        memory: int = MEMORY_BYTES,
    ) -> None:
        super().__init__(blocksize, fetcher, size)
        self._memory = memory
        self._starts: list[int] = []
        self._pieces: OrderedDict[int, bytes] = OrderedDict()
        self._kept = 0
        self._next = -1
        self._ahead = 0

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        at, stop = start or 0, self.size if stop is None else min(stop, self.size)
        if at >= stop:
            return b""
        self._ahead = min(max(2 * self._ahead, self.blocksize), AHEAD_BYTES) * (at == self._next)
        self._next = stop
        small = stop - at < SMALL_BYTES
        found = []
        while at < stop:
            begin, data = self._holding(at) or self._bring(at, stop, small=small)
            found.append(data[at - begin : stop - begin])
            at = begin + len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def _holding(self, at: int) -> tuple[int, bytes] | None:
        """Return the piece that holds a byte, with its place in the file."""
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return None
        begin = self._starts[index]
        data = self._pieces[begin]
        if at >= begin + len(data):
            return None
        self._pieces.move_to_end(begin)
        self.hit_count += 1
        return begin, data

    def _bring(self, at: int, stop: int, *, small: bool) -> tuple[int, bytes]:
        """Read a piece that is not kept: no further than to the next one that is."""
        begin, end = at, stop + self._ahead
        if small and not self._ahead:
            begin = at // self.blocksize * self.blocksize
            end = max(stop, begin + self.blocksize)
        index = bisect_right(self._starts, at)
        if index:
            before = self._starts[index - 1]
            begin = max(begin, before + len(self._pieces[before]))
        if index < len(self._starts):
            end = min(end, self._starts[index])
        data = self.fetcher(begin, min(end, self.size))
        self.miss_count += 1
        self.total_requested_bytes += len(data)
        self._keep(begin, data)
        return begin, data

    def _keep(self, begin: int, data: bytes) -> None:
        if len(data) > self._memory // 2:
            return  # it would push out everything else
        insort(self._starts, begin)
        self._pieces[begin] = data
        self._kept += len(data)
        while self._kept > self._memory:
            oldest, dropped = self._pieces.popitem(last=False)
            self._starts.remove(oldest)
            self._kept -= len(dropped)


register_cache(Blocks, clobber=True)
