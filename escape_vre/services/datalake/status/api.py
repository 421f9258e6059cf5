"""The lake's state from Python."""

from typing import Any

from escape_vre.client import AgentClient
from escape_vre.display.tables import Table
from escape_vre.services.datalake.rses.api import rse_table


def status(*, instance: str | None = None) -> dict[str, Any]:
    """Return the lake's state: ``rses``, ``mine`` (your rules that wait), and ``links``.

    ``links`` are all transfers between RSEs; None where only administrators may see them.
    """
    found: dict[str, Any] = AgentClient().get("/datalake/status", instance=instance)
    return found


def status_table(found: dict[str, Any]) -> Table:
    """Show the RSEs, and in sentences what is on its way."""
    return rse_table(found["rses"], note=" ".join([*_mine(found), *_links(found)]))


def _mine(found: dict[str, Any]) -> list[str]:
    mine = found["mine"]
    if not mine:
        return []
    said = [f"Your {mine['rules']:,} rules: {mine['replicating']:,} replicas on their way"]
    said += [f"{mine['stuck']:,} stuck"] if mine["stuck"] else []
    see = f" Run %dl rule show {mine['stuck_rules'][0]} to see why." if mine["stuck_rules"] else ""
    return [", ".join(said) + "." + see]


def _links(found: dict[str, Any]) -> list[str]:
    links = found["links"]
    notes = [found["note"]] if found["note"] else []
    if links is None:
        return [*notes, "Only administrators see the transfers of all accounts here."]
    shown = [
        f"{link['source']} → {link['destination']}: {link['queued']:,} queued,"
        f" {link['done']:,} done and {link['failed']:,} failed in the last hour."
        for link in links
    ]
    return [*notes, *(shown or ["No transfer is queued, nor was there one in the last hour."])]
