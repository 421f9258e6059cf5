"""An RSE expression is read as Rucio reads it, and a typo has a place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.rses.expression import normal, read, word_at


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("*", ["*"]),
        ("SITE-A", ["SITE-A"]),
        ("a=1|b=2", ["a=1", "b=2"]),
        ("(a=1&b<2)\\(SITE_B|tape)", ["a=1", "b<2", "SITE_B", "tape"]),
        (" a = 1 ".replace(" = ", "=") + " &  c>3 ", ["a=1", "c>3"]),
        ("x.y-z_=v", ["x.y-z_=v"]),
    ],
)
def test_the_terms_of_an_expression(expression, terms):
    found = read(expression)
    assert [term.text for term in found] == terms
    assert [expression[term.start : term.end] for term in found] == terms


@pytest.mark.parametrize(
    ("expression", "at", "length"),
    [
        ("", 0, 1),
        ("a=1|", 3, 1),
        ("a=1||b=2", 4, 1),
        ("a=1 b=2", 4, 3),
        ("(a=1", 0, 1),
        ("a=1|((b=2)", 4, 1),
        ("a=1)|b=2", 3, 1),
        ("a==1", 1, 3),
        ("a=1.5", 3, 2),
        ("a=", 1, 1),
        ("&a", 0, 1),
        ("()", 1, 1),
        ("SITE A", 5, 1),
        ("a=1|é", 4, 1),
    ],
)
def test_a_typo_has_a_place(expression, at, length):
    with pytest.raises(UsageError) as caught:
        read(expression)
    assert (caught.value.details["at"], caught.value.details["length"]) == (at, length)
    assert f"(character {at + 1} of" in caught.value.message
    assert caught.value.hint


@given(st.text(alphabet="ab=<>1*|&\\() ", max_size=12))
def test_every_text_has_terms_or_a_place_in_it(expression):
    try:
        terms, place = read(expression), 0
    except UsageError as e:
        terms, place = [], e.details["at"]
    assert 0 <= place <= max(0, len(expression) - 1)
    if terms:
        assert [term.text for term in read(normal(expression))] == [term.text for term in terms]


@pytest.mark.parametrize(
    ("expression", "cursor", "found"),
    [
        ("", 0, (0, "")),
        ("a=1&co", 6, (4, "co")),
        ("a=1&co", 2, (0, "a=")),
        ("a=1&(", 5, (5, "")),
        ("a=1 & x", 99, (6, "x")),
    ],
)
def test_the_word_that_is_typed(expression, cursor, found):
    assert word_at(expression, cursor) == found
