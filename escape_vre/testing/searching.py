"""The contract of a service that can be searched; its test inherits :class:`SearchableContract`."""

import asyncio
from contextlib import aclosing
from typing import Any, ClassVar

import pytest

from escape_vre.client import AgentClient
from escape_vre.core.errors import RemoteError
from escape_vre.core.refs import ResourceRef
from escape_vre.core.registry import plugins
from escape_vre.core.service import Hit, Searchable, SearchQuery, Service, Skipped
from escape_vre.testing.remote import Remote


class Found(Service, Searchable):
    """A service that can be searched."""


class SearchableContract:
    """What a search must do, in the service and at the agent's route ``GET /<name>/search``.

    A test class that inherits this has the fixtures ``remote``, a :class:`Remote`, and
    ``service``, made for it; the agent's configuration names the same remote.
    """

    name: ClassVar[str]
    text: ClassVar[str]
    """What finds two things at least."""

    def test_a_hit_comes_while_the_remote_goes_on(self, service: Found, remote: Remote) -> None:
        remote.free.clear()
        first = self._first(service)
        assert isinstance(first, Hit)
        assert ResourceRef.parse(first.ref).scheme in plugins()[self.name].schemes

    def test_who_has_seen_enough_ends_the_search(self, service: Found, remote: Remote) -> None:
        remote.free.clear()
        self._first(service)
        assert remote.left.wait(60), "the remote searches on for nobody"

    def test_a_remote_that_is_down_is_an_error_with_a_hint(
        self, service: Found, remote: Remote
    ) -> None:
        remote.stop()
        with pytest.raises(RemoteError) as caught:
            self._first(service)
        assert caught.value.hint

    def test_a_list_that_is_cut_off_says_so(self, remote: Remote) -> None:
        del remote
        *rows, last = self._rows(limit=1)
        assert (len(rows), last["end"]["truncated"]) == (1, True)
        *rows, last = self._rows(limit=1000)
        assert len(rows) > 1
        assert last["end"] == {"count": len(rows), "truncated": False, "skipped": 0}

    def _first(self, service: Found) -> Hit | Skipped:
        async def first() -> Hit | Skipped:
            try:
                async with aclosing(service.search(SearchQuery(self.text))) as hits:
                    return await anext(hits)
            finally:
                await service.close()

        return asyncio.run(first())

    def _rows(self, limit: int) -> list[dict[str, Any]]:
        return list(AgentClient().stream(f"/{self.name}/search", text=self.text, limit=limit))
