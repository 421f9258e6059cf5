"""DIDs, the names of things in Rucio, as refs: ``rucio:<scope>:<name>``; standard library only."""

from escape_vre.core.errors import UsageError
from escape_vre.core.refs import ResourceRef, shown

SCHEME = "rucio"


def did_ref(scope: str, name: str) -> ResourceRef:
    """Name the DID ``scope:name``."""
    return ResourceRef(SCHEME, f"{scope}:{name}")


def did_in(ref: ResourceRef) -> tuple[str, str]:
    """Return scope and name of a ref; the name may hold further colons."""
    scope, _, name = ref.body.partition(":")
    return scope, name


def read_ref(text: str) -> ResourceRef:
    """Read the ref of a DID from its text.

    Raises
    ------
    UsageError
        It is no ref, one of another scheme, or has no scope or name.
    """
    ref = ResourceRef.parse(text)
    if ref.scheme != SCHEME or not all(did_in(ref)):
        raise _malformed(text)
    return ref


def parse_did(text: str) -> ResourceRef:
    """Read a DID as a user types it: ``scope:name``, with or without ``rucio:`` before it.

    Raises
    ------
    UsageError
        Scope or name is missing, or there are control characters in it.
    """
    stripped = text.strip()
    if stripped.startswith(f"{SCHEME}:") and stripped.count(":") >= 2:
        stripped = stripped.removeprefix(f"{SCHEME}:")
    scope, colon, name = stripped.partition(":")
    if not (scope and colon and name) or any(ord(c) < 32 or ord(c) == 127 for c in stripped):
        raise _malformed(text)
    return did_ref(scope, name)


def _malformed(text: str) -> UsageError:
    return UsageError(
        f"{shown(text)} is not a DID.", hint="A DID is scope:name, such as demo:m31.fits."
    )
