"""Which sites have a collection."""

from contextlib import aclosing

from escape_vre.core.errors import EscapeError
from escape_vre.core.service import Skipped
from escape_vre.core.text import skipped
from escape_vre.services.datalake.client import RucioClient
from escape_vre.services.datalake.files import datasets
from escape_vre.services.datalake.intake import Did
from escape_vre.services.datalake.models import DidType, Site
from escape_vre.services.datalake.partly import notes, unread
from escape_vre.services.datalake.rows import add_site

FAILURES = 5
"""Datasets of a container that may fail before the others are not asked for."""


async def sites_of_collection(
    rucio: RucioClient, did: Did, kind: DidType
) -> tuple[list[Site], str | None]:
    """Return the sites of a dataset or container, and what of this is not known.

    Raises
    ------
    EscapeError
        Nothing of it is known.
    """
    found: dict[str, Site] = {}
    asked = lost = 0
    failed: list[EscapeError] = []
    try:
        async with aclosing(datasets(rucio, did, kind)) as below:
            async for one in below:
                if isinstance(one, Skipped):
                    lost += one.rows
                    continue
                asked += 1
                try:
                    lost += await _add_sites(rucio, one[0], found)
                except EscapeError as e:
                    failed.append(e)
                    if len(failed) == FAILURES:
                        break
    except EscapeError as e:
        failed.append(e)
    if failed and len(failed) >= asked:
        raise failed[0]
    missing = unread("the sites of some datasets", failed[0]) if failed else None
    return sorted(found.values(), key=lambda site: site.rse), notes(missing, skipped(lost))


async def _add_sites(rucio: RucioClient, dataset: Did, found: dict[str, Site]) -> int:
    """Add the sites of a dataset to those that are known; returns how many rows make no sense."""
    lost = 0
    async with aclosing(rucio.dataset_replicas(dataset)) as rows:
        async for row in rows:
            lost += not add_site(found, row)
    return lost
