"""Keys of metadata that were seen since the agent began; Rucio lists no keys of JSON metadata."""

from collections.abc import Iterable
from itertools import islice

from escape_vre.services.datalake.intake import word
from escape_vre.services.datalake.search.keys import column_of

KEPT = 1000
"""Keys of one instance that are remembered, the first ones."""


class SeenKeys:
    """The keys of each instance, in the order in which they were seen."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, None]] = {}

    def add(self, instance: str, keys: Iterable[str]) -> None:
        """Remember the keys of some metadata, but for Rucio's own columns."""
        known = self._of.setdefault(instance, {})
        others = (key for key in keys if word(key) and column_of(key) is None)
        for key in islice(others, KEPT):
            if len(known) < KEPT or key in known:
                known[key] = None

    def of(self, instance: str) -> list[str]:
        """Return the keys that were seen at an instance."""
        return list(self._of.get(instance, ()))
