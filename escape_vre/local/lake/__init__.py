"""A real Rucio data lake on one machine: server, daemons, database, two storage sites."""

from .errors import LakeError
from .lake import Lake

__all__ = ["Lake", "LakeError"]
