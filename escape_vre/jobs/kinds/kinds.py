"""Which kinds of job there are."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from escape_vre.core.errors import ConfigurationError
from escape_vre.jobs.kinds.kind import Kind

K = TypeVar("K", bound=Kind[Any])


class Kinds:
    """Finds kinds by name; those of a service are imported when its first job needs one.

    Parameters
    ----------
    shared : iterable of Kind
        Those that every service can use.
    brought : callable
        Gives those that a service of a name brings; raises ConfigurationError where it is not
        installed or cannot be used.
    """

    def __init__(
        self, shared: Iterable[Kind[Any]], brought: Callable[[str], Iterable[Kind[Any]]]
    ) -> None:
        self._shared = {kind.name: kind for kind in shared}
        self._brought = brought
        self._known: dict[str, dict[str, Kind[Any]]] = {}

    def of(self, wanted: type[K]) -> K:
        """Return the shared kind of a class."""
        return next(kind for kind in self._shared.values() if isinstance(kind, wanted))

    def find(self, service: str, name: str) -> Kind[Any]:
        """Return what a service's job does.

        Raises
        ------
        ConfigurationError
            There is no such kind, or its package cannot be used.
        """
        if kind := self._shared.get(name):
            return kind
        if service not in self._known:
            self._known[service] = {kind.name: kind for kind in self._brought(service)}
        if name not in self._known[service]:
            raise ConfigurationError(
                f"The service {service} has no jobs that {name}.",
                hint="Update the package that provides it, then try the job again.",
            )
        return self._known[service][name]
