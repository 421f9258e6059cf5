"""Jobs as a table."""

from collections.abc import Sequence
from typing import Any

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
        "" if jobs else "There are no jobs.",
    )


def _files(job: dict[str, Any]) -> str:
    files = amount(job, "files")
    return "" if files["total"] is None else f"{files['done']:,}/{files['total']:,}"
