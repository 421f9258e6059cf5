"""The status of a lake, as seen from outside."""

from typing import TypedDict


class Status(TypedDict):
    """The status of a lake.

    ``state`` is ``absent``, ``stopped``, ``starting``, ``ready`` or ``broken``; ``bytes`` maps
    ``database`` and each site to bytes on disk, ``memory_bytes`` is the resident size of all
    processes, shared pages counted once (None if the system does not report it).
    """

    state: str
    problem: str | None
    home: str
    url: str | None
    policy: str
    issuer: str | None
    pids: dict[str, int]
    bytes: dict[str, int]
    memory_bytes: int | None
