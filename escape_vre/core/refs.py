"""ResourceRef, the one name for a thing in any service, and the sanitiser for parts of paths.

Standard library only: kernels of any environment import this.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from escape_vre.core.errors import UsageError

MAX_PART_BYTES = 255
"""Longest file name that ext4, XFS, APFS and NFS servers take, bytes."""

_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]|%(?=[0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
"""As of a URI (RFC 3986, section 3.1), in small letters."""


@dataclass(frozen=True, slots=True, order=True)
class ResourceRef:
    """The name of one thing in any service.

    Parameters
    ----------
    scheme : str
        Says which service knows it, such as ``doi``; see :attr:`.Plugin.schemes`.
    body : str
        What follows the first colon, as it came.

    Notes
    -----
    ``str(ref)`` and :meth:`parse` are each other's inverse. A ref is never a path: see
    :func:`safe_part`.
    """

    scheme: str
    body: str

    @classmethod
    def parse(cls, text: str) -> "ResourceRef":
        """Read a ref from its text; whether a service knows its scheme, the registry says.

        Raises
        ------
        UsageError
            There is no scheme, or nothing after it.
        """
        scheme, colon, body = text.partition(":")
        if not colon or not _SCHEME.fullmatch(scheme) or not body:
            raise UsageError(
                f"{shown(text)} is not a valid reference.",
                hint="A reference has the form scheme:name, such as doi:10.5281/zenodo.1.",
            )
        return cls(scheme, body)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.body}"


def shown(text: str) -> str:
    """Return a text as a message may quote it."""
    return f"“{text}”" if text.isprintable() and len(text) <= 80 else ascii(text[:80])


def safe_part(name: str) -> str:
    r"""Make one part of a path out of any name; different names give different parts.

    Separators, control characters and a leading or trailing dot or space become ``%xx``; what
    would be longer than 255 bytes is cut and ends in a hash of the whole.

    >>> safe_part("m31.fits"), safe_part("/A/B"), safe_part(".."), safe_part("a\0b")
    ('m31.fits', '%2FA%2FB', '%2E%2E', 'a%00b')
    """
    part = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)
    part = part.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if set(part) <= {"."}:
        part = "%2E" * len(part) or "%"
    if part[0] in ". ":
        part = f"%{ord(part[0]):02X}{part[1:]}"
    if part[-1] in ". ":
        part = f"{part[:-1]}%{ord(part[-1]):02X}"
    encoded = part.encode()
    if len(encoded) <= MAX_PART_BYTES:
        return part
    tail = "~" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    dot = part.rfind(".")
    if 0 < len(part) - dot <= 12:
        tail += part[dot:]
    kept = encoded[: MAX_PART_BYTES - len(tail.encode())].decode("utf-8", "ignore")
    return kept + tail


def distinct_parts(names: Iterable[str]) -> dict[str, str]:
    """Give each name a path part that differs from all others also where case is ignored.

    The result does not depend on the order of the names, so that a resumed job finds its files.
    """
    parts: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        part = safe_part(name)
        if part.casefold() in taken:
            stem, dot, ending = part.rpartition(".")
            digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            part = safe_part(f"{stem}~{digest}.{ending}" if dot and stem else f"{part}~{digest}")
        taken.add(part.casefold())
        parts[name] = part
    return parts
