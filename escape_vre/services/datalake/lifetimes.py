"""How long something is kept: a span, or a date; standard library only."""

import argparse
import re
from datetime import UTC, datetime, time, timedelta

from escape_vre.core.errors import UsageError

LONGEST_S = 100 * 365 * 86400
"""Nobody means more; Rucio fails on what its calendar does not hold."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_SPAN = re.compile(r"(\d{1,9})\s*(s|min|m|h|d|w|y)")


def span(text: str) -> timedelta:
    """Read ``12h``, ``30d``, ``2w`` or ``1y``, for an argument of a command."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or int(found[1]) * _UNITS[found[2]] > LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text} is not a lifetime, such as 12h, 30d, 2w or 1y")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def moment(text: str) -> datetime:
    """Read ``2027-01-31``, which is its end here, or a time such as ``2027-01-31T12:00``."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as e:
        raise argparse.ArgumentTypeError(
            f"{text} is not a date, such as 2027-01-31 or 2027-01-31T12:00"
        ) from e
    if len(text.strip()) <= len("2027-01-31"):
        found = datetime.combine(found, time(23, 59, 59))
    return found.astimezone(UTC)


def seconds_of(lifetime_s: int | None, until: datetime | None) -> int | None:
    """Return a lifetime in seconds from now; None where neither it nor a date is given.

    Raises
    ------
    UsageError
        Both are given, or it is over already, or longer than 100 years.
    """
    if until is not None:
        if lifetime_s is not None:
            raise UsageError("Both a lifetime and a date were given.", hint="Give one of the two.")
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        lifetime_s = round((until - datetime.now(UTC)).total_seconds())
        if lifetime_s <= 0:
            raise UsageError(
                f"{until:%Y-%m-%d %H:%M} UTC is in the past.", hint="Choose a later date."
            )
    if lifetime_s is not None and not 0 < lifetime_s <= LONGEST_S:
        raise UsageError(
            "The lifetime must be longer than 0 and at most 100 years.",
            hint="Choose another lifetime, or leave it out.",
        )
    return lifetime_s


def from_now(lifetime_s: int | None) -> datetime | None:
    """Return when something ends that begins now."""
    return None if lifetime_s is None else datetime.now(UTC) + timedelta(seconds=lifetime_s)
