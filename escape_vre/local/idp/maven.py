"""Where this machine gets Maven artifacts from, as Maven itself would decide."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from .errors import IdpError

VARIABLE = "ESCAPE_VRE_MAVEN"
CENTRAL = "central"
"""What Maven calls its default repository."""


def repository() -> str:
    """Give the repository's URL, without a final slash.

    It is ``$ESCAPE_VRE_MAVEN``, else a mirror of Maven's settings (those of the user first), else
    Maven Central, whose address the package ``jgo`` knows.

    Raises
    ------
    IdpError
        Nothing names a repository, and ``jgo`` is not installed.
    """
    return (os.environ.get(VARIABLE) or _mirror() or _central()).rstrip("/")


def _settings_files() -> Iterator[Path]:
    yield Path.home() / ".m2/settings.xml"
    for variable in ("MAVEN_HOME", "M2_HOME"):
        if home := os.environ.get(variable):
            yield Path(home) / "conf/settings.xml"
    yield Path("/etc/maven/settings.xml")


def _mirror() -> str | None:
    for file in _settings_files():
        try:
            root = ElementTree.parse(file).getroot()  # noqa: S314 - the user's own file
        except (OSError, ElementTree.ParseError):
            continue  # Maven itself complains about a broken one.
        for mirror in root.iterfind("{*}mirrors/{*}mirror"):
            found = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in mirror}
            if _is_of_central(found.get("mirrorOf", "")) and found.get("blocked") != "true":
                return _with_variables(found.get("url", "")) or None
    return None


def _with_variables(text: str) -> str:
    return re.sub(r"\$\{env\.(\w+)\}", lambda match: os.environ.get(match[1], ""), text)


def _is_of_central(patterns: str) -> bool:
    """Read ``mirrorOf`` (Maven's guide to mirror settings): names, wildcards and exceptions."""
    names = {pattern.strip() for pattern in patterns.split(",")}
    return f"!{CENTRAL}" not in names and bool(names & {CENTRAL, "*", "external:*"})


def _central() -> str:
    try:
        from jgo.maven import MavenContext
    except ImportError as error:
        raise IdpError(
            "Keycloak comes from Maven Central, and the package jgo, which knows its address, is "
            "not installed.",
            f"Install it: pip install 'escape-vre[idp]'. Or name a Maven repository in {VARIABLE}.",
        ) from error
    return MavenContext().remote_repos[CENTRAL]
