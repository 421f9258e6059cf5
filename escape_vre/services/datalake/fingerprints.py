"""A set of millions of names, 24 bytes each: only whether a name was seen, not the names."""

from array import array

_TABLES = 256
_SMALLEST = 8
_ALL = 2**64 - 1


class Fingerprints:
    """Names that were seen, by their 64-bit hashes.

    Two names with equal hashes would be taken for one: among a million names, once in 37 million
    times. Python's hashes are keyed anew in each process, so that nobody can choose such names.
    """

    def __init__(self) -> None:
        # Many small tables: none takes long to grow, so that nothing else has to wait.
        self._tables = [array("Q", bytes(8 * _SMALLEST)) for _ in range(_TABLES)]
        self._counts = [0] * _TABLES

    def add(self, name: tuple[str, ...]) -> bool:
        """Add a name; True when it was not there."""
        print_ = hash(name) & _ALL or 1  # an empty slot is 0
        number = print_ % _TABLES
        table = self._tables[number]
        slot = _slot(table, print_)
        if table[slot]:
            return False
        table[slot] = print_
        self._counts[number] += 1
        if self._counts[number] * 3 > len(table) * 2:
            self._tables[number] = _grown(table)
        return True

    def __contains__(self, name: tuple[str, ...]) -> bool:
        print_ = hash(name) & _ALL or 1
        table = self._tables[print_ % _TABLES]
        return bool(table[_slot(table, print_)])


def _slot(table: "array[int]", print_: int) -> int:
    """Return where a hash is, or the empty slot where it belongs."""
    slot = print_ // _TABLES % len(table)
    while table[slot] not in (0, print_):
        slot = (slot + 1) % len(table)
    return slot


def _grown(table: "array[int]") -> "array[int]":
    """Return a table with the same hashes and twice the room."""
    larger = array("Q", bytes(16 * len(table)))
    for print_ in table:
        if print_:
            larger[_slot(larger, print_)] = print_
    return larger
