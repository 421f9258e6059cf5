"""Entries of rucio-jupyterlab, so that a site can switch.

Its schema is ``rucio_jupyterlab/config/schema.py`` of version 41.0.0. What we do about each key
stands in the administrator's guide (``docs/admin/instances.md``).
"""

import logging
from collections.abc import Mapping
from typing import Any

from escape_vre.core.errors import ConfigurationError

log = logging.getLogger(__name__)

_READ = {
    "name": "name",
    "display_name": "title",
    "rucio_base_url": "url",
    "rucio_auth_url": "auth_url",
    "rucio_ca_cert": "ca_file",
    "vo": "vo",
}
_SIGN_IN = ("oidc_auth", "oidc_file_name", "oidc_env_name")
_GROUP = ("instances", "default_instance")


class Peer:
    """What ``RucioConfig`` says.

    Parameters
    ----------
    group : mapping
        The group of settings, as it stands in the configuration.
    """

    def __init__(self, group: Mapping[str, Any]) -> None:
        self._entries = [entry for entry in group.get("instances", []) if isinstance(entry, dict)]
        self.default: str | None = group.get("default_instance") or None
        _say("RucioConfig", set(group) - set(_GROUP))

    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """Return where each usable entry stands, and it as an entry of ours."""
        return [
            (f"RucioConfig.instances[{n}]", _ours(entry, f"RucioConfig.instances[{n}]"))
            for n, entry in enumerate(self._entries)
            if not _is_remote(entry)
        ]

    def remote(self) -> dict[str, ConfigurationError]:
        """Return by name why entries that stand elsewhere cannot be used."""
        return {
            str(entry.get("name")): ConfigurationError(
                f"The data lake {entry.get('name')} is described at {entry['$url']}, which is not"
                " read: what an agent obeys stands on its own disk.",
                hint="Write the content of that address into escape_vre_config.json.",
            )
            for entry in self._entries
            if _is_remote(entry)
        }


def _is_remote(entry: Mapping[str, Any]) -> bool:
    return "$url" in entry and not entry.get("rucio_base_url")


def _ours(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    found = {ours: entry[theirs] for theirs, ours in _READ.items() if entry.get(theirs)}
    _say(where, set(entry) - set(_READ) - set(_SIGN_IN))
    file, variable = entry.get("oidc_file_name"), entry.get("oidc_env_name")
    if entry.get("oidc_auth") == "file" and file:
        return found | {"auth": "token_file", "token_file": file, "storage_token": "rucio"}
    if entry.get("oidc_auth") == "env" and variable:
        more = {"token_variable": variable, "storage_token": "rucio"}
        return found | {"auth": "environment"} | more
    return found | {"auth": "environment"}


def _say(where: str, keys: set[str]) -> None:
    if keys:
        log.warning(
            "%s: passed over: %s; see the administrator's guide", where, ", ".join(sorted(keys))
        )
