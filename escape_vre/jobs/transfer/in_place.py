"""Files of storages that are mounted here: used where they are, once they have been looked at."""

import os
import stat
from pathlib import Path

from escape_vre.core.service import FileSource, InPlace
from escape_vre.jobs.manifest import Copy


def found_in_place(source: FileSource) -> tuple[Copy | None, str]:
    """Return the file that is mounted here, or why it is not used; blocking.

    Returns
    -------
    copy : Copy or None
        It is inside its mount, links resolved, and has the catalogue's size.
    problem : str
        A sentence, where there should be such a file.
    """
    problem = ""
    for place in source.in_place:
        copy, said = _looked_at(place, source.bytes)
        if copy is not None:
            return copy, ""
        problem = problem or said
    return None, problem


def _looked_at(place: InPlace, size: int | None) -> tuple[Copy | None, str]:
    path = Path(place.path)
    try:
        real = Path(os.path.realpath(path, strict=True))
        if not real.is_relative_to(os.path.realpath(place.root)):
            return None, f"{path} leads out of {place.root}."
        found = real.stat()
        if not stat.S_ISREG(found.st_mode):
            return None, f"{path} is not a file."
        if not os.access(real, os.R_OK):
            return None, f"You may not read {path}."
    except OSError as e:
        return None, f"{path} cannot be used: {e.strerror}."
    if size is not None and found.st_size != size:
        return None, f"{path} has {found.st_size:,} bytes, in the catalogue {size:,}."
    return Copy(str(path), found.st_size, found.st_mtime_ns), ""
