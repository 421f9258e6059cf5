"""Puts many files onto a site at once, for tests and benchmarks.

``rucio upload`` needs eight requests per file; here the bytes are written to the site's folder
and registered in Rucio a thousand at a time.
"""

import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from .errors import LakeError
from .layout import Layout
from .rest import Rest, path
from .rses import rses

Contents = Iterable[tuple[str, bytes]]


def place(layout: Layout, site: str, scope: str, name: str) -> Path:
    """Return where a site, or another RSE, keeps a file: Rucio's default algorithm, ``hash``."""
    digest = hashlib.md5(f"{scope}:{name}".encode(), usedforsecurity=False).hexdigest()
    folders = scope.split(".") if scope.startswith(("user.", "group.")) else [scope]
    parts = [*folders, digest[:2], digest[2:4], *(part for part in name.split("/") if part)]
    return rses(layout)[site].folder(layout).joinpath(*parts)


def store(layout: Layout, site: str, scope: str, name: str, content: bytes) -> dict[str, object]:
    """Write a file into a site's folder; return its entry for Rucio."""
    target = place(layout, site, scope, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return {
        "scope": scope,
        "name": name,
        "bytes": len(content),
        "adler32": f"{zlib.adler32(content):08x}",
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
    }


def upload_many(
    layout: Layout, rest: Rest, scope: str, dataset: str, files: Contents, *, site: str
) -> None:
    """Put files into a dataset, which is made if it is not there.

    Parameters
    ----------
    rest : Rest — signed in as an account that may write to the scope.
    files : of (name, content); names are in ``scope``.
    site : str — where the bytes go.

    Raises
    ------
    LakeError — Rucio refused, for one because a file of that name exists.
    """
    known = [store(layout, site, scope, name, content) for name, content in files]
    try:
        rest.call("GET", path("dids", scope, dataset))
    except LakeError:
        rest.call("POST", path("dids", scope, dataset), {"type": "DATASET"})
    rest.add_files(site, known)
    rest.attach(scope, dataset, ((scope, str(one["name"])) for one in known))
