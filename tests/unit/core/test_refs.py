"""Names: refs round-trip, and no name makes a path that leads elsewhere."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.errors import UsageError
from escape_vre.core.refs import ResourceRef, distinct_parts, safe_part

HOSTILE = [
    "../../x",
    "..",
    ".",
    "a\0b",
    "/A/B/C",
    "x" * 250,
    "x" * 400 + ".fits",
    "line\nbreak",
    " lead",
    "trail ",
    "-rf",
    "%2e%2e",
    "a:b:c",
    "ü" * 200,
    "\udcff",
    "CON",
    "a\\b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_one_part_of_a_path(name, tmp_path):
    part = safe_part(name)
    assert os.sep not in part
    assert "\0" not in part
    assert part not in ("", ".", "..")
    assert len(os.fsencode(part)) <= 255
    file = tmp_path / part
    file.write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == [part]
    assert file.resolve().parent == tmp_path.resolve()


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_different_names_give_different_parts(one, other):
    assert (safe_part(one) == safe_part(other)) == (one == other)


@given(
    st.lists(st.sampled_from(["M31.fits", "m31.fits", "m31.FITS", "a", "A", "é", "É"]), unique=True)
)
def test_names_that_differ_in_case_only_do_not_collide(names):
    parts = distinct_parts(names)
    assert len({part.casefold() for part in parts.values()}) == len(names)
    assert parts == distinct_parts(reversed(names))


@pytest.mark.parametrize(
    "text", ["doi:10.5281/zenodo.1#a.csv", "ivo://x/y", "https://e.org/a?b#c", "toy:a:b", "s3:x y"]
)
def test_a_ref_of_any_scheme_round_trips(text):
    ref = ResourceRef.parse(text)
    assert str(ref) == text
    assert {ref: 1}[ResourceRef.parse(text)] == 1


@pytest.mark.parametrize("text", ["", "nonsense", "doi:", ":x", "Doi:x", "2:x", "a b:c"])
def test_what_is_no_ref_is_refused(text):
    with pytest.raises(UsageError):
        ResourceRef.parse(text)
