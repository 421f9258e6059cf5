"""The secret by which a provider knows this hub."""

import os
from pathlib import Path

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub import mounted
from escape_vre.hub.mounted import CLIENT_SECRET
from escape_vre.hub.settings import Login


def client_secret(login: Login) -> str:
    """Return the client's secret, read now: files are replaced.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    try:
        if login.client_secret_file:
            secret = Path(login.client_secret_file).read_text(encoding="utf-8").strip()
        else:
            secret = os.environ.get(login.client_secret_env, "") or mounted.read(CLIENT_SECRET)
            secret = secret.strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(
            f"Could not read the client's secret from {login.secret_place}.",
            hint="Correct the setting, or the file's permissions.",
        ) from e
    if not secret:
        raise ConfigurationError(
            f"There is no client's secret in {login.secret_place}.",
            hint="Put the secret there that the provider issued when the client was registered.",
        )
    return secret
