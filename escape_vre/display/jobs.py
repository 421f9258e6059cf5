"""Jobs as a table."""

from collections.abc import Sequence
from typing import Any

from escape_vre.core.registry import plugins
from escape_vre.display.amounts import amount, words
from escape_vre.display.tables import Table


def job_table(jobs: Sequence[dict[str, Any]]) -> Table:
    """Show jobs, newest first."""
    return Table(
        jobs,
        ("job", "what", "state", "done", "files", "note"),
        [
            (
                job["id"],
                job["title"],
                job["state"],
                words(job["progress"]),
                _files(job),
                (job["error"] or job.get("waiting") or {}).get("message") or job["note"] or "",
            )
            for job in jobs
        ],
        "" if jobs else f"There are no jobs.{_start_one()}",
    )


def _start_one() -> str:
    able = (one for one in plugins().values() if one.command and "fetchable" in one.capabilities)
    ways = " or ".join(f"%{plugin.command} get" for plugin in able)
    return f" Run {ways} to start one." if ways else ""


def _files(job: dict[str, Any]) -> str:
    files = amount(job, "files")
    return "" if files["total"] is None else f"{files['done']:,}/{files['total']:,}"
