"""Where Rucio says that a file is, which of it we can read, and why not the rest."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from escape_vre.core.errors import RemoteError
from escape_vre.core.service import FileSource
from escape_vre.services.datalake.client import SCHEMES, RucioClient
from escape_vre.services.datalake.intake import Did, count, did_of, word
from escape_vre.services.datalake.models import LakeSettings, Obstacle
from escape_vre.services.datalake.rows import states_of_file

LAST = 99
"""The priority of a replica that has none."""
_IN_ARCHIVE = "xrdcl.unzip="


def urls_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the replicas of a row of ``/replicas/list`` that can be fetched, the best first."""
    known = {url: said for url, said in _pfns(row).items() if not _in_archive(url, said)}
    return tuple(sorted(known, key=lambda url: _preference(url, known[url])))


def available_pfns(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the addresses of a file that can be read now, by any scheme, each with its site."""
    return {
        url: _site(said)
        for url, said in _pfns(row).items()
        if _is_available(row, said) and not _in_archive(url, said)
    }


def sites_of(row: Mapping[str, Any]) -> list[str]:
    """Return the sites that have a file now, whether we can read it there or not."""
    rses = row.get("rses")
    return sorted(site for site in rses if word(site)) if isinstance(rses, dict) else []


async def with_obstacles(rucio: RucioClient, sources: Mapping[Did, FileSource]) -> list[FileSource]:
    """Return files that we can read nowhere, each with the reason (one call for all)."""
    said: dict[Did, Obstacle] = {}
    if sources:
        try:
            async with aclosing(rucio.replicas(sources, schemes=None)) as rows:
                async for row in rows:
                    file, found = did_of(row, ""), obstacle_of(row)
                    if file is not None and found is not None:
                        said[file] = found
        except RemoteError:
            said = {}  # the reason is an extra: without it the general sentence is said
    return [
        replace(source, obstacle=said[file].message, way_out=said[file].hint)
        if file in said
        else source
        for file, source in sources.items()
    ]


def obstacle_of(row: Mapping[str, Any], schemes: Collection[str] = SCHEMES) -> Obstacle | None:
    """Return why a file cannot be fetched at once, from its row of ``/replicas/list``.

    Parameters
    ----------
    row : mapping
        With the replicas of all schemes.
    schemes : collection of str
        Those that can be fetched.

    Returns
    -------
    Obstacle or None
        None where a site has it on disk and offers it in a way that we can fetch, and where no
        site has it at all.
    """
    pfns = {url: said for url, said in _pfns(row).items() if _is_available(row, said)}
    archives = [url for url, said in pfns.items() if _in_archive(url, said)]
    fetched = [url for url in pfns if url not in archives and url.partition(":")[0] in schemes]
    if fetched:
        on_disk = any(not _on_tape(pfns[url]) for url in fetched)
        return None if on_disk else _tape(sorted({_site(pfns[url]) for url in fetched} - {""}))
    if archives:
        archive = unquote(archives[0].partition("?")[0].rpartition("/")[2])
        return Obstacle(
            kind="archive",
            message=f"It is inside the archive {archive}, which escape-vre cannot open yet.",
            hint=f"Get {archive} and extract the file from it.",
        )
    others = sorted({url.partition(":")[0] for url in pfns} - set(schemes))
    sites = _and([site for site, has in states_of_file(row).items() if has])
    if others:
        return Obstacle(
            kind="protocol",
            message=f"{sites or 'Its site'} offers it by {_and(others)} only, which escape-vre"
            " cannot fetch.",
            hint="Ask the site for https access, or get the file with the rucio command.",
        )
    if sites and isinstance(row.get("pfns"), dict):
        return Obstacle(
            kind="address", message=f"{sites} gives no address for it.", hint="Tell the site."
        )
    return None


def schemes_of(settings: LakeSettings) -> Sequence[str]:
    """Return the schemes that an instance's files can be fetched by."""
    return [one for one in SCHEMES if one != "file" or settings.file_roots]


def _tape(sites: Sequence[str]) -> Obstacle:
    return Obstacle(
        kind="tape",
        message=f"{_and(sites) or 'Its site'} has it on tape only, so a get may take long, or fail"
        " until the site has copied it to disk.",
        hint="Ask the site to copy it to disk.",
    )


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)


def _is_available(row: Mapping[str, Any], said: object) -> bool:
    """Tell whether a replica can be read now; one of a site that has no state can."""
    return states_of_file(row).get(_site(said), True)


def _site(said: object) -> str:
    return (word(said.get("rse")) or "") if isinstance(said, dict) else ""


def _on_tape(said: object) -> bool:
    return isinstance(said, dict) and said.get("type") == "TAPE"


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
        _on_tape(said),
        LAST if priority is None else priority,
        order,
    )
