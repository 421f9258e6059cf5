"""Entries of rucio-jupyterlab, so that a site can switch.

Its schema is ``rucio_jupyterlab/config/schema.py`` of version 41.0.0. What we do about each key
stands in the administrator's guide (``docs/admin/instances.md``).
"""

import logging
from collections.abc import Collection, Mapping
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
_MOUNT = ("destination_rse", "rse_mount_path", "path_begins_at")
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
        self._default: str | None = group.get("default_instance") or None
        _say("RucioConfig", set(group) - set(_GROUP))

    def default(self, names: Collection[str]) -> str | None:
        """Return the name of the default instance, if it is one of these."""
        if self._default in names:
            return self._default
        if self._default:
            log.warning("RucioConfig.default_instance: %s cannot be the default", self._default)
        return None

    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """Return where each usable entry stands, and it as an entry of ours."""
        return [
            (f"RucioConfig.instances[{n}]", _ours(entry, f"RucioConfig.instances[{n}]"))
            for n, entry in enumerate(self._entries)
            if not _is_remote(entry)
        ]

    def remote(self) -> dict[str, str]:
        """Return the URL of each entry, by its name, that is described elsewhere."""
        return {
            str(entry.get("name")): str(entry["$url"])
            for entry in self._entries
            if _is_remote(entry)
        }


def not_read(name: str, url: str) -> ConfigurationError:
    """Return the error for the use of an entry that is described elsewhere."""
    return ConfigurationError(
        f"The data lake {name} is described at {url}, and escape-vre reads no configuration from"
        " the network.",
        hint="Copy the content of that address into escape_vre_config.json.",
    )


def _is_remote(entry: Mapping[str, Any]) -> bool:
    return "$url" in entry and not entry.get("rucio_base_url")


def _ours(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    found = {ours: entry[theirs] for theirs, ours in _READ.items() if entry.get(theirs)}
    mount = _mount(entry)
    found |= mount
    _say(where, set(entry) - set(_READ) - set(_SIGN_IN) - set(_MOUNT if mount else ()))
    file, variable = entry.get("oidc_file_name"), entry.get("oidc_env_name")
    if entry.get("oidc_auth") == "file" and file:
        return found | {"auth": "token_file", "token_file": file, "storage_token": "rucio"}
    if entry.get("oidc_auth") == "env" and variable:
        more = {"token_variable": variable, "storage_token": "rucio"}
        return found | {"auth": "environment"} | more
    return found | {"auth": "environment"}


def _mount(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage that its replica mode uses in place; nothing in its download mode."""
    rse, path = entry.get("destination_rse"), entry.get("rse_mount_path")
    if not rse or not path or entry.get("mode", "replica") != "replica":
        return {}
    begins_at = entry.get("path_begins_at") or 0
    return {"mounts": ({"rse": rse, "path": path, "begins_at": begins_at},)}


def _say(where: str, keys: set[str]) -> None:
    if keys:
        log.warning(
            "%s: passed over: %s; see the administrator's guide", where, ", ".join(sorted(keys))
        )
