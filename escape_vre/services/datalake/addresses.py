"""Where Rucio says that a file is, which of it we can read, and why not the rest."""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from escape_vre.core.errors import RemoteError
from escape_vre.core.service import FileSource
from escape_vre.services.datalake.client import SCHEMES, RucioClient
from escape_vre.services.datalake.intake import Did, count, did_of, word

LAST = 99
"""The priority of a replica that has none."""
_IN_ARCHIVE = "xrdcl.unzip="


def urls_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the replicas of a row of ``/replicas/list`` that can be fetched, the best first."""
    known = {url: said for url, said in _pfns(row).items() if not _in_archive(url, said)}
    return tuple(sorted(known, key=lambda url: _preference(url, known[url])))


def sites_of(row: Mapping[str, Any]) -> list[str]:
    """Return the sites that have a file now, whether we can read it there or not."""
    rses = row.get("rses")
    return sorted(site for site in rses if word(site)) if isinstance(rses, dict) else []


async def with_obstacles(rucio: RucioClient, sources: Mapping[Did, FileSource]) -> list[FileSource]:
    """Return files that we can read nowhere, each with the reason (one call for all)."""
    said: dict[Did, tuple[str, str]] = {}
    if sources:
        try:
            async with aclosing(rucio.replicas(sources, schemes=None)) as rows:
                async for row in rows:
                    file = did_of(row, "")
                    if file is not None:
                        said[file] = _obstacle(row)
        except RemoteError:
            said = {}  # the reason is an extra: without it the general sentence is said
    return [
        replace(source, obstacle=said[file][0], way_out=said[file][1]) if file in said else source
        for file, source in sources.items()
    ]


def _obstacle(row: Mapping[str, Any]) -> tuple[str, str]:
    """Say why a file can be read nowhere, and what to do; two sentences."""
    pfns = _pfns(row)
    archives = [url for url, said in pfns.items() if _in_archive(url, said)]
    if archives:
        archive = unquote(archives[0].partition("?")[0].rpartition("/")[2])
        return (
            f"it is inside the archive {archive}, which escape-vre cannot open yet.",
            f"Get {archive} and extract the file from it.",
        )
    schemes = sorted({url.partition(":")[0] for url in pfns} - set(SCHEMES))
    sites = " and ".join(sites_of(row)) or "Its site"
    if schemes:
        return (
            f"{sites} offers it by {' and '.join(schemes)} only, which escape-vre cannot fetch.",
            "Ask the site for https access, or get the file with the rucio command.",
        )
    return (f"{sites} gives no address for it.", "Tell the site.")


def _pfns(row: Mapping[str, Any]) -> dict[str, Any]:
    pfns = row.get("pfns")
    return {url: said for url, said in pfns.items() if word(url)} if isinstance(pfns, dict) else {}


def _in_archive(url: str, said: object) -> bool:
    """Tell the address of an archive that a file is a member of: its bytes are not the file's."""
    about = said if isinstance(said, dict) else {}
    return about.get("domain") == "zip" or about.get("client_extract") is True or _IN_ARCHIVE in url


def _preference(url: str, replica: object) -> tuple[object, ...]:
    """Prefer what is mounted here, disk before tape, then what Rucio puts first."""
    said = replica if isinstance(replica, dict) else {}
    scheme = url.partition(":")[0]
    order = SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)
    priority = count(said.get("priority"))
    return (
        scheme != "file",
        said.get("type") == "TAPE",
        LAST if priority is None else priority,
        order,
    )
