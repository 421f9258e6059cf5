"""What is kept of a file in memory, and how much is asked for."""

import random

import pytest

from escape_vre.services.datalake.filesystem.blocks import BLOCK_BYTES, Blocks

BODY = random.Random(3).randbytes(3_000_000)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def make(asked):
    def blocks(**options):
        def fetch(start, end):
            asked.append((start, end))
            return BODY[start:end]

        return Blocks(BLOCK_BYTES, fetch, len(BODY), **options)

    return blocks


def test_a_large_read_brings_itself_only(make, asked):
    found = make()
    for start in (1_000_000, 2_000_000, 64_000):
        assert found._fetch(start, start + 65_536) == BODY[start : start + 65_536]
    assert asked == [(n, n + 65_536) for n in (1_000_000, 2_000_000, 64_000)]
    found._fetch(1_000_100, 1_000_200)
    assert len(asked) == 3


def test_a_small_read_brings_its_block(make, asked):
    found = make()
    for start in (BLOCK_BYTES + 10, BLOCK_BYTES + 5000, BLOCK_BYTES + 200):
        assert found._fetch(start, start + 100) == BODY[start : start + 100]
    assert asked == [(BLOCK_BYTES, 2 * BLOCK_BYTES)]


def test_who_reads_on_is_read_ahead_for(make, asked):
    found = make()
    step = 10_000
    assert b"".join(found._fetch(n, n + step) for n in range(0, 3_000_000, step)) == BODY
    assert len(asked) < 8
    assert sum(end - start for start, end in asked) == len(BODY)


@pytest.mark.parametrize("memory", [300_000, 1_000_000, 10**8])
def test_any_order_of_reads_gives_the_bytes(make, asked, memory):
    found = make(memory=memory)
    order = random.Random(memory)
    at = 0
    for _ in range(2000):
        at = order.choice([at, order.randrange(len(BODY))])
        end = min(at + order.choice([1, 100, 40_000, 400_000]), len(BODY))
        assert found._fetch(at, end) == BODY[at:end]
        at = end if end < len(BODY) else 0
        assert sum(map(len, found._pieces.values())) <= memory
        assert found._starts == sorted(found._pieces)
    assert found._fetch(5, None) == BODY[5:]
    assert found._fetch(len(BODY), len(BODY) + 5) == b""
