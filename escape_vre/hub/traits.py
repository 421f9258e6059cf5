"""Reading a hub's configuration so far."""

from typing import Any

from traitlets.config.loader import LazyConfigValue


def listed(found: Any) -> list[Any]:
    """Return the entries of a list or set in the configuration, also if it was only added to."""
    if isinstance(found, LazyConfigValue):
        # Not get_value(), which would remember the kind of collection that we gave it.
        added = found.to_dict()
        added["inserts"] = [value for _, value in added.get("inserts", ())]
        return [value for values in added.values() for value in values]
    return list(found or ())
