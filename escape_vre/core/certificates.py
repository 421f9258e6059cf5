"""When a certificate ends: the one field that we read of it; standard library only."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_FORMATS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""By the tag of ASN.1: UTCTime and GeneralizedTime, as RFC 5280 section 4.1.2.5 writes them."""


def expiry(path: Path) -> datetime | None:
    """Return when the first certificate of a PEM file expires, UTC; None if that is not readable.

    Of an X.509 proxy, the first one is the proxy itself.
    """
    try:
        _, begin, rest = path.read_text("ascii", "replace").partition(_BEGIN)
        der = ssl.PEM_cert_to_DER_cert(begin + rest.partition(_END)[0] + _END)
        ((_, certificate),) = _fields(der)
        _, signed = next(_fields(certificate))
        fields = [field for field in _fields(signed) if field[0] != 0xA0]  # without the version
        _, (tag, until) = _fields(fields[3][1])  # after serial number, algorithm and issuer
        return datetime.strptime(until.decode(), _FORMATS[tag]).replace(tzinfo=UTC)
    except (OSError, ValueError, KeyError, IndexError, StopIteration):
        return None


def _fields(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element of a sequence (ITU-T X.690, DER)."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size]), at + size
        yield tag, der[at : at + length]
        at += length
