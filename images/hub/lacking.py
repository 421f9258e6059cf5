"""Print the part of a lock file that names what this Python does not have."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path


def entries(lock: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the lines of every requirement of a lock file."""
    for entry in re.findall(r"^[A-Za-z0-9].*(?:\n[ \t].*)*", lock, re.MULTILINE):
        yield normalised(re.split(r"[^A-Za-z0-9._-]", entry, maxsplit=1)[0]), entry


def normalised(name: str) -> str:
    """Return a distribution's name as all that are the same spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    here = {normalised(found.metadata["Name"]) for found in distributions()}
    text = Path(sys.argv[1]).read_text()
    sys.stdout.writelines(f"{lines}\n" for name, lines in entries(text) if name not in here)
