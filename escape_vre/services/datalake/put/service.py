"""The decisions of a put before it is a job: what is meant, and what would happen."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from escape_vre.core import text
from escape_vre.core.errors import EscapeError, QuotaError, UsageError
from escape_vre.jobs.models import ErrorInfo
from escape_vre.services.datalake.dids import did_ref
from escape_vre.services.datalake.instances import Connected
from escape_vre.services.datalake.lifetimes import from_now, seconds_of
from escape_vre.services.datalake.put.local import scan
from escape_vre.services.datalake.put.models import PutPlan, PutRequest
from escape_vre.services.datalake.put.prepare import Prepared, prepare

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants to put, and where to; paths are absolute."""

    paths: Sequence[Path]
    to: str | None
    dataset: str | None
    rse: str | None
    lifetime_s: int | None
    until: datetime | None
    metadata: Mapping[str, str]
    keep_paths: bool


async def request_of(connected: Connected, wish: Wish) -> PutRequest:
    """Return the request of a job.

    Raises
    ------
    UsageError
        It makes no sense: no path, no scope, a lifetime that is over.
    """
    if not wish.paths:
        raise UsageError("Nothing was named to put.", hint="Name at least one file or folder.")
    scope, dataset = await _destination(connected, wish)
    paths = tuple(dict.fromkeys(str(path) for path in wish.paths))
    first = wish.paths[0].name or paths[0]
    title = first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"
    return PutRequest(
        service="datalake",
        instance=connected.settings.name,
        refs=(str(did_ref(scope, dataset)),) if dataset else (),
        title=title,
        account=connected.account,
        paths=paths,
        scope=scope,
        dataset=dataset,
        rse=wish.rse,
        lifetime_s=seconds_of(wish.lifetime_s, wish.until),
        metadata=wish.metadata,
        keep_paths=wish.keep_paths,
    )


async def _destination(connected: Connected, wish: Wish) -> tuple[str, str | None]:
    """Return scope and dataset: as named, else the account's own scope, and a folder's name."""
    scope, _, dataset = (wish.to or "").strip().removeprefix("rucio:").partition(":")
    if dataset and wish.dataset and dataset != wish.dataset:
        raise UsageError(
            f"Two datasets were named: {text.printable(dataset)} and"
            f" {text.printable(wish.dataset)}.",
            hint="Name one.",
        )
    dataset = dataset or wish.dataset or ""
    if dataset.startswith(f"{scope}:") and scope:
        dataset = dataset.removeprefix(f"{scope}:")
    scope = scope or f"user.{await connected.rucio.whoami()}"
    if not dataset and len(wish.paths) == 1 and await asyncio.to_thread(wish.paths[0].is_dir):
        dataset = wish.paths[0].name
    return scope, dataset or None


async def plan(connected: Connected, request: PutRequest) -> PutPlan:
    """Return what a put would do; what keeps it from starting is said in the plan."""
    try:
        prepared = await prepare(connected, request, rse=None)
    except EscapeError as e:
        return await _without_lake(connected, request, e)
    problems = prepared.scan.problems
    error = _space(prepared)
    return PutPlan(
        instance=connected.settings.name,
        account=prepared.account,
        scope=request.scope,
        dataset=request.dataset,
        dataset_exists=prepared.dataset_exists,
        rse=prepared.target.rse,
        quota_left=prepared.target.quota_left,
        free=prepared.target.free,
        candidates=prepared.candidates,
        files=len(prepared.scan.items) + len(problems),
        bytes=sum(item.file.bytes for item in prepared.scan.items),
        new=len(prepared.new),
        new_bytes=sum(item.file.bytes for item in prepared.new),
        equal=len(prepared.adopted),
        hidden=prepared.scan.hidden,
        problems=problems[:SHOWN],
        problem_count=len(problems),
        rule=_rule(request, prepared),
        until=from_now(request.lifetime_s),
        error=ErrorInfo.model_validate(error.as_dict()) if error else None,
    )


async def _without_lake(connected: Connected, request: PutRequest, error: EscapeError) -> PutPlan:
    """Return the plan of a put that cannot start, as far as this machine knows."""
    found = await asyncio.to_thread(scan, request.paths, keep_paths=request.keep_paths)
    total = sum(item.file.bytes for item in found.items)
    return PutPlan(
        instance=connected.settings.name,
        account=connected.account,
        scope=request.scope,
        dataset=request.dataset,
        rse=request.rse,
        files=len(found.items) + len(found.problems),
        bytes=total,
        new=len(found.items),
        new_bytes=total,
        equal=0,
        hidden=found.hidden,
        problems=found.problems[:SHOWN],
        problem_count=len(found.problems),
        rule="",
        error=ErrorInfo.model_validate(error.as_dict()),
    )


def _space(prepared: Prepared) -> QuotaError | None:
    try:
        prepared.target.check_space(sum(item.file.bytes for item in prepared.new), prepared.account)
    except QuotaError as e:
        return e
    return None


def _rule(request: PutRequest, prepared: Prepared) -> str:
    """Say what keeps the files."""
    rse = prepared.target.rse
    if prepared.rules:
        count = "its rule" if prepared.rules == 1 else f"its {prepared.rules} rules"
        return f"{request.scope}:{request.dataset} is kept by {count}."
    what = f"{request.scope}:{request.dataset}" if request.dataset else "each file"
    return f"A rule keeps {what} at {rse}."
