"""Which services are installed: entry points in the group ``escape_vre.services``.

A package whose entry point makes no sense is named where its service is asked for; it never keeps
the others from working.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.plugin import Plugin

log = logging.getLogger(__name__)

GROUP = "escape_vre.services"
RESERVED = frozenset({"agent", "jobs", "services", "tokens"})
"""Words that stand for the agent's own routes."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The installed services.

    Parameters
    ----------
    plugins : mapping
        By name, sorted.
    broken : mapping
        Why those that are installed, but cannot be used, cannot; by the entry point's name.
    packages : mapping
        Which package brings a service, by the service's name.
    """

    plugins: Mapping[str, Plugin] = field(default_factory=dict)
    broken: Mapping[str, ConfigurationError] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)

    def part(self, plugin: Plugin, where: str) -> Any:
        """Import what a plug-in names.

        Raises
        ------
        ConfigurationError
            It cannot be imported; the message names the package.
        """
        try:
            return load(where)
        except Exception as e:
            log.exception("the service %s cannot be used", plugin.name)
            raise unusable(plugin.name, self.packages.get(plugin.name, ""), _reason(e)) from e


def unusable(name: str, package: str, reason: str) -> ConfigurationError:
    """Return the error of a service whose package is at fault."""
    of = f"package {package}" if package else "package that provides it"
    return ConfigurationError(
        f"The service {name} cannot be used: {reason}.",
        hint=f"Update or uninstall the {of}, then run 'escape-vre agent stop'.",
    )


@cache
def installed() -> Installed:
    """Return the installed services; looked up once per process."""
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    plugins: dict[str, Plugin] = {}
    broken: dict[str, ConfigurationError] = {}
    packages: dict[str, str] = {}
    for name, points in sorted(found.items()):
        brought_by = sorted({point.dist.name for point in points if point.dist})
        packages[name] = " or ".join(brought_by)
        try:
            plugins[name] = _plugin(points)
        except Exception as e:  # noqa: BLE001 — a module of another package may raise anything
            broken[name] = unusable(name, packages[name], _reason(e))
    return Installed(plugins, broken, packages)


def plugins() -> Mapping[str, Plugin]:
    """Return the installed services that can be used, by name, sorted."""
    return installed().plugins


def load(name: str) -> Any:
    """Import what ``module:attribute`` names."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def _plugin(points: list[EntryPoint]) -> Plugin:
    """Return the plug-in of the entry points of one name, of which there should be one."""
    name = points[0].name
    if len({point.value for point in points}) > 1:
        raise ConfigurationError("two installed packages provide a service of this name")
    if not re.fullmatch("[a-z][a-z0-9]*", name) or name in RESERVED:
        raise ConfigurationError("its name must be one word of small letters that is not reserved")
    plugin = points[0].load()
    if not isinstance(plugin, Plugin) or plugin.name != name:
        raise ConfigurationError(f"{points[0].value} is not a Plugin of that name")
    return plugin


def _reason(error: Exception) -> str:
    if isinstance(error, ConfigurationError):
        return error.message
    return f"{type(error).__name__}: {error}".rstrip(".")
