"""How far a job is, in words; standard library only."""

from collections.abc import Iterator
from typing import Any

from escape_vre.core import text

Amount = dict[str, Any]


def amounts(job: dict[str, Any]) -> Iterator[Amount]:
    """Yield what a job counts: the unit that tells most first."""
    yield job["progress"]
    yield from job["progress"]["parts"]


def amount(job: dict[str, Any], unit: str) -> Amount:
    """Return what a job has done of a unit; nothing of one that it does not count."""
    found = (one for one in amounts(job) if one["unit"] == unit)
    return next(found, {"unit": unit, "done": 0, "total": None})


def fraction(job: dict[str, Any]) -> float | None:
    """Return how far a job is, 0 to 1; None while no total is known."""
    for one in amounts(job):
        if one["total"]:
            return min(1.0, float(one["done"]) / float(one["total"]))
    return None


def words(one: Amount) -> str:
    """Write an amount: ``1.2 GB of 3.4 GB``, ``3 of 12 steps``, or without the unknown total."""
    done, total = one["done"], one["total"]
    if one["unit"] == "bytes":
        return text.size(done) + ("" if total is None else f" of {text.size(total)}")
    return f"{done:,}" + ("" if total is None else f" of {total:,}") + f" {one['unit']}"


def describe(job: dict[str, Any]) -> str:
    """Say how far a job is: amounts, rate, time left; or what it waits for."""
    if job.get("waiting"):
        return f"{job['waiting']['message']} This continues by itself."
    if job["state"] == "queued":
        return "queued"
    progress = job["progress"]
    if fraction(job) is None and not progress["done"]:
        return str(job["note"] or job["state_word"])
    parts = [words(progress)]
    parts += [words(part) for part in progress["parts"] if (part["total"] or 0) > 1]
    if progress["rate"]:
        parts.append(_rate(progress))
    if progress["eta_s"] is not None:
        parts.append(f"{text.duration(progress['eta_s'])} left")
    return " · ".join(parts)


def _rate(progress: Amount) -> str:
    if progress["unit"] == "bytes":
        return f"{text.size(progress['rate'])}/s"
    return f"{progress['rate']:.3g} {progress['unit']}/s"
