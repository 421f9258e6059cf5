"""A real Rucio data lake on one machine: server, daemons, database, two storage sites."""

from typing import TYPE_CHECKING, Any

from .errors import LakeError

if TYPE_CHECKING:
    from .lake import Lake

__all__ = ["Lake", "LakeError"]


def __getattr__(name: str) -> Any:
    # The lake's processes import this package where there is no escape_vre, which Lake needs.
    if name == "Lake":
        from .lake import Lake

        return Lake
    raise AttributeError(name)
