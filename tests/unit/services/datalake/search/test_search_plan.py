"""How a search is asked of Rucio, and what is checked here."""

import pytest

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.search import plan
from escape_vre.services.datalake.search.matches import matches
from escape_vre.services.datalake.search.service import understood
from escape_vre.services.datalake.search.values import TYPES

ALL = frozenset(TYPES)


def asked(text, **how):
    return [
        (ask.plugin, list(ask.groups), [test.shown for test in ask.rest])
        for ask in plan.asks(understood(text, None), ALL, **how)
    ]


@pytest.mark.parametrize(
    ("conditions", "plugin", "groups", "rest"),
    [
        ("bytes>1kB", "columns", [{"bytes.gt": 1000}], []),
        ("size>=2KiB", "columns", [{"bytes.gte": 2048}], []),
        ("size<1.5MB", "columns", [{"bytes.lt": 1500000}], []),
        ("instrument=LAT", "json", [{"instrument": "LAT"}], []),
        ("instrument=L*", "json", [{"instrument": "L*"}], []),
        ("energy>7.5", "json", [{"energy.gt": 7.5}], []),
        ("file_size>1GB", "json", [{"file_size.gt": 1000000000}], []),
        ("ok=true", "json", [{"ok": True}], []),
        ("ok=*", "json", [{"ok": "**"}], []),
        (
            "created=2026-01-31",
            "columns",
            [{"created_at.gte": "2026-01-31T00:00:00", "created_at.lt": "2026-02-01T00:00:00"}],
            [],
        ),
        ("created>2026", "columns", [{"created_at.gte": "2027-01-01T00:00:00"}], []),
        ("created<=2026-12", "columns", [{"created_at.lt": "2027-01-01T00:00:00"}], []),
        ("obs<2026-02-01", "json", [{"obs.gte": "0000", "obs.lt": "2026-02-01"}], []),
        (
            "obs>=2026-01-01 obs<2026-02-01",
            "json",
            [{"obs.gte": "2026-01-01", "obs.lt": "2026-02-01"}],
            [],
        ),
        ("datatype!=AOD", "columns", [{"datatype": "**", "datatype.ne": "AOD"}], []),
        # A group is about columns or about other metadata; the name goes with either.
        ("instrument=LAT bytes>1", "json", [{"instrument": "LAT"}], ["bytes"]),
        ("a=1 or b=2", "json", [{"a": 1}, {"b": 2}], []),
        ("bytes>1 or files>2", "columns", [{"bytes.gt": 1}, {"length.gt": 2}], []),
        # What Rucio would misunderstand, or cannot compare.
        ("word=instrue", "json", [{"word": "**"}], ["word"]),
        ('word="12%"', "json", [{"word": "**"}], ["word"]),
        ('word="None"', "json", [{"word": "**"}], ["word"]),
        ("obs>2026-01-31T12:00", "json", [{"obs": "**"}], ["obs"]),
        ("fits.OBJECT=M31", "columns", [{}], ["fits.OBJECT"]),
        ("metadata=x", "columns", [{}], ["metadata"]),
        ("a!=*", "columns", [{}], ["a"]),
        ("account=demo", "columns", [{}], ["account"]),
        ("run_number=99999999999", "columns", [{}], ["run_number"]),
        ("bytes!=5", "columns", [{}], ["bytes"]),
        ("a>1 a>2", "json", [{"a.gt": 1}], ["a"]),
    ],
)
def test_rucio_is_asked_what_it_understands(conditions, plugin, groups, rest):
    assert asked(f"demo:* {conditions}") == [(plugin, groups, rest)]


def test_groups_that_rucio_cannot_mix_are_requests_of_their_own():
    assert asked("demo:f* a=x or bytes>1") == [
        ("json", [{"name": "f*", "a": "x"}], []),
        ("columns", [{"name": "f*", "bytes.gt": 1}], []),
    ]


@pytest.mark.parametrize(
    ("pattern", "sent"), [("true_*", "*_*"), ("2026", "2026*"), ("a%b", "a*b"), ("x.fits", None)]
)
def test_names_that_rucio_would_change_are_asked_for_more_widely(pattern, sent):
    rest = ["name"] if sent else []
    assert asked(f"demo:{pattern}") == [("columns", [{"name": sent or pattern}], rest)]


def test_numbers_that_rucio_fails_to_compare_are_compared_here():
    assert asked("demo:* a>1", compares=False) == [("json", [{"a": "**"}], ["a"])]


def test_types_are_a_condition_too():
    query = understood("demo:* type!=file or type=file a=1", None)
    columns, json = plan.asks(query, ALL)
    assert (columns.types, json.types) == ({"container", "dataset"}, {"file"})
    assert plan.asks(understood("demo:* type=file type=dataset", None), ALL) == []


METADATA = {
    "name": "n.fits",
    "bytes": 1000,
    "created_at": "Sat, 21 Nov 2026 03:28:57 UTC",
    "obs": "2026-02-11T10:00:00",
    "text": "12",
    "word": "LAT",
    "ok": True,
    "list": ["a", 1],
    "none": None,
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("bytes=1kB", True),
        ("bytes!=1kB", False),
        ("created=2026-11-21", True),
        ("created>2026-11-21", False),
        ("created>=2026-11-21T03:28:57", True),
        ("created<2026-11-21T03:28:57", False),
        ("obs=2026-02", True),
        ("obs!=2026-02", False),
        ("obs<2026-02-11T10:01", True),
        ("word>2026-01", False),
        ("text=12", True),
        ("text>11.5", True),
        ("word>11", False),
        ("word!=11", True),
        ("word=L*T", True),
        ("word=L*A", False),
        ("word=LA*AT", False),
        ("word!=L*", False),
        ("word>KAT", True),
        ("ok=true", True),
        ("ok=false", False),
        ("word=true", False),
        ("list=*a*", True),
        ("none=x", False),
        ("none!=x", False),
        ("none!=*", True),
        ("word!=*", False),
        ("missing=*", False),
    ],
)
def test_what_is_checked_here_means_the_same_as_at_rucio(condition, holds):
    ((test,),) = understood(f"demo:* {condition}", None).groups
    assert matches(test, METADATA) is holds


def test_a_pattern_of_many_stars_takes_no_time():
    ((test,),) = understood(f"demo:* a={'x*' * 500}y", None).groups
    assert not matches(test, {"a": "x" * 20_000})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("bytes>abc", "size"),
        ("bytes>-1", "size"),
        ("events>many", "number"),
        ("created>yesterday", "date"),
        ("created>2026-02-30", "date"),
        ("open=maybe", "true or false"),
        ("type=tape", "container"),
        ("name>a", "operator"),
        ("open>true", "operator"),
        ("a>x*", "operator"),
    ],
)
def test_a_value_of_the_wrong_type_is_one_sentence(condition, expected):
    with pytest.raises(UsageError) as caught:
        understood(f"demo:* {condition}", None)
    assert expected in caught.value.hint
    assert f"at character {caught.value.details['at'] + 1}" in caught.value.message
