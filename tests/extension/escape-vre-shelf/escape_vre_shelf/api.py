"""The shelf in Python; asks the agent."""

from pathlib import Path
from typing import Any

from escape_vre.client import AgentClient
from escape_vre.core.errors import EscapeError
from escape_vre.core.text import size
from escape_vre.display.jobs import job_table
from escape_vre.display.progress import Progress
from escape_vre.display.tables import Table


def search(text: str = "", *, limit: int = 200) -> Table:
    """Return the items whose name holds a text."""
    *rows, last = AgentClient().stream("/shelf/search", text=text, limit=limit)
    cells = [(row["ref"], size(row["bytes"])) for row in rows]
    note = f"There are more than these {limit}." if last["end"]["truncated"] else ""
    return Table(rows, ("ref", "size"), cells, note)


def put(file: str | Path, ref: str) -> dict[str, Any]:
    """Put a file onto the shelf and return the job that did."""
    agent = AgentClient()
    query = {"file": str(Path(file).absolute()), "ref": ref, "client": agent.name}
    return _done(agent, agent.post("/shelf/put", query))


def bind(name: str) -> Table:
    """Have a binding made; return its job at once."""
    return job_table([AgentClient().post("/shelf/bind", {"name": name})])


def _done(agent: AgentClient, job: dict[str, Any]) -> dict[str, Any]:
    with Progress(job["title"]) as bar:
        ended = agent.wait(job["id"], bar.update)
    if ended["state"] != "done":
        raise EscapeError.from_dict(ended["error"] or {"message": "The job was cancelled."})
    return ended
