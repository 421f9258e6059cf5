"""The order of a listing."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.order import listed, natural, packed_last_first


def shuffled(found):
    return random.Random(1).sample(found, len(found))


@pytest.mark.parametrize(
    "names",
    [
        ["file2", "file10"],
        ["file1", "file01a", "file1b", "file2"],
        ["a", "A", "á", "b", "B"],
        ["a b", "a_b", "a-b", "a.b", "a/b", "a1", "aa"],
        ["run", "run 1", "run9.csv", "run10.csv", "running"],
        ["1", "9", "12345678901234567890", "1" + "0" * 50, "1" + "0" * 60, "x"],
    ],
)
def test_names_in_natural_order(names):
    # The same orders as Intl.Collator('en', {numeric: true}) gives in a browser.
    assert sorted(shuffled(names), key=natural) == names


def test_types_come_before_names():
    rows = [("container", "z"), ("dataset", "b2"), ("dataset", "b10"), ("file", "a")]
    assert sorted(shuffled(rows), key=lambda row: listed(*row)) == rows


rows = st.tuples(st.sampled_from(["container", "dataset", "file"]), st.text(), st.text())


@given(rows, rows)
def test_a_packed_key_gives_the_opposite_order(one, other):
    clean = [
        tuple(part.replace("\0", "").replace("\1", "") for part in row) for row in (one, other)
    ]
    plain = [listed(*row) for row in clean]
    packed = [packed_last_first(*row) for row in clean]
    assert (plain[0] < plain[1]) == (packed[0] > packed[1])
    assert all(key.index(b"\xff") == len(key) - 1 for key in packed)
