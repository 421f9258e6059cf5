"""The decisions of the shelf: what is found, where a file is, what a job is asked."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from traitlets import Unicode
from traitlets.config import Config, Configurable

from escape_vre.core.errors import ConfigurationError, EscapeError, UsageError
from escape_vre.core.keyring import Keyring
from escape_vre.core.refs import ResourceRef
from escape_vre.core.service import (
    Environment,
    FetchQuery,
    FileSource,
    Hit,
    SearchQuery,
    Skipped,
    StorageAccess,
)
from escape_vre.core.settings import configured
from escape_vre_shelf.client import ShelfClient


class Shelf(Configurable):
    """The shelf."""

    url = Unicode("", help="Address of the shelf, such as https://shelf.example.org.").tag(
        config=True
    )


def create(config: Config, keyring: Keyring) -> "ShelfService":
    """Make the service."""
    del keyring  # the shelf knows no users
    url = configured(Shelf, config).url
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(
            "No shelf is configured.", hint="Set Shelf.url in escape_vre_config.json."
        )
    return ShelfService(ShelfClient(url.rstrip("/")))


class PlainStorage(StorageAccess):
    """The shelf may be reached without TLS."""

    def may_be_plain(self, url: str) -> bool:
        """Allow it."""
        return True


class ShelfService:
    """The shelf, for the agent's routes and for jobs."""

    name = "shelf"

    def __init__(self, remote: ShelfClient) -> None:
        self.remote = remote

    async def search(self, query: SearchQuery) -> AsyncGenerator[Hit | Skipped, None]:
        """Yield the items whose name holds a text, as the shelf names them."""
        async for item in self.remote.items(query.text):
            if isinstance(item.get("name"), str):
                yield Hit(ref=f"shelf:{item['name']}", title=item["name"], bytes=item.get("size"))
            else:
                yield Skipped(1)

    async def sources(self, query: FetchQuery) -> AsyncGenerator[FileSource | Skipped, None]:
        """Yield where the files are."""
        for ref in query.refs:
            item = await self.remote.item(name_of(ref))
            yield FileSource(
                ref=ref,
                parts=(item["name"],) if query.flat else ("shelf", item["name"]),
                urls=(f"{self.remote.url}/files/{item['name']}",),
                bytes=item["size"],
                checksums={"adler32": item["adler32"]},
            )

    async def storage(self, query: FetchQuery) -> StorageAccess:
        """Return that no credentials are needed."""
        return PlainStorage()

    async def refusals(self, query: FetchQuery) -> AsyncGenerator[EscapeError, None]:
        """Yield nothing: there is no sign-in to wait for."""
        return
        yield

    async def store(self, file: Path, ref: str, environment: Environment) -> None:
        """Put a file onto the shelf; the same file again changes nothing."""
        await self.remote.put(name_of(ref), file)

    async def close(self) -> None:
        """Close the connections."""
        await self.remote.close()


def name_of(ref: str) -> str:
    """Return the name of the item that a ref stands for."""
    found = ResourceRef.parse(ref)
    if found.scheme != "shelf":
        raise UsageError(f"{ref} is not on a shelf.", hint="Give shelf:name.")
    return found.body


def named(refs: Sequence[str]) -> str:
    """Return what to call a job about some refs."""
    more = f" and {len(refs) - 1} more" if len(refs) > 1 else ""
    return f"{name_of(refs[0])}{more}"
