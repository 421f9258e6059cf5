"""Where this machine gets packages from, which is where the images get theirs.

npm and Go read their own configuration as they run here. Debian's packages and PyPI's are wanted
inside an image, where the machine's configuration is not.
"""

import configparser
import io
import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from scripts.install import pip_settings

_NOT_IN_IMAGES = ("find-links", "no-index")
"""Folders of this machine."""

_AUTHORITIES = Path("/etc/ssl/certs")
_PIP_FILES = ("cert", "client-cert")


def debian() -> str | None:
    """Return the archive of Debian that apt uses here, without a final slash.

    Returns
    -------
    str or None
        None where this machine has no Debian, or apt has no archive of it: then mmdebstrap knows
        one.
    """
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return None
    if system.get("ID") != "debian":
        return None
    # apt reads both formats of its sources. These are the addresses that an update would fetch.
    done = subprocess.run(
        ["apt-get", "--print-uris", "update"], check=False, capture_output=True, text=True
    )
    found = re.findall(r"^'(\S+?)/*/dists/(\S+?)/InRelease'", done.stdout, re.MULTILINE)
    return _main_archive(found, system.get("VERSION_CODENAME", ""))


def _main_archive(found: list[tuple[str, str]], codename: str) -> str | None:
    """Choose among archives and suites: other archives may have a suite of the same name."""
    names = {codename, "stable", "testing", "unstable", "sid"}
    candidates = [archive for archive, suite in found if suite in names]
    updated = {archive for archive, suite in found if suite.endswith("-updates")}
    candidates.sort(key=lambda archive: archive not in updated)  # the order is kept otherwise
    return _resolved(candidates[0]) if candidates else None


def _resolved(archive: str) -> str | None:
    """Return the first address in a file of mirrors, which an image has not."""
    scheme, _, path = archive.partition(":")
    if scheme != "mirror+file":
        return archive
    lines = (line.split("#")[0].split() for line in Path(path).read_text().splitlines())
    return next((line[0].rstrip("/") for line in lines if line), None)


@contextmanager
def pip_mounts() -> Iterator[list[tuple[Path, Path]]]:
    """Give the files that make pip in an image use the package index of pip here.

    Yields
    ------
    list
        Pairs of a path here and the path there. The configuration may hold a password: it is
        readable to us only, and gone afterwards.
    """
    settings = {k: v for k, v in pip_settings().items() if k not in _NOT_IN_IMAGES}
    config = configparser.RawConfigParser()
    config["global"] = settings
    text = io.StringIO()
    config.write(text)
    named = {Path(settings[key]) for key in _PIP_FILES if key in settings}
    apart = sorted(path for path in named if _AUTHORITIES not in path.parents)
    certificates = [path for path in (_AUTHORITIES, *apart) if path.exists()]
    with NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text.getvalue())
        file.flush()
        yield [(Path(file.name), Path("/etc/pip.conf")), *((path, path) for path in certificates)]
