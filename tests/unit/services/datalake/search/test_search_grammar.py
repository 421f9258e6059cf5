"""What users type to search; the panel reads the same examples (src/datalake/search)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.search import grammar

EXAMPLES = json.loads((Path(__file__).parent / "grammar.json").read_text())


@pytest.mark.parametrize(("text", "scope", "pattern", "groups"), EXAMPLES["parsed"])
def test_searches_are_understood(text, scope, pattern, groups):
    found = grammar.parse(text)
    assert (found.scope, found.pattern) == (scope, pattern)
    assert [
        [[one.key, one.operator, one.value] for one in group] for group in found.groups
    ] == groups
    assert grammar.has_conditions(text) == bool(groups)


@pytest.mark.parametrize(("text", "at", "length"), EXAMPLES["mistakes"])
def test_a_mistake_says_where_it_is_and_what_was_expected(text, at, length):
    with pytest.raises(UsageError) as caught:
        grammar.parse(text)
    assert (caught.value.details["at"], caught.value.details["length"]) == (at, length)
    assert caught.value.details["expected"] in caught.value.hint or at == 0


@pytest.mark.parametrize(("value", "written"), EXAMPLES["quoted"])
def test_values_are_quoted_where_necessary(value, written):
    assert grammar.quoted(value) == written


@given(key=st.text(min_size=1), value=st.text())
def test_what_is_quoted_is_read_as_it_was(key, value):
    text = f'demo:* "{_escaped(key)}"="{_escaped(value)}"'
    if len(text) > grammar.LONGEST:
        return
    ((one,),) = grammar.parse(text).groups
    assert (one.key, one.value) == (key, value)


@given(st.text(alphabet='ab :=!<>"*() \\', max_size=40))
def test_any_text_is_a_search_or_a_mistake(text):
    hints = []
    try:
        grammar.parse(text)
    except UsageError as e:
        hints.append(e.hint)
    assert all(hints)


def test_a_search_has_limits():
    for text in ("demo:* " + "a=1 " * 33, "demo:* a=" + "x" * grammar.LONGEST):
        with pytest.raises(UsageError, match=r"too long|Too many"):
            grammar.parse(text)


def _escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')
