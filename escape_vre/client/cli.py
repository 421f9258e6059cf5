"""The commands ``escape-vre agent`` and ``escape-vre with-token``."""

import argparse
import os
import sys
from collections.abc import Callable

from escape_vre.client.agent import AgentClient
from escape_vre.client.start import answers, await_end
from escape_vre.client.with_token import run, variables_of_audiences
from escape_vre.core.environment import allowed
from escape_vre.core.errors import ConflictError
from escape_vre.core.location import is_free, locate
from escape_vre.display.parsing import subcommands


def add_agent_commands(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre agent`` can do."""
    parser.description = "The background process that moves bytes for panel, notebook and command."
    actions = subcommands(parser, "action")

    def action(name: str, run: Callable[[argparse.Namespace], object], text: str) -> None:
        made = actions.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if name == "stop":
            made.add_argument("--force", action="store_true", help="even while jobs run")
        if name == "status":
            made.add_argument("--json", action="store_true", help="print the status as JSON")

    action("status", _status, "Show whether the agent is running; does not start it.")
    action("stop", _stop, "Stop the agent; its jobs continue at the next start.")
    action("run", _run, "Run the agent in the foreground, to see its log.")


def add_with_token(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre with-token`` takes."""
    known = variables_of_audiences()
    more = ", ".join(f"for {audience} {', '.join(names)}" for audience, names in known.items())
    parser.description = (
        f"Run a command with a token for one service: {', '.join(known)}, or another audience of"
        " your site. Only this command gets the token, kept fresh in the file that"
        f" BEARER_TOKEN_FILE names. It also gets {more}."
    )
    parser.usage = "%(prog)s [-h] audience -- command ..."
    parser.add_argument("audience", help="audience of the token, such as reana")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command and its arguments")
    parser.set_defaults(run=lambda args: run(args.audience, args.command))


def _status(args: argparse.Namespace) -> dict[str, object] | str:
    location = locate()
    running = answers(location)
    found = AgentClient().get("/agent") if running else {}
    if args.json:
        return {"running": running, "state": str(location.state), **found}
    if not running:
        return f"No agent is running for {location.state}."
    active = found["jobs_running"]
    return (
        f"The agent {found['version']} is running, pid {found['pid']},"
        f" {active:,} active job{'' if active == 1 else 's'};"
        f" state in {location.state}, data in {found['data_dir']}."
    )


def _stop(args: argparse.Namespace) -> str:
    location = locate()
    pid = None
    if answers(location):
        client = AgentClient(location)
        pid = client.get("/agent")["pid"]
        try:
            client.post("/agent/stop", force="true" if args.force else "false")
        except ConflictError as e:
            raise ConflictError(e.message, hint="Add --force to stop it now.") from e
    elif is_free(location.lock):
        return "No agent is running."
    await_end(location, pid)
    return "The agent has stopped."


def _run(_: argparse.Namespace) -> int:
    sys.stdout.flush()
    words = [sys.executable, "-P", "-m", "escape_vre.agent"]
    os.execve(sys.executable, words, allowed(os.environ))  # noqa: S606 — our own module
