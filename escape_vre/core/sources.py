"""Millions of file sources in little memory: a dataset may have that many files."""

import marshal
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, overload

from escape_vre.core.service import FileSource

PAGE = 512
_NAMES = tuple(field.name for field in fields(FileSource))
_CHECKSUMS = _NAMES.index("checksums")


class SourceList(Sequence[FileSource]):
    """File sources that are kept compressed, in pages: about 60 bytes each instead of 800.

    Walking through it, and jumping within a page, is quick; jumping between pages costs a
    millisecond each time. May be read from several threads, each with :meth:`__iter__` of its own;
    is appended to by one.
    """

    def __init__(self) -> None:
        self._pages: list[bytes] = []
        self._last: list[FileSource] = []
        self._shown: tuple[int, list[FileSource]] = (-1, [])

    def append(self, source: FileSource) -> None:
        """Add a source at the end."""
        self._last.append(source)
        if len(self._last) == PAGE:
            self._pages.append(_packed(self._last))
            self._last = []

    def __len__(self) -> int:
        return len(self._pages) * PAGE + len(self._last)

    def __iter__(self) -> Iterator[FileSource]:
        for number in range(len(self._pages)):
            yield from _unpacked(self._pages[number])
        yield from self._last

    @overload
    def __getitem__(self, number: int) -> FileSource: ...

    @overload
    def __getitem__(self, number: slice) -> list[FileSource]: ...

    def __getitem__(self, number: int | slice) -> FileSource | list[FileSource]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        if number < 0:
            number += len(self)
        if not 0 <= number < len(self):
            raise IndexError(number)
        page, at = divmod(number, PAGE)
        if page == len(self._pages):
            return self._last[at]
        shown, sources = self._shown
        if shown != page:
            sources = _unpacked(self._pages[page])
            self._shown = (page, sources)
        return sources[at]


def _packed(sources: Sequence[FileSource]) -> bytes:
    rows = [_row(source) for source in sources]
    return zlib.compress(marshal.dumps(rows), 1)


def _row(source: FileSource) -> tuple[Any, ...]:
    values = [getattr(source, name) for name in _NAMES]
    values[_CHECKSUMS] = dict(source.checksums)
    return tuple(values)


def _unpacked(page: bytes) -> list[FileSource]:
    rows = marshal.loads(zlib.decompress(page))  # noqa: S302 — what this process has packed
    return [FileSource(*row) for row in rows]
