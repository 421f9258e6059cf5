"""Distributions that a test installs by putting a folder onto the path."""

import textwrap
from collections.abc import Mapping
from pathlib import Path


def install(
    folder: Path, package: str, services: Mapping[str, str], files: Mapping[str, str]
) -> None:
    """Lay a distribution into a folder that is, or will be, on the path, as an installer does.

    Parameters
    ----------
    package : str
        The distribution's name.
    services : mapping
        Its entry points in the group ``escape_vre.services``.
    files : mapping
        The text of its modules, by file name.
    """
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    points = "".join(f"{name} = {value}\n" for name, value in services.items())
    (info / "entry_points.txt").write_text(f"[escape_vre.services]\n{points}")
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text))
