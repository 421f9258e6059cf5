"""The RSEs of a lake: its two sites, and a third place whose storages are special.

Standard library only: the product's environment and the lake's own both read it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from .layout import GENERIC, PREFIX, Layout

TAPE_PREFIX = "/tape"
LOCAL_PREFIX = "/local"
ARCHIVE_PREFIX = "/archive"
PREFIXES = (PREFIX, TAPE_PREFIX, LOCAL_PREFIX, ARCHIVE_PREFIX)

# The policies let an ordinary account register files only at RSEs whose names end so.
_LOCAL = {GENERIC: "EAST-LOCALGROUPDISK", "escape": "EAST-PIC-DCACHE"}


@dataclass(frozen=True)
class Rse:
    """One RSE.

    Parameters
    ----------
    host : str — site whose server has its files.
    prefix : str — folder of that server, as it stands in URLs.
    attributes : dict — Rucio's attributes of the RSE.
    kind : dict — what Rucio knows about the RSE itself, where it is not an ordinary disk.
    """

    host: str
    prefix: str
    attributes: dict[str, str]
    kind: dict[str, object] = field(default_factory=dict)

    def folder(self, layout: Layout) -> Path:
        """Return the folder with its files."""
        return layout.site(self.host) / self.prefix.strip("/")


def rses(layout: Layout) -> dict[str, Rse]:
    """Return a lake's RSEs by their names."""
    north, south = layout.sites

    def attributes(site: str, country: str, kind: str, qos: str) -> dict[str, str]:
        return {"site": site, "country": country, "type": kind, "QOS": qos, "synthetic": "yes"}

    return {
        north: Rse(north, PREFIX, attributes(north, "NL", "DATADISK", "FAST")),
        south: Rse(south, PREFIX, attributes(south, "IT", "DATADISK", "CHEAP-ANALYSIS")),
        _LOCAL[layout.policy]: Rse(
            south,
            LOCAL_PREFIX,
            {**attributes("EAST", "PL", "LOCALDISK", "OPPORTUNISTIC"), "naming_convention": "def"},
            {"deterministic": False},
        ),
        "EAST-TAPE": Rse(
            south,
            TAPE_PREFIX,
            attributes("EAST", "PL", "DATATAPE", "SAFE"),
            {"rse_type": "TAPE"},
        ),
        "EAST-ARCHIVE": Rse(
            south,
            ARCHIVE_PREFIX,
            attributes("EAST", "PL", "DATADISK", "SAFE"),
            {"availability_write": False},
        ),
    }
