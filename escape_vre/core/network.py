"""The authorities and proxies with which one caller reaches a service.

A service's settings go first. What only the caller's variables name is optional: images set
``SSL_CERT_FILE`` or ``X509_CERT_DIR`` for everybody, and a file that is not there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core.proxies import PROXY_VARIABLES, Proxies

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_FOLDERS = ("X509_CERT_DIR", "SSL_CERT_DIR")

VARIABLES = (
    *_BUNDLES,
    *_FOLDERS,
    *PROXY_VARIABLES,
    *(name.upper() for name in PROXY_VARIABLES),
)
"""The caller's variables that say how to reach a service, not who calls."""


@dataclass(frozen=True, slots=True)
class Network:
    """How one caller reaches a service.

    Parameters
    ----------
    ca_file : tuple of str
        Files and folders of the authorities to trust; none for the system's.
    system : bool
        Whether the system's authorities are trusted beside them.
    """

    ca_file: tuple[str, ...]
    system: bool
    proxies: Proxies


def authorities(
    ca_file: str | None, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], bool]:
    """Return what to trust, and whether the system's authorities as well.

    Different programs read different variables: what any of them names is trusted.
    """
    if ca_file:
        return (ca_file,), False
    bundles = [path for path in map(environment.get, _BUNDLES) if path and Path(path).exists()]
    folders = [path for path in map(environment.get, _FOLDERS) if path and Path(path).is_dir()]
    return tuple(dict.fromkeys([*bundles, *folders])), not bundles
