"""Paths of ``rucio://``: a scope, then a name; standard library only.

``demo/m31.fits`` is the DID ``demo:m31.fits``. A name may hold slashes. What a dataset or container
holds is below it, too: ``demo/night-1/m31.fits``, and with its scope where that is another:
``demo/night-1/other:m31.fits``.
"""

from collections.abc import Iterator, Sequence

Did = tuple[str, str]


def split(path: str) -> Did:
    """Return the scope of a path, and the rest; both empty for the top.

    ``scope:name`` is read as ``scope/name``.
    """
    first = path.partition("/")[0]
    scope, _, name = path.partition(":" if ":" in first else "/")
    return scope, name


def joined(scope: str, name: str) -> str:
    """Return the path of a DID."""
    return f"{scope}/{name}"


def below(path: str, holder: str, child: Did) -> str:
    """Return the path of what a collection holds.

    Parameters
    ----------
    path : str
        That of the collection.
    holder : str
        The scope of the collection.
    """
    scope, name = child
    return f"{path}/{name}" if scope == holder else f"{path}/{scope}:{name}"


def meanings(scope: str, part: str) -> Iterator[Did]:
    """Yield the DIDs that a part of a path may name below a collection of this scope."""
    yield scope, part
    other, colon, name = part.partition(":")
    if colon and other and name:
        yield other, name


def pieces(scope: str, parts: Sequence[str]) -> list[Did]:
    """Return every DID that some parts of a path in a row may name."""
    scopes = [scope, *(part.partition(":")[0] for part in parts if ":" in part)]
    ends = [(i, j) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)]
    texts = ["/".join(parts[i:j]) for i, j in ends]
    found = (did for of in filter(None, scopes) for text in texts for did in meanings(of, text))
    return [did for did in dict.fromkeys(found) if did[1]]
