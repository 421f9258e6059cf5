"""What a put asks of Rucio (Rucio 41, ``/docs/rest_api_doc``); no decisions.

All of it is in bulk: a put of any number of files costs far less than one request per file.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from escape_vre.services.datalake.client import RucioClient, dids_of, part_of, path_of
from escape_vre.services.datalake.intake import Did, count, word

KNOWN_AT_ONCE = 1000
URL_BYTES = 6000
"""Servers and proxies take 8 KiB of a request line."""
Rows = AsyncGenerator[dict[str, Any], None]


class PutRemote:
    """Rucio, as far as files are put there."""

    def __init__(self, rucio: RucioClient) -> None:
        self._rucio = rucio
        self._wire = rucio.wire

    # ── what there is ───────────────────────────────────────────────────────────────────────

    async def rses(self) -> list[dict[str, Any]]:
        """Return every RSE (GET /rses/)."""
        return await _all(self._rucio.rows("GET", "/rses/"))

    async def rse(self, name: str) -> dict[str, Any]:
        """Return an RSE with its protocols (GET /rses/<rse>); raises NotFoundError."""
        return await self._wire.object("GET", f"/rses/{part_of(name)}")

    async def free(self, rse: str) -> int | None:
        """Return what an RSE says it has free, bytes (GET /rses/<rse>/usage); None if nothing."""
        rows = await _all(self._rucio.rows("GET", f"/rses/{part_of(rse)}/usage"))
        said = [found for row in rows if (found := count(row.get("free"))) is not None]
        return min(said, default=None)

    async def quotas(self, account: str) -> dict[str, int | None]:
        """Return what is left of an account's quota by RSE (GET /accounts/<account>/usage/local).

        None for an RSE without a number.
        """
        rows = await _all(self._rucio.rows("GET", f"/accounts/{part_of(account)}/usage/local"))
        return {
            rse: count(row.get("bytes_remaining")) for row in rows if (rse := word(row.get("rse")))
        }

    async def known(self, scope: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the columns of those DIDs of a scope that exist (POST /dids/bulkmeta)."""
        found: dict[str, dict[str, Any]] = {}
        for some in _chunks(names, KNOWN_AT_ONCE):
            rows = self._rucio.metadata_of((scope, name) for name in some)
            async with aclosing(rows):
                async for row in rows:
                    if row.get("scope") == scope and (name := word(row.get("name"))):
                        found[name] = row
        return found

    async def states(self, scope: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the state of every replica by name and RSE (POST /replicas/list, all states)."""
        found: dict[str, dict[str, str]] = {}
        for some in _chunks(names, KNOWN_AT_ONCE):
            rows = self._rucio.replicas(((scope, name) for name in some), all_states=True)
            async with aclosing(rows):
                async for row in rows:
                    states = row.get("states")
                    if isinstance(states, dict) and (name := word(row.get("name"))):
                        found[name] = {str(rse): str(state) for rse, state in states.items()}
        return found

    async def pfns(
        self, rse: str, scope: str, names: Sequence[str], *, scheme: str
    ) -> dict[str, str]:
        """Return the addresses at a deterministic RSE (GET /rses/<rse>/lfns2pfns)."""
        found: dict[str, str] = {}
        where = f"/rses/{part_of(rse)}/lfns2pfns"
        options = [("scheme", scheme), ("operation", "write"), ("domain", "wan")]
        for some in _by_length(names, URL_BYTES, len(scope) + len("&lfn=%3A")):
            asked = [("lfn", f"{scope}:{name}") for name in some]
            body = await self._wire.object("GET", where, params=[*asked, *options])
            for lfn, pfn in body.items():
                if word(pfn) and lfn.startswith(f"{scope}:"):
                    found[lfn[len(scope) + 1 :]] = pfn
        return found

    async def rules(self, did: Did) -> list[dict[str, Any]]:
        """Return the rules of a DID (GET /dids/<did>/rules)."""
        return await _all(self._rucio.rows("GET", f"/dids/{path_of(did)}/rules"))

    async def try_names(self, scope: str, nowhere: str, names: Iterable[str]) -> None:
        """Have Rucio refuse names and scope as it would refuse them later; writes nothing.

        Rucio does not tell its schema, nor what an account may do. But it checks both before it
        looks for the dataset that files are attached to, and there is no dataset ``nowhere``.

        Raises
        ------
        NotFoundError
            The dataset does not exist: all is well.
        EscapeError
            A name is refused, or the account may not write to the scope.
        """
        await self.attach((scope, nowhere), [{"scope": scope, "name": name} for name in names])

    # ── what is written ─────────────────────────────────────────────────────────────────────

    async def add_dataset(
        self, did: Did, rule: Mapping[str, Any], metadata: Mapping[str, str]
    ) -> None:
        """Make a dataset with its rule and metadata in one transaction (POST /dids/<did>).

        ``POST /dids/``, for many, fails in Rucio 41 for one with rules.

        Raises
        ------
        ConflictError
            There is a DID of that name.
        """
        body = {"type": "DATASET", "rules": [dict(rule)], "meta": dict(metadata)}
        await self._wire.request("POST", f"/dids/{path_of(did)}", json=body)

    async def add_replicas(self, rse: str, files: Sequence[Mapping[str, Any]]) -> None:
        """Register files that are at an RSE, as AVAILABLE, in one transaction (POST /replicas)."""
        body = {"rse": rse, "files": [{**file, "state": "A"} for file in files]}
        await self._wire.request("POST", "/replicas", json=body)

    async def attach(self, dataset: Did, files: Sequence[Mapping[str, Any]]) -> None:
        """Attach files in one transaction, but those that are (POST /dids/attachments)."""
        attachment = {"scope": dataset[0], "name": dataset[1], "dids": list(files)}
        body = {"attachments": [attachment], "ignore_duplicate": True}
        await self._wire.request("POST", "/dids/attachments", json=body)

    async def detach(self, dataset: Did, files: Iterable[Did]) -> None:
        """Detach files in one transaction (DELETE /dids/<did>/dids)."""
        where = f"/dids/{path_of(dataset)}/dids"
        await self._wire.request("DELETE", where, json={"dids": dids_of(files)})

    async def add_rules(self, dids: Iterable[Did], rule: Mapping[str, Any]) -> None:
        """Make a rule for each of some DIDs in one transaction (POST /rules/).

        Raises
        ------
        ConflictError
            One of them has such a rule.
        """
        await self._wire.request("POST", "/rules/", json={**rule, "dids": dids_of(dids)})

    async def describe(self, dids: Iterable[Did], metadata: Mapping[str, str]) -> None:
        """Set metadata of some DIDs (POST /dids/bulkdidsmeta)."""
        body = {"dids": [{**did, "meta": dict(metadata)} for did in dids_of(dids)]}
        await self._wire.request("POST", "/dids/bulkdidsmeta", json=body)

    async def expire(self, did: Did) -> None:
        """Have Rucio delete a DID with its rules, soon (POST /dids/<did>/meta/lifetime)."""
        await self._wire.request("POST", f"/dids/{path_of(did)}/meta/lifetime", json={"value": 1})


async def _all(rows: Rows) -> list[dict[str, Any]]:
    async with aclosing(rows):
        return [row async for row in rows]


def _chunks(names: Sequence[str], most: int) -> Iterable[Sequence[str]]:
    return (names[start : start + most] for start in range(0, len(names), most))


def _by_length(names: Sequence[str], most: int, more: int) -> Iterable[list[str]]:
    """Yield names in groups that fit into a URL; each takes its length, quoted, and ``more``."""
    some: list[str] = []
    length = 0
    for name in names:
        takes = 3 * sum(not (c.isalnum() or c in "._-") for c in name) + len(name) + more
        if some and length + takes > most:
            yield some
            some, length = [], 0
        some.append(name)
        length += takes
    if some:
        yield some
