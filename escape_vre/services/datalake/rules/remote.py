"""What is asked of Rucio about rules, and what is changed."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from escape_vre.services.datalake.client import RucioClient, dids_of, part_of, path_of
from escape_vre.services.datalake.intake import Did, word

Rows = AsyncGenerator[dict[str, Any], None]


def of_did(rucio: RucioClient, did: Did) -> Rows:
    """Yield the rules of a DID itself (GET /dids/<did>/rules)."""
    return rucio.rows("GET", f"/dids/{path_of(did)}/rules")


def of_file(rucio: RucioClient, did: Did) -> Rows:
    """Yield every rule that keeps a file, also those of its datasets (…/associated_rules)."""
    return rucio.rows("GET", f"/dids/{path_of(did)}/associated_rules")


def of_account(rucio: RucioClient, account: str) -> Rows:
    """Yield the rules of an account (GET /rules/?account=)."""
    return rucio.rows("GET", "/rules/", params={"account": account})


async def rule(rucio: RucioClient, rule_id: str) -> dict[str, Any]:
    """Return one rule (GET /rules/<id>)."""
    return await rucio.wire.object("GET", f"/rules/{part_of(rule_id)}")


def locks(rucio: RucioClient, rule_id: str) -> Rows:
    """Yield a rule's lock on each file at each RSE (GET /rules/<id>/locks)."""
    return rucio.rows("GET", f"/rules/{part_of(rule_id)}/locks")


def history(rucio: RucioClient, rule_id: str) -> Rows:
    """Yield the states that a rule had (GET /rules/<id>/history)."""
    return rucio.rows("GET", f"/rules/{part_of(rule_id)}/history")


def history_of_did(rucio: RucioClient, did: Did) -> Rows:
    """Yield the states that the rules of a DID had (GET /rules/<did>/history)."""
    return rucio.rows("GET", f"/rules/{path_of(did)}/history")


async def analysis(rucio: RucioClient, rule_id: str) -> dict[str, Any]:
    """Return what Rucio knows of a stuck rule's transfers (GET /rules/<id>/analysis)."""
    return await rucio.wire.object("GET", f"/rules/{part_of(rule_id)}/analysis")


async def request(rucio: RucioClient, did: Did, rse: str) -> dict[str, Any]:
    """Return the transfer of a file that is on its way (GET /requests/<did>/<rse>)."""
    return await rucio.wire.object("GET", f"/requests/{path_of(did)}/{part_of(rse)}")


async def last_request(rucio: RucioClient, did: Did, rse: str) -> dict[str, Any]:
    """Return the last transfer that ended (GET /requests/history/<did>/<rse>).

    The policies of Rucio and ESCAPE allow this to administrators only.
    """
    return await rucio.wire.object("GET", f"/requests/history/{path_of(did)}/{part_of(rse)}")


async def add(rucio: RucioClient, rule: Mapping[str, Any], dids: Iterable[Did]) -> list[str]:
    """Make a rule for each DID, all or none, and return their ids (POST /rules/)."""
    body = {**rule, "dids": dids_of(dids)}
    found = await rucio.wire.json("POST", "/rules/", json=body)
    return [one for one in found if word(one)] if isinstance(found, list) else []


async def update(rucio: RucioClient, rule_id: str, options: Mapping[str, Any]) -> None:
    """Change a rule (PUT /rules/<id>)."""
    await rucio.wire.request("PUT", f"/rules/{part_of(rule_id)}", json={"options": dict(options)})


async def delete(rucio: RucioClient, rule_id: str) -> None:
    """Have a rule end in an hour, or earlier if it ends anyway (DELETE /rules/<id>)."""
    await rucio.wire.request("DELETE", f"/rules/{part_of(rule_id)}", json={"purge_replicas": None})


async def all_of(rows: Rows, most: int | None = None) -> list[dict[str, Any]]:
    """Return the rows of a list, or the first of them."""
    found: list[dict[str, Any]] = []
    async with aclosing(rows):
        async for row in rows:
            found.append(row)
            if most is not None and len(found) >= most:
                break
    return found
