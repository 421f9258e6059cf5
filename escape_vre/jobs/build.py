"""Puts a job desk together from its parts."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from escape_vre.core.loops import Loops
from escape_vre.core.settings import Transfers
from escape_vre.jobs.desk import JobDesk
from escape_vre.jobs.kinds.get import Get
from escape_vre.jobs.kinds.kind import Kind
from escape_vre.jobs.kinds.kinds import Kinds
from escape_vre.jobs.lease import Owner
from escape_vre.jobs.manifest import Manifest


def make_desk(
    *,
    state: Path,
    lock: Path,
    settings: Transfers,
    data_dir: Callable[[], Path],
    service: Callable[[str], Any],
    kinds: Callable[[str], Iterable[Kind[Any]]] = lambda _: (),
    keep_days: float,
    loops: Loops,
) -> JobDesk:
    """Return the desk of a state directory, with the kinds that every service can use.

    Parameters
    ----------
    lock : Path
        The lock that this agent holds while it runs.
    data_dir : callable
        Gives the folder that files go to when no other was asked for.
    service, kinds : callable
        Give the service of a name, and the kinds of job that it brings; raise ConfigurationError
        where it cannot be used.
    keep_days : float
        How long finished jobs stay, days.
    """
    get = Get(
        settings=settings,
        manifest=Manifest(state / "manifest"),
        data_dir=data_dir,
        loops=loops,
    )
    return JobDesk(
        state=state,
        owner=Owner.this(lock),
        kinds=Kinds([get], kinds),
        service=service,
        keep_days=keep_days,
        loops=loops,
    )
