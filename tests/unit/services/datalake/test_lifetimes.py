"""How long something is kept, as people write it."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from escape_vre.core.errors import UsageError
from escape_vre.services.datalake.lifetimes import moment, seconds_of, span


@pytest.mark.parametrize(
    ("written", "days"), [("30d", 30), ("2w", 14), ("12h", 0.5), ("1y", 365), ("90m", 1 / 16)]
)
def test_a_span(written, days):
    assert span(written) == timedelta(days=days)


@pytest.mark.parametrize("written", ["", "30", "d", "-1d", "1 month", "999y", "1e3d"])
def test_what_is_no_span(written):
    with pytest.raises(argparse.ArgumentTypeError):
        span(written)


def test_a_date_is_its_end_here():
    assert moment("2027-01-31").astimezone().strftime("%m-%d %H:%M:%S") == "01-31 23:59:59"
    assert moment("2027-01-31T12:00Z") == datetime(2027, 1, 31, 12, tzinfo=UTC)
    with pytest.raises(argparse.ArgumentTypeError, match="is not a date"):
        moment("31.1.2027")


def test_seconds_until_a_date():
    left = seconds_of(None, datetime.now(UTC) + timedelta(hours=1))
    assert 3500 < left <= 3600
    assert seconds_of(60, None) == 60
    assert seconds_of(None, None) is None


@pytest.mark.parametrize(
    ("lifetime", "until"),
    [(0, None), (-5, None), (10**12, None), (None, datetime(2020, 1, 1, tzinfo=UTC))],
)
def test_what_is_over_or_too_long(lifetime, until):
    with pytest.raises(UsageError) as caught:
        seconds_of(lifetime, until)
    assert caught.value.hint
