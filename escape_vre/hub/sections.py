"""The services' parts of the settings, as the installed plug-ins bring them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from traitlets.config import Config

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.hub_section import HubSection
from escape_vre.core.registry import installed
from escape_vre.core.settings import Agent, Transfers, configured

_OURS = {kind.__name__: kind for kind in (Agent, Transfers)}


@cache
def sections() -> Mapping[str, type[HubSection]]:
    """Return the sections by their services' names.

    Raises
    ------
    ConfigurationError
        A service's section cannot be used, or has a setting that another service has; the message
        names the service.
    """
    services = installed()
    found: dict[str, type[HubSection]] = {}
    owners: dict[str, str] = {}
    for name, plugin in services.plugins.items():
        if not plugin.hub:
            continue
        section = services.part(plugin, plugin.hub)
        if not isinstance(section, type) or not issubclass(section, HubSection):
            raise ConfigurationError(
                f"{plugin.hub} of the service {name} is not a HubSection.",
                hint="Update or uninstall the package that provides it.",
            )
        for field in section.model_fields:
            if owners.setdefault(field, name) != name:
                raise ConfigurationError(
                    f"The services {owners[field]} and {name} both have a setting called {field}.",
                    hint="Uninstall one of their packages.",
                )
        found[name] = section
    return found


def check_config(config: Mapping[str, Mapping[str, Any]]) -> None:
    """Check a part of ``escape_vre_config``: that something in users' servers reads all of it.

    Raises
    ------
    ConfigurationError
        It names no group of settings, no setting of its group, or a value of the wrong type.
    """
    services = installed()
    named = {
        plugin.settings.partition(":")[2]: plugin
        for plugin in services.plugins.values()
        if plugin.settings
    }
    others = frozenset[str]().union(*(section.other_groups for section in sections().values()))
    for name, options in config.items():
        if name in others:
            continue
        if name in _OURS:
            kind = _OURS[name]
        elif name in named:
            kind = services.part(named[name], named[name].settings)
        else:
            known = ", ".join(sorted({*_OURS, *named, *others}))
            raise ConfigurationError(
                f"{name} is not a group of settings.", hint=f"Known groups: {known}."
            )
        configured(kind, Config({name: dict(options)}))
