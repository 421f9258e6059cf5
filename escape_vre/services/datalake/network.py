"""The certificates and proxies with which one caller reaches an instance and its storages.

An instance's settings go first. What only the caller's variables name is optional: images set
``X509_USER_PROXY`` or ``X509_CERT_DIR`` for everybody, and a file that is not there is none.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core.caller import expanded
from escape_vre.core.own_files import is_own
from escape_vre.core.proxies import PROXY_VARIABLES, Proxies
from escape_vre.services.datalake.models import InstanceSettings

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_FOLDERS = ("X509_CERT_DIR", "SSL_CERT_DIR")

VARIABLES = (
    "X509_USER_PROXY",
    *_BUNDLES,
    *_FOLDERS,
    *PROXY_VARIABLES,
    *(name.upper() for name in PROXY_VARIABLES),
)
"""The caller's variables that say how to reach a service, not who calls."""


@dataclass(frozen=True, slots=True)
class Network:
    """How one caller reaches an instance and its storages.

    Parameters
    ----------
    ca_file : tuple of str
        Files and folders of the authorities to trust; none for the system's.
    system : bool
        Whether the system's authorities are trusted beside them.
    cert_file, key_file : str or None
        Our own certificate and its key (PEM); without the latter, both are in one file.
    """

    ca_file: tuple[str, ...]
    system: bool
    cert_file: str | None
    key_file: str | None
    proxies: Proxies


def network(settings: InstanceSettings, environment: Mapping[str, str]) -> Network:
    """Return what settings and a caller's variables say; looks at which files there are."""
    cert = settings.storage_cert_file or _certificate(settings, environment)
    ca_file, system = _authorities(settings, environment)
    return Network(
        ca_file=ca_file,
        system=system,
        cert_file=cert,
        key_file=settings.storage_key_file,
        proxies=Proxies.of_settings(settings.proxy, settings.no_proxy, environment),
    )


def _certificate(settings: InstanceSettings, environment: Mapping[str, str]) -> str | None:
    named = expanded(environment.get("X509_USER_PROXY", ""), environment)
    if named and Path(named).is_file():
        return named
    default = Path(f"/tmp/x509up_u{os.geteuid()}")  # noqa: S108 — where grid tools leave it
    # One that lies there from another day must not spoil the sign-ins that need none.
    needed = settings.auth in ("x509", "x509_proxy")
    return str(default) if needed and is_own(default) else None


def _authorities(
    settings: InstanceSettings, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], bool]:
    if settings.ca_file:
        return (settings.ca_file,), False
    bundle = next((path for path in map(environment.get, _BUNDLES) if _is(path, "file")), None)
    folders = [path for path in map(environment.get, _FOLDERS) if path and _is(path, "folder")]
    return (*([bundle] if bundle else []), *folders), bundle is None


def _is(path: str | None, what: str) -> bool:
    if not path:
        return False
    return Path(path).is_dir() if what == "folder" else Path(path).exists()
