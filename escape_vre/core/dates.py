"""Dates in headers (RFC 9110 section 5.6.7)."""

from email.utils import parsedate_to_datetime


def http_date(text: str | None) -> float | None:
    """Read a date such as ``Sat, 21 Nov 2026 03:28:57 GMT``; UTC for GMT will do.

    Returns
    -------
    float or None
        Seconds since 1970; None where there is none, or it cannot be read.
    """
    try:
        return parsedate_to_datetime((text or "").replace("UTC", "GMT")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
