"""Sizes, times and names as people read them."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escape_vre.core import text


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (4344, "4.3 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1.5e9, "1.5 GB"),
        (2e15, "2.0 PB"),
    ],
)
def test_sizes(count, shown):
    assert text.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations(seconds, shown):
    assert text.duration(seconds) == shown


EXAMPLES = json.loads((Path(__file__).parent / "text.json").read_text())


@pytest.mark.parametrize("kind", ["size", "duration", "percent"])
def test_numbers_are_written_as_in_the_panel(kind):
    # src/ui/ui.test.ts reads the same examples.
    write = getattr(text, kind)
    assert [write(value) for value, _ in EXAMPLES[kind]] == [shown for _, shown in EXAMPLES[kind]]


@pytest.mark.parametrize("width", [5, 8, 20])
def test_elided_names_keep_both_ends(width):
    name = "fermi.lightcurve.2026-02-03.fits"
    cut = text.elided(name, width)
    assert len(cut) == width
    assert name.startswith(cut.partition("…")[0])
    assert name.endswith(cut.partition("…")[2])
    assert text.elided("short", 20) == "short"


def test_numbers_of_files():
    assert [text.files(n) for n in (0, 1, 2, 12345)] == [
        "0 files",
        "1 file",
        "2 files",
        "12,345 files",
    ]


@given(st.text())
def test_what_is_printable_controls_nothing_and_stays_so(found):
    shown = text.printable(found)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert text.printable(shown) == shown
    assert "\n" not in text.sentence(found)
    if found.isprintable():
        assert shown == found


@given(st.text())
def test_json_is_exact_and_printable_ascii(found):
    line = text.json_line({"name": found})
    assert json.loads(line) == {"name": found}
    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("é ü\u00a0–", "é ü\u00a0–"),
        ("\x1b]52;c;\x07", "\\x1b]52;c;\\x07"),
        ("\x9b\u202e\u2066\ud800", "\\x9b\\u202e\\u2066\\ud800"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
    ],
)
def test_what_controls_a_terminal_is_written_out(found, shown):
    assert text.printable(found) == shown


def test_a_message_is_one_line():
    assert text.sentence(" no\r\n\tsuch\x85thing\x1b[2J ") == "no such thing\\x1b[2J"


def test_only_what_it_looks_like_may_be_inserted():
    assert text.insertable(["a", "a\nb", "a\x1b", "\u202ea", "é"]) == ["a", "é"]
