"""Rucio's REST protocol (Rucio 41, ``/docs/rest_api_doc``), and nothing else.

Listings stream as NDJSON; their HTTP status is fixed before the first row, so that a listing
which breaks later is seen only by how it ends. Every remote error becomes one of ours here.
"""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import httpx

from escape_vre.core import bodies
from escape_vre.core.client import AuthorisedClient
from escape_vre.core.http import RemoteClient
from escape_vre.core.tokens import TokenChain
from escape_vre.services.datalake.dialect import RucioDialect
from escape_vre.services.datalake.intake import Did, sentence, word

STREAM = "application/x-json-stream"
SCHEMES = ("davs", "https", "http", "dav", "file")


class RucioClient:
    """One Rucio server, as one account: what the panel reads.

    Whatever else a feature asks of Rucio is in its own ``remote.py``, on :attr:`wire` and
    :meth:`rows`.

    Parameters
    ----------
    environment : mapping
        The caller's allow-listed variables, for token sources that look there.

    Attributes
    ----------
    wire : AuthorisedClient
        Sends single requests, with the token and the errors of this server.
    dialect : RucioDialect
        What its refusals mean.
    """

    def __init__(
        self,
        url: str,
        *,
        http: RemoteClient,
        tokens: TokenChain,
        title: str,
        environment: Mapping[str, str],
    ) -> None:
        self.dialect = RucioDialect(title)
        self.wire = AuthorisedClient(
            url, http=http, tokens=tokens, dialect=self.dialect, environment=environment
        )

    async def ping(self) -> str:
        """Return the server's version (GET /ping)."""
        return word((await self.wire.object("GET", "/ping")).get("version")) or "unknown"

    async def whoami(self) -> str:
        """Return the account that our token stands for (GET /accounts/whoami)."""
        account = word((await self.wire.object("GET", "/accounts/whoami")).get("account"))
        if account is None:
            raise self.dialect.nonsense()
        return account

    async def scopes(self) -> list[str]:
        """Return every scope (GET /scopes/) that is one."""
        body = await self.wire.json("GET", "/scopes/")
        if not isinstance(body, list):
            raise self.dialect.nonsense()
        return [scope for scope in body if word(scope)]

    def dids(self, scope: str, pattern: str, kind: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the DIDs of a scope whose name matches (GET /dids/<scope>/dids/search, long)."""
        query = {"name": pattern, "type": kind, "long": "1", "recursive": "0"}
        return self.rows("GET", f"/dids/{part_of(scope)}/dids/search", params=query)

    def contents(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the direct children of a collection (GET /dids/<did>/dids)."""
        return self.rows("GET", f"/dids/{path_of(did)}/dids")

    def parents(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the collections that hold a DID directly (GET /dids/<did>/parents)."""
        return self.rows("GET", f"/dids/{path_of(did)}/parents")

    def files(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield every file of a DID, at any depth (GET /dids/<did>/files)."""
        return self.rows("GET", f"/dids/{path_of(did)}/files")

    async def did(self, did: Did, *, count: bool = True) -> dict[str, Any]:
        """Return a DID's status; bytes and length summed over its files where asked."""
        depth = {"dynamic_depth": "FILE"} if count else {}
        return await self.wire.object("GET", f"/dids/{path_of(did)}", params=depth)

    async def metadata(self, did: Did) -> dict[str, Any]:
        """Return all of a DID's metadata (GET /dids/<did>/meta, plugin ALL)."""
        return await self.wire.object("GET", f"/dids/{path_of(did)}/meta", params={"plugin": "ALL"})

    def metadata_of(self, dids: Iterable[Did]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the columns of many DIDs in one call (POST /dids/bulkmeta)."""
        body = {"dids": dids_of(dids), "inherit": False, "plugin": "DID_COLUMN"}
        return self.rows("POST", "/dids/bulkmeta", json=body)

    def dataset_replicas_of(self, dids: Iterable[Did]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the sites of many datasets in one call (POST /replicas/datasets_bulk)."""
        return self.rows("POST", "/replicas/datasets_bulk", json={"dids": dids_of(dids)})

    def dataset_replicas(self, did: Did) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the sites of a dataset, counted again (GET /replicas/<did>/datasets, deep)."""
        return self.rows("GET", f"/replicas/{path_of(did)}/datasets", params={"deep": "True"})

    def replicas(
        self,
        dids: Iterable[Did],
        *,
        all_states: bool = False,
        schemes: Sequence[str] | None = SCHEMES,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield every file with its replicas, sizes and checksums (POST /replicas/list).

        Parameters
        ----------
        schemes : sequence of str or None
            Those that replicas are wanted by; None for all there are.
        """
        body: dict[str, Any] = {"dids": dids_of(dids), "all_states": all_states}
        if schemes is not None and not all_states:
            body["schemes"] = list(schemes)
        return self.rows("POST", "/replicas/list", json=body)

    def rows(self, method: str, path: str, **options: Any) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the objects of a list; asked again where it fails before the first.

        A line that holds no object is yielded as an empty one, to be counted with the other rows
        that say nothing.
        """
        headers = {"Accept": STREAM}
        return self.wire.rows(method, path, self._objects, headers=headers, **options)

    async def _objects(self, response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the objects of a body; a body with none at all is no list of Rucio's."""
        found = strange = False
        async with aclosing(bodies.lines(response)) as lines:
            async for line in lines:
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as e:
                    if not line.endswith(b"\n"):
                        raise self.dialect.broken_off("the last row is torn") from e
                    row, strange = None, True
                if isinstance(row, dict):
                    found = True
                    if "ExceptionClass" in row:  # how Rucio ends a list that broke on the way
                        raise self.dialect.broken_off(sentence(row.get("ExceptionMessage")))
                yield row if isinstance(row, dict) else {}
        if strange and not found:
            raise self.dialect.nonsense()


def part_of(text: str) -> str:
    """Return a part of a path; one of dots alone would lead elsewhere."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def path_of(did: Did) -> str:
    """Return the part of a path that names a DID."""
    return f"{part_of(did[0])}/{part_of(did[1])}"


def dids_of(dids: Iterable[Did]) -> list[dict[str, str]]:
    """Return DIDs as Rucio takes them in a body."""
    return [{"scope": scope, "name": name} for scope, name in dids]
