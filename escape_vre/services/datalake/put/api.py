"""Putting files into the data lake, from Python.

>>> import escape_vre
>>> escape_vre.put("results/", to="user.anna:results")  # doctest: +SKIP
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from escape_vre.client.agent import FINISHED, AgentClient
from escape_vre.core import text
from escape_vre.core.errors import CancelledJobError, EscapeError, UsageError
from escape_vre.display.progress import Progress
from escape_vre.display.tables import Info

__all__ = ["plan", "put"]

SHOWN = 20
Paths = str | Path | Sequence[str | Path]


def put(
    paths: Paths,
    *,
    to: str | None = None,
    dataset: str | None = None,
    rse: str | None = None,
    lifetime: timedelta | int | None = None,
    metadata: Mapping[str, str] | None = None,
    keep_paths: bool = False,
    instance: str | None = None,
    progress: bool = True,
) -> Info:
    """Put files and folders into the data lake, and return what arrived.

    Every file is compared at the RSE with the file here. What the data lake has already, with the
    same content, is not sent again: a put that was interrupted is completed by repeating it.

    Parameters
    ----------
    paths : str, Path, or sequence of these
        Files and folders; a file is named after itself.
    to : str, optional
        ``scope:dataset``, which is made if it does not exist, or ``scope:``; default: your own
        scope, ``user.<account>``. A single folder goes into a dataset of its name.
    dataset : str, optional
        The name of the dataset, where ``to`` has none.
    rse : str, optional
        Where to; default: the one that your administrator chose, else the only one.
    lifetime : timedelta or int, optional
        How long the rule lasts that keeps the files; an int is seconds. Default: no end.
    metadata : mapping of str, optional
        Of the new dataset, or of files that go into none.
    keep_paths : bool
        Name files in a folder by their path below it, such as ``night1/raw.fits``; not every data
        lake allows that.
    instance : str, optional
        Name of the data lake; default: the first one.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Info
        ``dataset`` (or None), ``rse``, ``files``, ``bytes``, ``sent`` and ``adopted`` (numbers of
        files), ``verified`` (numbers of files by what was compared), ``until``.

    Raises
    ------
    UsageError, ConflictError
        A file cannot be put, or another file has its name: nothing was written.
    AuthError, QuotaError, NotFoundError, IntegrityError, RemoteError
        The job failed; repeating it sends what is missing.
    CancelledJobError
        The job was cancelled in another window, or you do not wait for it any more.
    """
    agent = AgentClient()
    began = time.monotonic()
    asked = _asked(paths, to, dataset, rse, lifetime, metadata, keep_paths, instance)
    job = None
    try:
        job = agent.post("/datalake/put", {**asked, "client": agent.name}, repeatable=True)
        with Progress(job["title"], enabled=progress) as bar:
            ended = job if job["state"] in FINISHED else agent.wait(job["id"], bar.update)
            _raise_unless_done(ended)
            bar.done(_arrival(ended, time.monotonic() - began))
    except KeyboardInterrupt as e:
        if not job:
            raise CancelledJobError("Stopped before it started.") from e
        raise CancelledJobError(
            f"{job['title']} is still being put: only the waiting was stopped.",
            hint=f"To end it, run %dl cancel {job['id'][:8]}.",
        ) from e
    return _info(ended)


def plan(
    paths: Paths,
    *,
    to: str | None = None,
    dataset: str | None = None,
    rse: str | None = None,
    lifetime: timedelta | int | None = None,
    metadata: Mapping[str, str] | None = None,
    keep_paths: bool = False,
    instance: str | None = None,
) -> Info:
    """Return what :func:`put` would do; writes nothing.

    Raises
    ------
    EscapeError
        It could not start at all. Files that cannot be put are in ``problems``.
    """
    asked = _asked(paths, to, dataset, rse, lifetime, metadata, keep_paths, instance)
    found = AgentClient().post("/datalake/put/plan", asked, repeatable=True)
    if error := found.pop("error"):
        raise EscapeError.from_dict(error)
    return Info(found, list(_planned(found)))


def _asked(
    paths: Paths,
    to: str | None,
    dataset: str | None,
    rse: str | None,
    lifetime: timedelta | int | None,
    metadata: Mapping[str, str] | None,
    keep_paths: bool,
    instance: str | None,
) -> dict[str, Any]:
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise UsageError("Nothing was named to put.", hint="Name at least one file or folder.")
    seconds = int(lifetime.total_seconds()) if isinstance(lifetime, timedelta) else lifetime
    return {
        "instance": instance,
        "paths": [str(Path(path).expanduser().absolute()) for path in given],
        "to": to,
        "dataset": dataset,
        "rse": rse,
        "lifetime_s": seconds,
        "metadata": dict(metadata or {}),
        "keep_paths": keep_paths,
    }


def _raise_unless_done(job: dict[str, Any]) -> None:
    if job["state"] == "cancelled":
        note = f" {job['note']}" if job["note"] else ""
        raise CancelledJobError(f"{job['title']} was cancelled.{note}", hint="Put it again.")
    if job["state"] == "failed":
        raise EscapeError.from_dict(job["error"])


def _info(job: dict[str, Any]) -> Info:
    result, progress = job["result"], job["progress"]
    fields = {
        "dataset": _where(result) if result["dataset"] else None,
        "scope": result["scope"],
        "rse": result["rse"],
        "files": result["sent"] + result["adopted"],
        "bytes": progress["done"],
        "sent": result["sent"],
        "adopted": result["adopted"],
        "verified": result["verified"],
        "until": result["until"],
    }
    return Info(fields, [(name, str(value)) for name, value in fields.items() if value is not None])


def _where(result: Mapping[str, Any]) -> str:
    return f"{result['scope']}:{result['dataset'] or ''}"


def _arrival(job: dict[str, Any], seconds: float) -> str:
    """Say what arrived: how much, where, how long, and how it was verified."""
    result = job["result"]
    count = result["sent"] + result["adopted"]
    what = f"{job['title']}: {text.files(count)}, {text.size(job['progress']['done'])}"
    left_out = f"; {job['note'].rstrip('.')}" if job["note"] else ""
    where = f"{_where(result)} at {result['rse']}"
    if not result["sent"]:
        return f"{what}, in the data lake already{left_out} → {where}"
    known = f" ({result['adopted']:,} in the data lake already)" if result["adopted"] else ""
    took = f"in {text.duration(seconds)}{known}, {_verified(result['verified'])}"
    return f"{what} {took}{left_out} → {where}"


def _verified(by: Mapping[str, int]) -> str:
    """Say what was compared at the RSE."""
    sizes = by.get("size", 0)
    if not sizes:
        return "checksums verified"
    if sizes == sum(by.values()):
        return "sizes verified (the storage tells no checksums)"
    return f"checksums verified, of {text.files(sizes)} only the size"


def _planned(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    where = f"{found['scope']}:{found['dataset'] or ''}"
    if found["dataset"]:
        where += " (exists)" if found["dataset_exists"] else " (new)"
    lines = [
        ("to", where),
        ("RSE", found["rse"]),
        ("files", f"{found['files']:,}"),
        ("to send", f"{text.files(found['new'])}, {text.size(found['new_bytes'])}"),
    ]
    if found["equal"]:
        lines.append(("there already", text.files(found["equal"])))
    if found["hidden"]:
        lines.append(("left out", f"{text.files(found['hidden'])} whose names begin with a dot"))
    if found["quota_left"] is not None:
        lines.append(("quota left", text.size(found["quota_left"])))
    if found["free"] is not None:
        lines.append(("free", text.size(found["free"])))
    ends = f" until {found['until'][:10]}" if found["until"] else ""
    lines.append(("rule", found["rule"].rstrip(".") + ends))
    lines += [("problem", problem["message"]) for problem in found["problems"][:SHOWN]]
    if (more := found["problem_count"] - SHOWN) > 0:
        lines.append(("", f"and {more:,} more"))
    return lines
