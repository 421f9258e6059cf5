"""Tab completion of ``%dl``: commands, then scopes and DIDs."""

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from escape_vre.core.errors import EscapeError

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

COMMANDS = ("ls", "get", "info", "jobs", "cancel", "retry", "login", "logout", "whoami", "help")
_LINE = re.compile(r"(?:.*=\s*)?%dl(?:\s+(?P<words>.*))?$|dl\s+(?P<auto>.*)$")


def add_completion(shell: Any) -> None:
    """Have ``%dl …`` completed, once however often this is called."""
    matchers = shell.Completer.custom_matchers
    if complete not in matchers:
        matchers.append(complete)


@context_matcher()  # type: ignore[untyped-decorator]
def complete(context: "CompletionContext") -> "SimpleMatcherResult":
    """Return what the word under the cursor may become; called by IPython.

    IPython takes a colon for the end of a word, so the fragment that is completed is given here.
    """
    found = _LINE.match(context.text_until_cursor.rpartition("\n")[2])
    if found is None:
        return {"completions": []}
    words = re.split(r"\s+", found["words"] or found["auto"] or "")
    typed = words[-1]
    matches = _commands(typed) if len(words) == 1 else _arguments(words[0], typed)
    return {
        "completions": [SimpleCompletion(text=match) for match in matches],
        "matched_fragment": typed,
        "suppress": bool(matches),
    }


def _commands(typed: str) -> list[str]:
    return [word for word in COMMANDS if word.startswith(typed)]


def _arguments(command: str, typed: str) -> list[str]:
    if typed.startswith("-") or command not in ("ls", "get", "info", "cancel", "retry"):
        return []
    from escape_vre.client import AgentClient

    agent = AgentClient(timeout_s=5)
    try:
        if command in ("cancel", "retry"):
            ids = [str(job["id"]) for job in agent.get("/jobs")["jobs"]]
            return [job_id for job_id in ids if job_id.startswith(typed)]
        matches: list[str] = agent.get("/datalake/complete", text=typed)["matches"]
    except EscapeError:
        return []  # no completion is better than an error while typing
    return matches
