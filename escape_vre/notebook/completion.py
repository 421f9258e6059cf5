"""Tab completion of ``%dl``: commands, then scopes and DIDs."""

from typing import Any

from escape_vre.core.errors import EscapeError

COMMANDS = ("ls", "get", "info", "jobs", "cancel", "retry", "whoami", "help")
PATTERN = r"%?dl\b.*"


def add_completion(shell: Any) -> None:
    """Have ``%dl …`` completed."""
    shell.set_hook("complete_command", complete, re_key=PATTERN)


def complete(shell: Any, event: Any) -> list[str]:
    """Return what the word under the cursor may become; called by IPython."""
    del shell
    words = event.line.lstrip("%").split()
    typed = event.symbol
    if len(words) < 2 or (len(words) == 2 and event.line[-1:] != " "):
        return [word for word in COMMANDS if word.startswith(typed)]
    from escape_vre.client import AgentClient

    agent = AgentClient(timeout_s=5)
    try:
        if words[1] in ("cancel", "retry"):
            return [job["id"] for job in agent.get("/jobs")["jobs"]]
        matches: list[str] = agent.get("/datalake/complete", text=typed)["matches"]
    except EscapeError:
        return []  # no completion is better than an error while typing
    return matches
