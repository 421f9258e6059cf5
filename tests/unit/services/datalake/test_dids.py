"""DIDs are read as people type them, and round-trip as refs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.dids import did_in, did_ref, parse_did, read_ref


@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_a_did_round_trips_as_text(scope, name):
    scope = scope.replace(":", "") or "s"
    ref = did_ref(scope, name)
    assert read_ref(str(ref)) == ref
    assert did_in(ref) == (scope, name)
    assert {ref: 1}[read_ref(str(ref))] == 1


@pytest.mark.parametrize(
    ("text", "did"),
    [
        ("demo:m31.fits", ("demo", "m31.fits")),
        ("rucio:demo:m31.fits", ("demo", "m31.fits")),
        ("cms:/A/B/C", ("cms", "/A/B/C")),
        ("demo:a:b", ("demo", "a:b")),
        (" demo:x ", ("demo", "x")),
        ("rucio:x", ("rucio", "x")),
    ],
)
def test_a_did_is_read_as_people_type_it(text, did):
    assert did_in(parse_did(text)) == did


@pytest.mark.parametrize("text", ["", ":", "demo", "demo:", ":x", "a\0:b", "demo:a\nb"])
def test_what_is_no_did_is_refused_with_a_hint(text):
    with pytest.raises(UsageError) as caught:
        parse_did(text)
    assert "DID" in caught.value.hint


@pytest.mark.parametrize("text", ["rucio:x", "rucio:x:", "rucio::x", "doi:a:b", "demo:x:y"])
def test_what_is_no_ref_of_a_did_is_refused(text):
    with pytest.raises(UsageError):
        read_ref(text)
