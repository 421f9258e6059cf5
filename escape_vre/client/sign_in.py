"""Signing in from a notebook or a terminal: a line with an address and a code, or a question."""

import getpass
import html
import sys
from typing import Any

from escape_vre.client.agent import AgentClient
from escape_vre.core.errors import CancelledJobError, EscapeError, UsageError
from escape_vre.core.text import printable
from escape_vre.display.cell import CellOutput, in_notebook
from escape_vre.display.output import in_shell_words, say

WAIT_S = 2.0
"""How long one request to the agent waits, seconds; *Stop* is noticed between two."""


def sign_in(agent: AgentClient, identity: str) -> None:
    """Show where and how to sign in, or ask for a password or token; return when that is done.

    Raises
    ------
    EscapeError
        The provider or the service refused, or the code expired.
    CancelledJobError
        The sign-in was cancelled, here or in another window.
    UsageError
        A password is needed, and nothing can be typed here.
    """
    found = agent.post("/sign-ins", {"identity": identity})
    if found.get("kind") == "form":
        _by_form(agent, found)
        return
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


def _by_form(agent: AgentClient, form: dict[str, Any]) -> None:
    """Ask for what a form asks for; what is typed is not shown, and goes to the agent only."""
    title = printable(form["title"])
    if not in_notebook() and not sys.stdin.isatty():
        raise _no_questions(title)
    try:
        username = _username(title, printable(form["username"])) if _has_name(form) else ""
        what = "Password" if _has_name(form) else f"Personal token for {title}"
        secret = getpass.getpass(f"{what}: ")
    except (EOFError, KeyboardInterrupt) as e:
        raise CancelledJobError(
            "Stopped. You are not signed in.", hint="Run %escape login again to sign in."
        ) from e
    except NotImplementedError as e:  # how a kernel says that its front end answers no questions
        raise _no_questions(title) from e
    if not secret:
        raise CancelledJobError(
            "Nothing was typed. You are not signed in.", hint="Run %escape login again to sign in."
        )
    typed = {"identity": form["identity"], "username": username, "secret": secret}
    kept = agent.post("/sign-ins/form", typed)["kept"]
    where = "in the keyring of your system" if kept == "keyring" else "until your agent ends"
    said = f"It is kept {where}; %escape logout forgets it."
    say(said if in_notebook() else in_shell_words(said))


def _has_name(form: dict[str, Any]) -> bool:
    return bool(form["asks"] == "password")


def _username(title: str, proposed: str) -> str:
    """Ask for a user name; Enter takes the proposed one."""
    choice = f" [{proposed}]" if proposed else ""
    return input(f"User name at {title}{choice}: ").strip() or proposed


def _no_questions(title: str) -> UsageError:
    return UsageError(
        f"Signing in to {title} needs a password or token, and nothing can be typed here.",
        hint="Sign in with the button in the panel, or with escape-vre login in a terminal.",
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
