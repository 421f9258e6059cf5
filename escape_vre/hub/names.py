"""User names that Kubernetes accepts, different for different users.

A claim that is safe is used unchanged. Any other becomes its readable part and eight digits of its
SHA-256, so that ``Anna``, ``anna`` and ``änna`` are three users. A claim that only looks like such
a name is converted too; otherwise a user could choose the name that another user's claim becomes.
"""

import hashlib
import re
import unicodedata

MAX_LENGTH = 40
"""Kubernetes accepts 63 characters in a label (RFC 1123); the rest is for what a spawner adds to a
name: ``jupyter-``, ``claim-``, and a server's name."""

_DIGITS = 8
_SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MADE = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}")
_UNSAFE = re.compile(r"[^a-z0-9]+")


def user_name(claim: str) -> str:
    """Return the user name of a claim: lower-case letters, digits and single dashes, 1 to 40."""
    if is_user_name(claim) and not _MADE.fullmatch(claim):
        return claim
    digest = hashlib.sha256(claim.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    plain = unicodedata.normalize("NFKD", claim).encode("ascii", "ignore").decode().lower()
    readable = _UNSAFE.sub("-", plain).strip("-")[: MAX_LENGTH - _DIGITS - 1].rstrip("-")
    return f"{readable or 'user'}-{digest}"


def is_user_name(text: str) -> bool:
    """Whether a user may be called so, by a claim of their own or by a made one."""
    return len(text) <= MAX_LENGTH and _SAFE.fullmatch(text) is not None
