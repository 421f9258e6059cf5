"""Tells Rucio how much fits onto the sites that are limited, as sites themselves do."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

from rucio.core.rse import get_rse_id, set_rse_usage
from rucio.db.sqla.constants import DatabaseOperationType
from rucio.db.sqla.session import db_session

from ..behaviour import Current, bytes_stored
from ..layout import Layout


class StorageUsage:
    """Keeps the ``storage`` usage of sites true."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._behaviour = Current(layout.behaviour)
        self._told: dict[str, tuple[int, int]] = {}

    def tell(self) -> None:
        """Set what has changed since the last time."""
        for site, capacity in self._behaviour().capacity.items():
            used = bytes_stored(self._layout.site(site))
            if self._told.get(site) == (used, capacity):
                continue
            with db_session(DatabaseOperationType.WRITE) as session:
                rse = get_rse_id(site, session=session)
                free = max(0, capacity - used)
                set_rse_usage(rse, source="storage", used=used, free=free, session=session)
            self._told[site] = (used, capacity)
