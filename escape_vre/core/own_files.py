"""Files at names that anybody can guess, such as ``/tmp/bt_u1000``: only ours are read.

In a folder that others can write to, somebody else may have put a file or a link there first: a
token of theirs would sign us in as them, and a link would send them what it points to.
"""

import os
from pathlib import Path

from escape_vre.core.owner import is_file_of, is_writable_to_others

MAX_BYTES = 1024 * 1024
"""No token or certificate is longer."""


def is_own(path: Path) -> bool:
    """Tell whether there is a regular file of ours, no link, that nobody else can change."""
    try:
        return _is_ours(path.lstat())
    except OSError:
        return False


def read_own(path: Path) -> str | None:
    """Return the text of such a file; None where there is none, or it is not ours alone."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not _is_ours(os.fstat(descriptor)):
            return None
        return file.read(MAX_BYTES).decode(errors="replace")


def _is_ours(found: os.stat_result) -> bool:
    return is_file_of(found, os.geteuid()) and not is_writable_to_others(found)
