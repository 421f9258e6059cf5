"""The contract of a service: the capabilities that it may offer.

A service is one object, named by its :class:`~escape_vre.core.plugin.Plugin`. It offers a
capability by having the methods of its protocol; nothing is registered elsewhere.
"""

import ssl
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from escape_vre.core.errors import EscapeError

if TYPE_CHECKING:  # kernels use this module too, with the standard library only
    from escape_vre.core.checks import Check, CheckQuery

Environment = Mapping[str, str]
"""The allow-listed variables that a caller sent with its request."""


class StorageAccess:
    """How to be let in by storages; asked in a worker thread, again for every request.

    The defaults send no credentials and allow nothing that is not safe everywhere.
    """

    def headers(
        self, url: str, *, refused: Mapping[str, str], check: Callable[[], None]
    ) -> Mapping[str, str]:
        """Return the headers to send to this URL, such as a bearer token that is still good.

        Parameters
        ----------
        refused : mapping
            Headers that the storage has just refused (401): return others, if possible.
        check : callable
            Called from time to time during a wait for a token; raises if the job should stop.

        Raises
        ------
        EscapeError
            No token is available.
        """
        del url, refused, check
        return {}

    def follows(self, url: str) -> bool:
        """Tell whether credentials go along to another origin, where a storage redirects there."""
        del url
        return False

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context for every hop; the same object while nothing has changed."""
        return ssl.create_default_context()

    def proxy(self, url: str) -> str | None:
        """Return the URL of the HTTP proxy through which a URL is asked; None for none."""
        del url
        return None

    def may_be_plain(self, url: str) -> bool:
        """Tell whether a redirect from https to this http URL is followed."""
        del url
        return False

    def problem(self) -> str:
        """Return what is wrong with our credentials, to explain a refusal; a sentence, or empty."""
        return ""

    def roots(self) -> Sequence[str]:
        """Return the folders below which ``file://`` replicas may be read; absolute paths."""
        return ()

    def urls(self, ref: str, check: Callable[[], None]) -> Sequence[str]:
        """Return a file's replicas as they are now, after a signed URL has ended."""
        del ref, check
        return ()


@dataclass(frozen=True, slots=True)
class InPlace:
    """Where a file should be on a storage that is mounted here, and the folder of that mount."""

    path: str
    root: str


@dataclass(frozen=True, slots=True)
class FileSource:
    """One file to get: its replicas, and how to verify it.

    Parameters
    ----------
    ref : str
        The file's ref.
    parts : tuple of str
        Raw names of its place below the destination, its own name last; not yet safe.
    urls : tuple of str
        Replicas, the best first.
    bytes : int or None
        Size, bytes.
    checksums : mapping
        ``adler32`` (8 hexadecimal digits) and ``md5`` (32), those that are known.
    collections : tuple of str
        Refs of the collections that are known to hold this file.
    in_place : tuple of InPlace
        Where it is on this machine already if all is well; it is then not copied.
    obstacle, way_out : str
        Where no replica can be read: why not, and what to do about it; a sentence each.
    """

    ref: str
    parts: tuple[str, ...]
    urls: tuple[str, ...]
    bytes: int | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    in_place: tuple[InPlace, ...] = ()
    obstacle: str = ""
    way_out: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Rows of a remote list that made no sense, in place of the files that they stood for."""

    rows: int


@dataclass(frozen=True, slots=True)
class FetchQuery:
    """What a job gets.

    Parameters
    ----------
    files : sequence of str
        Patterns that choose some files of a collection.
    flat : bool
        Whether the user chose the folder: :attr:`FileSource.parts` then leave out the folder that
        only says what the user has named, such as the scope.
    copy : bool
        Copy what is mounted here, too.
    """

    instance: str
    refs: Sequence[str]
    files: Sequence[str] = ()
    environment: Environment = field(default_factory=dict)
    flat: bool = False
    copy: bool = False


@runtime_checkable
class Fetchable(Protocol):
    """A service whose refs stand for files.

    Its route ``POST /get`` takes ``refs`` as users type them, ``instance``, ``to``, ``files`` and
    ``client``, and answers with the job, so that getting is the same for all services. One
    that has files in place takes ``copy_mounted``.
    """

    def sources(self, query: FetchQuery) -> AsyncGenerator[FileSource | Skipped, None]:
        """Yield a source for every file, and how many rows could not be read as one.

        Raises
        ------
        NotFoundError
            A ref does not exist.
        """
        ...

    async def storage(self, query: FetchQuery) -> StorageAccess:
        """Return the credentials for the storages of an instance."""
        ...

    def refusals(self, query: FetchQuery) -> AsyncGenerator[EscapeError, None]:
        """Yield why access is refused, again when the reason changes, until it is granted.

        Asked after an error that is :attr:`~EscapeError.worth_waiting`; raises any other.
        """
        ...


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for, in the service's own words."""

    text: str
    environment: Environment = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; ``bytes`` is its size where that is known."""

    ref: str
    title: str
    bytes: int | None = None


@runtime_checkable
class Searchable(Protocol):
    """A service that can be searched."""

    def search(self, query: SearchQuery) -> AsyncGenerator[Hit | Skipped, None]:
        """Yield what is found as it comes, in the service's order; closing it ends the search."""
        ...


@runtime_checkable
class Storable(Protocol):
    """A service that takes files."""

    async def store(self, file: Path, ref: str, environment: Environment) -> None:
        """Store a file under a ref; the same again changes nothing, so that a job can go on.

        Raises
        ------
        ConflictError
            Other bytes are stored there.
        """
        ...


@runtime_checkable
class NamesVariables(Protocol):
    """A service whose configuration names variables of the caller."""

    def variables(self, environment: Environment) -> Collection[str]:
        """Return their names, for a caller of this environment; may read files."""
        ...


@runtime_checkable
class HasAccounts(Protocol):
    """A service with instances at which its users have accounts.

    Its routes ``GET /instances`` and ``GET /whoami`` answer what these return, so that signing in
    is the same for all services: ``{"instances": […]}``, each with ``name``, ``title`` and
    ``identity`` (null without a sign-in by a code), and an ``account``.
    """

    def instances(self, environment: Environment) -> Sequence[object]:
        """Return the configured instances, the default first."""

    async def whoami(self, instance: str | None, environment: Environment) -> object:
        """Return the account at an instance; raises AuthError for one who is not signed in."""


@runtime_checkable
class Checkable(Protocol):
    """A service that can say what of it works, for ``escape-vre doctor``."""

    def checks(self, query: "CheckQuery") -> "AsyncGenerator[Check, None]":
        """Yield checks as they are done; closing it ends those that are not.

        What does not work is a check that has failed, never an error; each takes a limited time
        (:func:`escape_vre.core.checks.checked`). Nothing is written unless the query says so.
        """
        ...


@runtime_checkable
class Service(Protocol):
    """What the agent makes when a service is first used."""

    name: str

    async def close(self) -> None:
        """Close connections."""
        ...


CAPABILITIES: Mapping[str, type] = {
    "accounts": HasAccounts,
    "checkable": Checkable,
    "fetchable": Fetchable,
    "names_variables": NamesVariables,
    "searchable": Searchable,
    "storable": Storable,
}
"""What a service may offer: the word in :attr:`Plugin.capabilities`, and the protocol."""
