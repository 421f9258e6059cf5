"""Which services are installed: entry points in the group ``escape_vre.services``."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.service import Plugin

GROUP = "escape_vre.services"


def plugins() -> dict[str, Plugin]:
    """Return the installed services by name, sorted.

    Raises
    ------
    ConfigurationError
        An entry point is not a :class:`Plugin`, or two have one name.
    """
    found: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        plugin = point.load()
        if not isinstance(plugin, Plugin) or plugin.name != point.name:
            raise ConfigurationError(
                f"The service {point.name} ({point.value}) is not a Plugin of that name.",
                hint="Uninstall the package that provides it, or contact its authors.",
            )
        if found.setdefault(plugin.name, plugin) is not plugin:
            raise ConfigurationError(
                f"Two installed packages bring a service called {plugin.name}.",
                hint="Uninstall one of them.",
            )
    return found


def load(name: str) -> Any:
    """Import what ``module:attribute`` names."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
