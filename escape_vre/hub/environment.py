"""What the hub's configuration puts into the environment of users' servers.

JupyterHub passes only the variables that a configuration lists. No secret of the hub may be among
them: everyone who can enter a server can read its environment.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub.client_secret import client_secret
from escape_vre.hub.mounted import CLIENT_SECRET, KEYS
from escape_vre.hub.sealing import read_keys
from escape_vre.hub.settings import HubSettings, Login
from escape_vre.hub.traits import listed
from escape_vre.hub.trial import TOKEN

JUPYTERHUBS = ("CONFIGPROXY_AUTH_TOKEN", "JUPYTERHUB_CRYPT_KEY", "JPY_COOKIE_SECRET")
"""Variables with which JupyterHub itself gets its secrets."""

MIN_LENGTH = 8
"""A shorter value is too common to be recognised inside another."""


def check_environment(c: Config, settings: HubSettings) -> None:
    """Check that no spawner passes a secret of the hub to users' servers.

    Raises
    ------
    ConfigurationError
        One does; the message names the option and the variable, never the secret.
    """
    names = {*JUPYTERHUBS, TOKEN}
    values = [os.environ.get(name, "") for name in names]
    if isinstance(settings.login, Login):
        names |= {settings.login.client_secret_env, settings.keys.env}
        values += [client_secret(settings.login), *read_keys(settings.keys)]
    secrets = [value for value in values if len(value) >= MIN_LENGTH]
    for section, options in c.items():
        if not isinstance(options, Config):
            continue
        for name in listed(options.get("env_keep")):
            if name in names:
                raise _passes(f"c.{section}.env_keep", name)
        for name, value in _entries(options.get("environment")):
            if _is_secret(value, secrets):
                raise _passes(f"c.{section}.environment", name)


def _entries(found: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(found, LazyConfigValue):
        found = found.get_value({})
    if isinstance(found, Mapping):
        yield from ((str(name), value) for name, value in found.items())


def _is_secret(value: Any, secrets: list[str]) -> bool:
    if isinstance(value, Mapping):  # kubespawner's way to name a key of a Secret
        source = value.get("valueFrom") or value.get("value_from") or {}
        chosen = source.get("secretKeyRef") or source.get("secret_key_ref") or {}
        return chosen.get("key") in (CLIENT_SECRET, KEYS) or _is_secret(value.get("value"), secrets)
    return isinstance(value, str) and any(secret in value for secret in secrets)


def _passes(option: str, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{option} passes a secret of the hub to users' servers, as {name}.",
        hint="Remove it: users' servers ask the hub for tokens instead"
        " (values of Zero to JupyterHub: jupyterhub.singleuser.extraEnv).",
    )
