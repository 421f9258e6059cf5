"""The jobs of this user, whichever service they belong to, from Python.

>>> import escape_vre
>>> escape_vre.jobs()  # doctest: +SKIP
"""

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import NotFoundError
from escape_vre.display.jobs import job_table
from escape_vre.display.tables import Table


def jobs() -> Table:
    """Return the jobs of this user, newest first."""
    return job_table(AgentClient().get("/jobs")["jobs"])


def cancel(job: str) -> Table:
    """Cancel a job, for every client that waits for it; its id may be shortened."""
    agent = AgentClient()
    return job_table([agent.post(f"/jobs/{_job_id(agent, job)}/cancel", repeatable=True)])


def retry(job: str) -> Table:
    """Try a failed or cancelled job again; files that have arrived stay."""
    agent = AgentClient()
    return job_table([agent.post(f"/jobs/{_job_id(agent, job)}/retry", repeatable=True)])


def _job_id(agent: AgentClient, start: str) -> str:
    """Return the id of the one job whose id begins like this."""
    found = [j["id"] for j in agent.get("/jobs")["jobs"] if start and j["id"].startswith(start)]
    if len(found) != 1:
        raise NotFoundError(
            f"{len(found) or 'No'} job ids begin with {start!r}.",
            hint="Run %escape jobs to see their ids.",
        )
    return str(found[0])
