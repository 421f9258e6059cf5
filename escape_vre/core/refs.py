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
_SCHEMES = ("rucio", "doi", "ivo", "https", "zooniverse")


@dataclass(frozen=True, slots=True, order=True)
class ResourceRef:
    """The name of one thing in any service.

    Parameters
    ----------
    scheme : str
        ``rucio``, ``doi``, ``ivo``, ``https`` or ``zooniverse``.
    body : str
        What follows the first colon, as it came: ``scope:name`` for a DID.

    Notes
    -----
    ``str(ref)`` and :meth:`parse` are each other's inverse. A ref is never a path: see
    :func:`safe_part`.
    """

    scheme: str
    body: str

    @classmethod
    def parse(cls, text: str) -> "ResourceRef":
        """Read a ref from its text.

        Raises
        ------
        UsageError
            The scheme is unknown, or a ``rucio`` ref lacks its scope or name.
        """
        scheme, colon, body = text.partition(":")
        if not colon or scheme not in _SCHEMES or not body:
            raise UsageError(
                f"{_shown(text)} is not a valid reference.",
                hint="A reference has the form rucio:scope:name, doi:10.5281/zenodo.1 or ivo://….",
            )
        if scheme == "rucio":
            scope, colon, name = body.partition(":")
            if not (scope and colon and name):
                raise _malformed(body)
        return cls(scheme, body)

    @classmethod
    def rucio(cls, scope: str, name: str) -> "ResourceRef":
        """Name the DID ``scope:name``."""
        return cls("rucio", f"{scope}:{name}")

    @property
    def did(self) -> tuple[str, str]:
        """Scope and name of a ``rucio`` ref; the name may hold further colons."""
        scope, _, name = self.body.partition(":")
        return scope, name

    def __str__(self) -> str:
        return f"{self.scheme}:{self.body}"


def parse_did(text: str) -> ResourceRef:
    """Read a DID as a user types it: ``scope:name``, with or without ``rucio:`` before it.

    Raises
    ------
    UsageError
        Scope or name is missing, or there are control characters in it.
    """
    stripped = text.strip()
    if stripped.startswith("rucio:") and stripped.count(":") >= 2:
        stripped = stripped.removeprefix("rucio:")
    scope, colon, name = stripped.partition(":")
    if not (scope and colon and name) or any(ord(c) < 32 or ord(c) == 127 for c in stripped):
        raise _malformed(text)
    return ResourceRef.rucio(scope, name)


def _shown(text: str) -> str:
    return f"“{text}”" if text.isprintable() and len(text) <= 80 else ascii(text[:80])


def _malformed(text: str) -> UsageError:
    return UsageError(
        f"{_shown(text)} is not a DID.",
        hint="A DID is scope:name, such as demo:m31.fits.",
    )


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
