"""What a ``rucio.cfg`` says about an instance, for people who use the ``rucio`` command already."""

import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from escape_vre.core.errors import ConfigurationError
from escape_vre.services.datalake.models import InstanceSettings


def find(environment: Mapping[str, str]) -> Path | None:
    """Return the rucio.cfg that the caller's ``rucio`` command would read; None without one."""
    candidates = [
        Path(environment["RUCIO_CONFIG"]) if environment.get("RUCIO_CONFIG") else None,
        Path(environment["RUCIO_HOME"]) / "etc/rucio.cfg"
        if environment.get("RUCIO_HOME")
        else None,
        Path("~/.rucio/rucio.cfg").expanduser(),
        Path("/opt/rucio/etc/rucio.cfg"),
    ]
    return next((path for path in candidates if path is not None and path.is_file()), None)


def read(path: Path, environment: Mapping[str, str]) -> tuple[InstanceSettings, str]:
    """Read the ``[client]`` section.

    Returns
    -------
    InstanceSettings, str
        The instance called ``rucio.cfg``; the password that stands there, or an empty string.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or names no server.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
        client = parser["client"]
        url = environment.get("RUCIO_HOST") or client["rucio_host"]
    except (OSError, KeyError, configparser.Error) as e:
        raise ConfigurationError(
            f"{path} has no usable [client] section with a rucio_host.",
            hint="Copy the file that your experiment gives for the rucio command.",
        ) from e
    kind = environment.get("RUCIO_AUTH_TYPE") or client.get("auth_type", "userpass")
    account = environment.get("RUCIO_ACCOUNT") or client.get("account")
    ca_file = environment.get("RUCIO_CA_CERT") or client.get("ca_cert", "")
    fields: dict[str, Any] = {
        "name": "rucio.cfg",
        "title": url.partition("//")[2].partition("/")[0],
        "url": url,
        "auth_url": environment.get("RUCIO_AUTH_HOST") or client.get("auth_host") or url,
        "account": account,
        "ca_file": ca_file if ca_file and Path(ca_file).exists() else None,
        "storage_cert_file": environment.get("X509_USER_PROXY")
        or client.get("client_x509_proxy")
        or client.get("client_cert"),
    }
    if kind == "userpass":
        fields |= {"auth": "userpass", "username": client.get("username", account)}
    elif kind == "oidc":
        token_file = client.get("auth_token_file_path", "")
        fields |= {"auth": "token_file" if token_file else "auto"}
        fields |= {"token_file": token_file or None, "storage_token": "rucio"}
    elif kind in ("x509", "x509_proxy"):
        fields |= {"auth": "x509"}
    else:
        raise ConfigurationError(
            f"{path} asks for the sign-in {kind}, which is not supported.",
            hint="Use userpass, x509, x509_proxy or oidc.",
        )
    return InstanceSettings(**fields), client.get("password", "")
