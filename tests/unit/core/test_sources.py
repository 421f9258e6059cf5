"""A list of file sources gives back what was put into it, and takes little memory."""

import hashlib
import tracemalloc

import pytest

from escape_vre.core.service import FileSource
from escape_vre.core.sources import PAGE, SourceList


def source(number):
    name = f"run.{number:07}.fits"
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return FileSource(
        ref=f"rucio:t:{name}",
        parts=("t", "ds", name),
        urls=(
            f"https://site.example.org:1094/data/t/{digest[:2]}/{digest[2:4]}/{name}",
            f"https://other.example.org/pnfs/t/{digest[:2]}/{digest[2:4]}/{name}",
        ),
        bytes=number or None,
        checksums={"adler32": digest[:8], "md5": digest},
        collections=("rucio:t:ds",),
    )


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
def test_it_is_a_list(count):
    made = [source(number) for number in range(count)]
    kept = SourceList()
    for one in made:
        kept.append(one)
    assert len(kept) == count
    assert list(kept) == made
    assert [kept[number] for number in range(count)] == made
    assert kept[-3:] == made[-3:]
    assert list(reversed(kept)) == made[::-1]
    for number in (count, -count - 1):
        with pytest.raises(IndexError):
            kept[number]


def test_a_million_files_take_less_than_100_mb():
    count = 40 * PAGE
    tracemalloc.start()
    try:
        kept = SourceList()
        for number in range(count):
            kept.append(source(number))
        assert len(kept) == count
        each = tracemalloc.get_traced_memory()[0] / count
    finally:
        tracemalloc.stop()
    assert each < 100
