"""What users' pods on Kubernetes get from the hub.

A server's configuration is in annotations of its own pod, which the kubelet writes into files: no
ConfigMap that could differ from the settings, and no container that runs before the server.
"""

import json
from collections.abc import Mapping
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from escape_vre.hub.settings import HubSettings

CONFIG = "escape-vre.config"
AUTHORITIES = "escape-vre.authorities"
"""Annotations of a user's pod."""

VOLUME = "escape-vre-config"
CONFIG_FILE = "/etc/jupyter/escape_vre_config.d/50-hub.json"
AUTHORITIES_FILE = "/etc/escape-vre/authorities.pem"


def users_config(settings: HubSettings) -> dict[str, Any]:
    """Return what a user's agent reads, as ``escape_vre_config`` has it."""
    config = {name: dict(section) for name, section in settings.user.config.items()}
    ca_file = AUTHORITIES_FILE if settings.authorities else None
    parts = [section.config(ca_file) for section in settings.services.values()]
    if settings.user.data_dir:
        parts.append({"Agent": {"data_dir": settings.user.data_dir}})
    for part in parts:
        for name, options in part.items():
            config.setdefault(name, {}).update(options)
    return config


SPAWNER = "escape_vre.hub.spawner.EscapeSpawner"
KUBESPAWNERS = frozenset(
    {"kubespawner", "kubespawner.KubeSpawner", "kubespawner.spawner.KubeSpawner"}
)
"""KubeSpawner itself, as a site may name it; a site's own class is kept."""


def equip(c: Config, settings: HubSettings) -> None:
    """Give users' pods their configuration, and explain why one does not start.

    What the site gives its pods is kept.

    Parameters
    ----------
    c : Config
        The hub's configuration; without kubespawner, this changes nothing.
    settings : HubSettings
        The site's.
    """
    config = json.dumps(users_config(settings), sort_keys=True)
    _add(c, AUTHORITIES, settings.authorities, AUTHORITIES_FILE)
    _add(c, CONFIG, config if config != "{}" else None, CONFIG_FILE)
    chosen = c.get("JupyterHub", {}).get("spawner_class")
    if isinstance(chosen, type):
        chosen = f"{chosen.__module__}.{chosen.__qualname__}"
    if chosen in KUBESPAWNERS:
        # By name: only JupyterHub imports kubespawner, if it is used.
        c.JupyterHub.spawner_class = SPAWNER


def _add(c: Config, annotation: str, text: str | None, path: str) -> None:
    """Give every pod a file with this text."""
    if text is None:
        return
    name = annotation.partition(".")[2]
    spawner = c.KubeSpawner
    spawner.extra_annotations = {
        **_named(spawner.get("extra_annotations")),
        # kubespawner expands {username} and its like in all that it is given.
        annotation: text.replace("{", "{{").replace("}", "}}"),
    }
    volumes = _named(spawner.get("volumes"))
    volume = volumes.setdefault(VOLUME, {"name": VOLUME, "downwardAPI": {"items": []}})
    volume["downwardAPI"]["items"].append(
        {"path": name, "fieldRef": {"fieldPath": f"metadata.annotations['{annotation}']"}}
    )
    spawner.volumes = volumes
    spawner.volume_mounts = {
        **_named(spawner.get("volume_mounts")),
        # One file each, so that other files of the image stay visible.
        annotation: {"name": VOLUME, "mountPath": path, "subPath": name, "readOnly": True},
    }


def _named(found: Any) -> dict[str, Any]:
    """Return kubespawner's collections as mappings; it takes lists too, and z2jh gives mappings."""
    if isinstance(found, LazyConfigValue):
        found = found.get_value({})
    if isinstance(found, Mapping):
        return dict(found)
    # Two mounts may use one volume, so the name alone cannot be the key.
    return {f"{n:03}-{entry['name']}": entry for n, entry in enumerate(found or ())}
