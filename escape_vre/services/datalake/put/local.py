"""The files of a put on this machine: found, named, and refused where they cannot be put."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from escape_vre.core import text
from escape_vre.core.errors import UsageError
from escape_vre.jobs.transfer.outgoing import LocalFile
from escape_vre.services.datalake.put.models import PutProblem

MOST_FILES = 100_000


@dataclass(slots=True)
class Item:
    """One file, and the name that it is to have.

    Parameters
    ----------
    adopted : bool
        The data lake has it already.
    pfn : str
        Its address at the RSE; empty until that is known.
    """

    file: LocalFile
    name: str
    adopted: bool = False
    registered: bool = False
    pfn: str = ""


@dataclass(slots=True)
class Scan:
    """What was found."""

    items: list[Item] = field(default_factory=list)
    problems: list[PutProblem] = field(default_factory=list)
    hidden: int = 0

    def refuse(self, path: str, name: str, why: str) -> None:
        """Note that a file cannot be put; ``why`` completes a sentence that begins with it."""
        message = f"{text.printable(path)} {why}."
        self.problems.append(PutProblem(path=path, name=name, kind="refused", message=message))


def scan(paths: Sequence[str], *, keep_paths: bool) -> Scan:
    """Find the files of what was given.

    A file is named after itself. With ``keep_paths``, one in a folder is named by its path below
    that folder. Below a folder, what begins with a dot is left out. A symbolic link is followed
    only to what is below the folder that was given; a file that is given by itself may be one.

    Raises
    ------
    UsageError
        There is no file at all, or there are too many.
    """
    found = Scan()
    for path in paths:
        if not os.path.lexists(path):
            found.refuse(path, Path(path).name, "does not exist")
        elif Path(path).is_dir():
            root = os.path.realpath(path)
            for below in _walk(root, found):
                relative = os.path.relpath(below, root)
                _add(found, below, relative if keep_paths else Path(below).name, root=root)
        else:
            _add(found, path, Path(path).name, root=None)
        if len(found.items) > MOST_FILES:
            raise UsageError(
                f"More than {MOST_FILES:,} files were given.",
                hint="Put one folder after the other, or pack small files into archives.",
            )
    _refuse_equal_names(found, keep_paths=keep_paths)
    if not found.items and not found.problems:
        raise UsageError(
            "There is no file in what was given.",
            hint="Files and folders whose names begin with a dot are left out."
            if found.hidden
            else "Name at least one file, or a folder with files.",
        )
    return found


def _walk(root: str, found: Scan) -> Iterator[str]:
    """Yield the paths of the files below a folder, in order; hidden ones are counted."""

    def unreadable(error: OSError) -> None:
        path = str(error.filename)
        found.refuse(path, Path(path).name, f"cannot be listed: {error.strerror}")

    for folder, folders, files in os.walk(root, onerror=unreadable):
        hidden = [name for name in folders if name.startswith(".")]
        found.hidden += sum(_count(Path(folder, name)) for name in hidden)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in list(folders):
            linked = Path(folder, name)
            if linked.is_symlink():
                folders.remove(name)
                found.refuse(
                    str(linked), name, "is a symbolic link to a folder, which is not followed"
                )
        for name in sorted(files):
            if name.startswith("."):
                found.hidden += 1
            else:
                yield str(Path(folder, name))


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def _add(found: Scan, path: str, name: str, *, root: str | None) -> None:
    """Take a file, or say why not."""
    try:
        name.encode()
    except UnicodeEncodeError:
        found.refuse(path, text.printable(name), "has a name that is not valid Unicode")
        return
    real = os.path.realpath(path)
    if root is not None and not Path(real).is_relative_to(root):
        found.refuse(path, name, f"is a symbolic link out of {text.printable(root)}")
        return
    try:
        status = Path(real).stat()
    except OSError as e:
        found.refuse(path, name, f"cannot be read: {e.strerror}")
        return
    if not stat.S_ISREG(status.st_mode):
        found.refuse(path, name, "is not a regular file")
    elif not status.st_size:
        found.refuse(path, name, "is empty")
    elif not os.access(real, os.R_OK):
        found.refuse(path, name, "may not be read by you")
    else:
        found.items.append(Item(LocalFile.of(real, status), name))


def _refuse_equal_names(found: Scan, *, keep_paths: bool) -> None:
    """Leave no two files with one name, except the same file given twice."""
    first: dict[str, Item] = {}
    for item in found.items:
        other = first.setdefault(item.name, item)
        if other.file.path != item.file.path:
            way_out = "" if keep_paths else "; keep the folders in the names with --keep-paths"
            found.refuse(
                item.file.path,
                item.name,
                f"has the same name as {text.printable(other.file.path)}{way_out}",
            )
    found.items = list(first.values())
