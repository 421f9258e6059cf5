"""The certificates and proxies with which one caller reaches an instance and its storages."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from escape_vre.core.caller import expanded
from escape_vre.core.network import VARIABLES as NETWORK_VARIABLES
from escape_vre.core.network import Network, authorities
from escape_vre.core.own_files import is_own
from escape_vre.core.proxies import Proxies
from escape_vre.services.datalake.models import LakeSettings

VARIABLES = (
    "X509_USER_PROXY",
    *("RUCIO_CLIENT_CERT", "RUCIO_CLIENT_KEY", "RUCIO_CLIENT_PROXY"),
    *NETWORK_VARIABLES,
)
"""The caller's variables that say how to reach a service, not who calls."""


@dataclass(frozen=True, slots=True)
class LakeNetwork(Network):
    """How one caller reaches an instance and its storages.

    Parameters
    ----------
    cert_file, key_file : str or None
        Our own certificate and its key (PEM); without the latter, both are in one file.
    missing : str
        A sentence about a certificate that the caller's variables name and that does not exist,
        where there is no other; else empty.
    """

    cert_file: str | None
    key_file: str | None
    missing: str = ""


def network(settings: LakeSettings, environment: Mapping[str, str]) -> LakeNetwork:
    """Return what settings and a caller's variables say; looks at which files there are."""
    cert_file, key_file = settings.storage_cert_file, settings.storage_key_file
    missing = ""
    if cert_file is None:
        cert_file, key_file = _certificate(settings, environment)
        missing = "" if cert_file else _missing(settings, environment)
    ca_file, system = authorities(settings.ca_file, environment)
    return LakeNetwork(
        ca_file=ca_file,
        system=system,
        cert_file=cert_file,
        key_file=key_file,
        missing=missing,
        proxies=Proxies.of_settings(settings.proxy, settings.no_proxy, environment),
    )


def _certificate(
    settings: LakeSettings, environment: Mapping[str, str]
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


def _missing(settings: LakeSettings, environment: Mapping[str, str]) -> str:
    """Name the first variable that would name our certificate, if there were one."""
    by_certificate = ("RUCIO_CLIENT_CERT",) if settings.auth == "x509" else ()
    for variable in (*by_certificate, "RUCIO_CLIENT_PROXY", "X509_USER_PROXY"):
        if path := expanded(environment.get(variable, ""), environment):
            return f"{variable} names {path}, which does not exist."
    return ""
