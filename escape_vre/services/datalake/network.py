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
    *("RUCIO_CLIENT_CERT", "RUCIO_CLIENT_KEY", "RUCIO_CLIENT_PROXY"),
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
    cert_file, key_file = settings.storage_cert_file, settings.storage_key_file
    if cert_file is None:
        cert_file, key_file = _certificate(settings, environment)
    ca_file, system = _authorities(settings, environment)
    return Network(
        ca_file=ca_file,
        system=system,
        cert_file=cert_file,
        key_file=key_file,
        proxies=Proxies.of_settings(settings.proxy, settings.no_proxy, environment),
    )


def _certificate(
    settings: InstanceSettings, environment: Mapping[str, str]
) -> tuple[str | None, str | None]:
    """Return certificate and key that the caller's variables name, in rucio's order."""

    def named(variable: str) -> str | None:
        path = expanded(environment.get(variable, ""), environment)
        return path if path and Path(path).is_file() else None

    if settings.auth == "x509" and (cert := named("RUCIO_CLIENT_CERT")):
        return cert, named("RUCIO_CLIENT_KEY")
    proxy = named("RUCIO_CLIENT_PROXY") or named("X509_USER_PROXY")
    default = Path(f"/tmp/x509up_u{os.geteuid()}")  # noqa: S108 — where grid tools leave it
    # One that lies there from another day must not spoil the sign-ins that need none.
    if proxy is None and settings.auth in ("x509", "x509_proxy") and is_own(default):
        proxy = str(default)
    return proxy, None


def _authorities(
    settings: InstanceSettings, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], bool]:
    """Return what to trust, and whether the system's authorities as well.

    Different programs read different variables: what any of them names is trusted.
    """
    if settings.ca_file:
        return (settings.ca_file,), False
    bundles = [path for path in map(environment.get, _BUNDLES) if path and Path(path).exists()]
    folders = [path for path in map(environment.get, _FOLDERS) if path and Path(path).is_dir()]
    return tuple(dict.fromkeys([*bundles, *folders])), not bundles
