"""Which hosts a configuration names: ``dav.example.org``, ``*.example.org``, with ``:port`` or not.

A pattern is compared with the host of a URL, never with its text: ``https://a.example.org@evil.net``
and ``https://evil.net/a.example.org`` are at ``evil.net``. Standard library only.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

_NAME = r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_ADDRESS_6 = r"\[[0-9A-Fa-f:.]+\]"

PATTERN = rf"^({_NAME}|{_ADDRESS_6})(:[0-9]{{1,5}})?$"
"""A host, or ``*.`` and a domain for every host below it; with a port, that port only."""

PORTS = {"http": 80, "dav": 80, "https": 443, "davs": 443}


def host_of(url: str) -> tuple[str, int | None]:
    """Return the host of a URL, in lower case, and its port; an empty host where there is none."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        return host, parts.port or PORTS.get(parts.scheme)
    except ValueError:  # a bad port or IPv6 address is nobody's host
        return "", None


def is_listed(url: str, patterns: Iterable[str]) -> bool:
    """Return whether the host of a URL is one that the patterns name."""
    host, port = host_of(url)
    return bool(host) and any(_matches(host, port, pattern) for pattern in patterns)


def _matches(host: str, port: int | None, pattern: str) -> bool:
    name, wanted = host_of(f"//{pattern}")
    if wanted is not None and wanted != port:
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name
