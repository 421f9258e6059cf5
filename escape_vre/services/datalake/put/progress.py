"""What a put has written down, so that another agent can complete or undo it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Begun:
    """A put that has begun, as its checkpoints say.

    Parameters
    ----------
    tag : str
        Part of the names that only this job uses at the storage; empty before anything is sent.
    rse, scheme : str
        Where the files go.
    dataset_is_new : bool
        Whether the dataset is this job's own.
    new : list of str
        The names of the files that this job sends.
    found : list of str
        Those of them that were at the storage already, though not registered.
    registering : bool
        Whether anything may have been written to Rucio.
    """

    tag: str = ""
    rse: str = ""
    scheme: str = ""
    dataset_is_new: bool = False
    new: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    registering: bool = False

    @classmethod
    def read(cls, checkpoints: Sequence[Mapping[str, Any]]) -> "Begun":
        """Return what checkpoints add up to: the last word on everything counts."""
        found = cls()
        for saved in checkpoints:
            for name, value in saved.items():
                setattr(found, name, value)
        return found

    def part(self, name: str) -> str:
        """Return what a file is called at the storage until it is complete."""
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        return f"escape-vre.{self.tag}.{digest}"
