"""What the agent knows of a word that is being typed; for :func:`.completed_by`."""

from collections.abc import Callable, Iterable
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import EscapeError
from escape_vre.core.registry import plugins
from escape_vre.display.completion import Word


def asked(path: str, **query: str) -> dict[str, Any]:
    """Ask the agent for a completion: none is better than an error while typing."""
    try:
        answer: dict[str, Any] = AgentClient(timeout_s=5).get(path, **query)
    except EscapeError:
        return {}
    return answer


def job_ids(prefix: str) -> list[Word]:
    """Complete the id of a job."""
    jobs = asked("/jobs").get("jobs", [])
    return [Word(job["id"], "job") for job in jobs if job["id"].startswith(prefix)]


def instances_of(services: Iterable[str]) -> Callable[[str], list[Word]]:
    """Complete the name of an instance of some services; its type is the service's title."""

    def complete(prefix: str) -> list[Word]:
        return [
            Word(instance["name"], plugins()[service].title.lower())
            for service in services
            for instance in asked(f"/{service}/instances").get("instances", [])
            if instance["name"].startswith(prefix)
        ]

    return complete
