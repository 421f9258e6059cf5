"""Signing in from a notebook or a terminal: one line with an address and a code, then waiting."""

import html
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import CancelledJobError, EscapeError
from escape_vre.core.text import printable
from escape_vre.display.cell import CellOutput, in_notebook
from escape_vre.display.output import say

WAIT_S = 2.0
"""How long one request to the agent waits, seconds; *Stop* is noticed between two."""


def sign_in(agent: AgentClient, identity: str) -> None:
    """Show where and how to sign in, and return when that is done.

    Raises
    ------
    EscapeError
        The provider refused, or the code expired.
    CancelledJobError
        The sign-in was cancelled, here or in another window.
    """
    found = agent.post("/sign-ins", {"identity": identity})
    line = _Line()
    try:
        line.show(found)
        while found["state"] == "waiting":
            found = agent.get(f"/sign-ins/{found['id']}", wait_s=WAIT_S)
    except KeyboardInterrupt as e:
        found = agent.post(f"/sign-ins/{found['id']}/cancel")
        if found["state"] != "done":
            raise CancelledJobError(
                "Stopped. You are not signed in.", hint="Run %escape login again for a new code."
            ) from e
    finally:
        line.clear()
    if found["state"] == "failed":
        raise EscapeError.from_dict(found["error"])
    if found["state"] == "cancelled":
        raise CancelledJobError(
            "The sign-in was cancelled in another window.",
            hint="Run %escape login again for a new code.",
        )


class _Line:
    """The line that says what to do; a notebook removes it afterwards."""

    def __init__(self) -> None:
        self._output = CellOutput()

    def show(self, found: dict[str, Any]) -> None:
        url = printable(found["verification_uri_complete"] or found["verification_uri"])
        minutes = max(1, round(found["expires_in"] / 60))
        code, title = printable(found["user_code"]), printable(found["title"])
        plain = (
            f"To sign in to {title}, open {url} and enter or confirm the code {code}"
            f" (valid for {minutes} min). Waiting …"
        )
        if not in_notebook():
            say(plain)
            return
        link = html.escape(url, quote=True)
        rich = (
            f"<div>To sign in to {html.escape(title)}, open"
            f" <a href='{link}' target='_blank' rel='noopener'>{link}</a> and enter or confirm"
            f" the code <b>{html.escape(code)}</b> (valid for {minutes} min). Waiting …</div>"
        )
        self._output.show(rich=rich, plain=plain)

    def clear(self) -> None:
        """Remove the code, which is no longer valid."""
        self._output.clear()
