"""Checksums of files, as storages give them (RFC 3230)."""

import base64
import functools
import hashlib
import os
import zlib
from pathlib import Path

_BLOCK = 1 << 20


def digest(path: Path, wanted: str) -> str | None:
    """Return the ``Digest`` header for a ``Want-Digest``, or None for unknown algorithms.

    Parameters
    ----------
    wanted : str — ``adler32``, ``md5``, with or without weights; the first known one counts.
    """
    for choice in wanted.split(","):
        name = choice.partition(";")[0].strip().lower()
        if name in ("adler32", "md5"):
            status = path.stat()
            return f"{name}={_computed(name, path, status.st_ino, status.st_mtime_ns)}"
    return None


# Storages compute it once, when the file arrives; here it is remembered while the file is the same.
@functools.lru_cache(maxsize=4096)
def _computed(name: str, path: Path, _inode: int, _modified_ns: int) -> str:
    adler, md5 = 1, hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while block := os.read(file.fileno(), _BLOCK):
            if name == "adler32":
                adler = zlib.adler32(block, adler)
            else:
                md5.update(block)
    return f"{adler:08x}" if name == "adler32" else base64.b64encode(md5.digest()).decode()
