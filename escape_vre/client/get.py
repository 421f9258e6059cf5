"""Getting files, whichever service they come from.

>>> import escape_vre
>>> files = escape_vre.get("demo:fermi.lightcurves")  # doctest: +SKIP

A service whose files can be got answers ``POST /get``; see :class:`.Fetchable`.
"""

import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from escape_vre.client.agent import FINISHED, AgentClient
from escape_vre.core import text
from escape_vre.core.errors import CancelledJobError, EscapeError, UsageError
from escape_vre.core.registry import plugins
from escape_vre.display.files import Files
from escape_vre.display.progress import Progress


def get(
    *refs: str | Sequence[str],
    to: str | Path | None = None,
    files: Sequence[str] = (),
    instance: str | None = None,
    copy: bool = False,
    progress: bool = True,
    service: str | None = None,
) -> Files:
    """Get what refs stand for, unless it is here already, and return the files.

    Parameters
    ----------
    refs : str
        Such as ``scope:name`` for a file, dataset or container, or a ref with
        its scheme, which says to which service it belongs.
    to : str or Path, optional
        Folder, relative to the current one; default: the data folder, as ``<scope>/<name>``.
    files : sequence of str
        Only files with these names; ``*`` and ``?`` are wildcards.
    instance : str, optional
        Name of the instance of the service; default: the first one.
    copy : bool
        Copy what is in place on a storage that is mounted here, too; to a folder, it always is.
    progress : bool
        Show a progress bar.
    service : str, optional
        Name of the service that reads a ref without a scheme; default: the one that leaves out
        its own everywhere.

    Returns
    -------
    Files
        Absolute paths, in the order of the catalogue. What is mounted here is in place, not to be
        changed, and only its size was compared. Every other file for which the catalogue has a
        checksum was compared with it.

    Raises
    ------
    NotFoundError
        There is no such thing, or no site has a replica; the hint names the nearest.
    AuthError, QuotaError, ConflictError, IntegrityError, RemoteError
        The job failed. The files that arrived stay; ``error.files`` are their paths.
    CancelledJobError
        The job was cancelled, here or in another window.
    """
    flat = [ref for group in refs for ref in ([group] if isinstance(group, str) else group)]
    if not flat:
        raise UsageError("Nothing was named to get.", hint="Name at least one file or dataset.")
    query = {
        "instance": instance,
        "to": str(Path(to).expanduser().absolute()) if to is not None else None,
        "files": [files] if isinstance(files, str) else list(files),
        "copy_mounted": copy,
    }
    got = [
        _get(name, {**query, "refs": list(named)}, progress=progress)
        for name, named in groupby(flat, lambda ref: _service_of(ref, service))
    ]
    return got[0] if len(got) == 1 else _together(got)


def _service_of(ref: str, default: str | None) -> str:
    """Return the name of the service that a ref belongs to, by its scheme.

    Raises
    ------
    UsageError
        No service knows it, or the one that does has no files.
    """
    scheme, colon, _ = ref.strip().partition(":")
    known = plugins()
    for name, plugin in known.items():
        if colon and scheme in plugin.schemes:
            if "fetchable" not in plugin.capabilities:
                raise UsageError(
                    f"{plugin.title} has no files to get.", hint="Give the ref of a file."
                )
            return name
    short = default or next((name for name, one in known.items() if one.short_refs), None)
    if short is None:
        schemes = sorted(scheme for one in known.values() for scheme in one.schemes)
        raise UsageError(
            f"No installed service knows {text.printable(ref)}.",
            hint=f"A ref begins with one of: {', '.join(schemes)}.",
        )
    return short


def _together(got: Sequence[Files]) -> Files:
    """Return the files of several services, whose progress has been told one after the other."""
    notes = " ".join(files.note for files in got if files.note)
    return Files([path for files in got for path in files], note=notes)


def _get(service: str, query: dict[str, Any], *, progress: bool) -> Files:
    agent = AgentClient()
    began = time.monotonic()
    job = None
    try:
        asked = {name: value for name, value in query.items() if value}
        job = agent.post(f"/{service}/get", {**asked, "client": agent.name}, repeatable=True)
        with Progress(job["title"], enabled=progress) as bar:
            ended = job if job["state"] in FINISHED else agent.wait(job["id"], bar.update)
            _raise_unless_done(agent, ended)
            paths = [Path(row["path"]) for row in _files(agent, ended)]
            bar.done(_arrival(ended, paths, time.monotonic() - began))
    except KeyboardInterrupt as e:
        # Stop withdraws our request; the job ends when no other client waits for it.
        if job:
            agent.release(job["id"])
        said = "Stopped: the job was cancelled." if job else "Stopped before it started."
        raise CancelledJobError(said, hint="Run this again to get the rest.") from e
    return Files(paths, told=bar.told, note="" if progress else ended["note"] or "")


def _files(agent: AgentClient, job: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in agent.stream(f"/jobs/{job['id']}/files") if "end" not in row]


def _raise_unless_done(agent: AgentClient, job: dict[str, Any]) -> None:
    if job["state"] == "cancelled":
        raise CancelledJobError(
            f"{job['title']} was cancelled.", hint="Run this again to get the rest."
        )
    if job["state"] == "failed":
        error = EscapeError.from_dict(job["error"])
        error.files = [Path(row["path"]) for row in _files(agent, job) if row["state"] == "here"]
        raise error


def _arrival(job: dict[str, Any], paths: Sequence[Path], seconds: float) -> str:
    """Say what arrived: how much, where, how long, and what of it is verified."""
    where = job["path"] or job["destination"]
    left_out = f"; {job['note'].rstrip('.')}" if job["note"] else ""
    what = f"{job['title']}: {text.files(len(paths))}, {text.size(job['progress']['done'])}"
    known = job["counts"].get("files_here", 0)
    if job["counts"].get("files_in_place") == len(paths):
        return f"{what}, in place, nothing copied{left_out} → {where}"
    if known == len(paths):
        return f"{what}, here already{left_out} → {where}"
    here = f" ({known:,} here already)" if known else ""
    took = f"in {text.duration(seconds)}{here}, {_verified(job, len(paths))}"
    return f"{what} {took}{left_out} → {where}"


def _verified(job: dict[str, Any], count: int) -> str:
    """Say what was compared with the catalogue's checksums."""
    counts = job["counts"]
    without = counts.get("files_unverified", 0)
    if not without:
        return "checksums verified"
    if without == count - counts.get("files_here", 0):
        return "not verified: the catalogue has no checksum"
    return f"checksums verified, except of {text.files(without)} without one in the catalogue"
