"""Reads an instance from a ``rucio.cfg``, for users of the ``rucio`` command.

Places, interpolation and the order of what is looked at are those of rucio-clients 41
(``rucio/common/config.py``, ``rucio/client/baseclient.py``). ``~`` and variables in paths are
completed as the caller's shell would, not the agent's.
"""

import configparser
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from escape_vre.core.caller import expanded, variables_in
from escape_vre.core.errors import ConfigurationError
from escape_vre.core.own_files import is_own
from escape_vre.services.datalake.models import LakeSettings

log = logging.getLogger(__name__)

_FOLDERS = ("RUCIO_HOME", "VIRTUAL_ENV", "CONDA_PREFIX")
_FILES = ("ca_cert", "client_cert", "client_key", "client_x509_proxy", "auth_token_file_path")
_SIGN_INS = {"userpass": "userpass", "oidc": "auto", "x509": "x509", "x509_proxy": "x509_proxy"}


def find(environment: Mapping[str, str]) -> Path | None:
    """Return the rucio.cfg that the caller's ``rucio`` command would read; None without one.

    Raises
    ------
    ConfigurationError
        RUCIO_CONFIG names a file that is not there.
    """
    if named := environment.get("RUCIO_CONFIG"):
        path = Path(expanded(named, environment) or named)
        if not path.is_file():
            raise ConfigurationError(
                f"RUCIO_CONFIG names {path}, and there is no such file.",
                hint="Correct the variable, or unset it.",
            )
        return path
    folders = [Path(environment[name]) / "etc" for name in _FOLDERS if environment.get(name)]
    home = Path(environment.get("HOME") or Path.home())
    # The last one is ours: rucio itself does not look there.
    for folder in [*folders, Path("/opt/rucio/etc"), home / ".rucio"]:
        if (folder / "rucio.cfg").is_file():
            return folder / "rucio.cfg"
    return None


def variables(path: Path) -> set[str]:
    """Return the names of the variables that the paths of this rucio.cfg refer to."""
    try:
        client = _Client(path, {})
        return {name for option in _FILES for name in variables_in(client.text(option))}
    except ConfigurationError:
        return set()


def read(path: Path, environment: Mapping[str, str]) -> tuple[LakeSettings, str]:
    """Read the ``[client]`` section.

    Returns
    -------
    LakeSettings, str
        The instance called ``rucio.cfg``; the password that stands there, or an empty string.

    Raises
    ------
    ConfigurationError
        The file cannot be read, names no server, or asks for what is not supported.
    """
    client = _Client(path, environment)
    url = client.text("rucio_host", "RUCIO_HOST")
    if not url:
        raise _unusable(path)
    auth_url = client.text("auth_host", "RUCIO_AUTH_HOST") or url
    sign_in = (client.text("auth_type", "RUCIO_AUTH_TYPE") or "userpass").lower()
    if sign_in not in _SIGN_INS:
        raise ConfigurationError(
            f"{path} asks for the sign-in {sign_in}, which is not supported.",
            hint=f"Use {', '.join(_SIGN_INS)}.",
        )
    account = client.text("account", "RUCIO_ACCOUNT") or None
    cert, key = _certificate(client, sign_in)
    fields: dict[str, Any] = {
        "name": "rucio.cfg",
        "title": url.partition("//")[2].partition("/")[0],
        "url": url,
        "auth_url": auth_url,
        "auth": _SIGN_INS[sign_in],
        "account": account,
        "vo": client.text("vo", "RUCIO_VO") or None,
        "ca_file": _authorities(client, needed="https" in (url[:5], auth_url[:5])),
        "storage_cert_file": cert,
        "storage_key_file": key,
    }
    if sign_in == "userpass":
        fields |= {"username": client.text("username") or account}
    elif sign_in == "oidc":
        fields |= {"token_file": client.file("auth_token_file_path"), "storage_token": "rucio"}
    try:
        settings = LakeSettings(**fields)
    except ValidationError as e:
        first = e.errors()[0]
        raise ConfigurationError(
            f"{path}: {first['loc'][0] if first['loc'] else 'client'}: {first['msg']}.",
            hint="Correct it; rucio_host and auth_host begin with https://.",
        ) from e
    return settings, client.text("password") if sign_in == "userpass" else ""


class _Client:
    """The options of the section ``[client]``; an empty one is not there."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path = path
        self.environment = environment
        parser = configparser.ConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
            self._section = parser["client"]
        except (OSError, KeyError, ValueError, configparser.Error) as e:
            raise _unusable(path) from e

    def text(self, option: str, variable: str = "") -> str:
        """Return what a variable of the caller says, else an option; empty without either."""
        if said := self.environment.get(variable, "").strip():
            return said
        try:
            return (self._section.get(option) or "").strip()
        except configparser.InterpolationError:  # its message would show the value
            raise ConfigurationError(
                f"{option} in {self.path} has a % that stands alone.",
                hint="Write %% for it, as the rucio command wants it, too.",
            ) from None

    def file(self, option: str, variable: str = "") -> str | None:
        """Return a path, completed; None where nothing or an unset variable is named."""
        return expanded(self.text(option, variable), self.environment)


def _authorities(client: _Client, *, needed: bool) -> str | None:
    """Return the file or folder of authorities; one that is named and missing is said."""
    said = client.text("ca_cert", "RUCIO_CA_CERT")
    found = client.file("ca_cert", "RUCIO_CA_CERT")
    if not said or (found and Path(found).exists()):
        return found
    if not needed:
        return None
    unset = sorted(variables_in(said) - {k for k, v in client.environment.items() if v})
    raise ConfigurationError(
        f"The certificate authorities of {client.path}, ca_cert = {said}, are not there"
        + (f": {', '.join(unset)} is not set." if unset else "."),
        hint="Correct ca_cert, or remove it to trust the authorities of the system.",
    )


def _certificate(client: _Client, sign_in: str) -> tuple[str | None, str | None]:
    """Return certificate and key, in the order in which rucio looks for them."""
    if sign_in == "x509":
        cert = client.file("client_cert", "RUCIO_CLIENT_CERT")
        if cert:
            return cert, client.file("client_key", "RUCIO_CLIENT_KEY")
    named = [
        expanded(client.environment.get("RUCIO_CLIENT_PROXY", ""), client.environment),
        client.file("client_x509_proxy"),
        client.environment.get("X509_USER_PROXY"),
    ]
    default = Path(f"/tmp/x509up_u{os.geteuid()}")  # noqa: S108 — where rucio looks
    shown = sign_in in ("x509", "x509_proxy")
    if shown and is_own(default):
        named.append(str(default))
    there = next((path for path in named if path and Path(path).is_file()), None)
    if there is None and shown:
        there = next((path for path in named if path), None)  # so that its name is said
    return there, None


def _unusable(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} has no usable [client] section with a rucio_host.",
        hint="Use the file that your experiment provides for the rucio command.",
    )
