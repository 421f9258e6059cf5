"""The command ``escape-vre``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from escape_vre._version import __version__
from escape_vre.core.errors import ConflictError, EscapeError
from escape_vre.core.registry import load, plugins
from escape_vre.display.output import in_shell_words, never_fail_to_encode, nobody_reads, say, show
from escape_vre.display.parsing import Parser, complete_in_shell, subcommands

QUICK = {"dl", "agent", "with-token"}
"""Commands that do not pay for the back ends of this machine: loading those takes 0.1 s."""
INTERRUPTED, PIPE_CLOSED = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0; 1 for a failure that was explained; 2 for words that make no command; 130 after *Ctrl-C*;
    141, as a shell has it, when the reader of a pipe has gone.
    """
    never_fail_to_encode()
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            sys.stdout.flush()  # after --help too, which ends with SystemExit
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        nobody_reads()
        return PIPE_CLOSED


def _run(words: Sequence[str]) -> int:
    try:
        parser = _parser(words)
        complete_in_shell(parser)
        args = parser.parse_args(words)
    except EscapeError as e:
        return _explain(e, code=2)
    try:
        shown = args.run(args)
    except EscapeError as e:
        return _explain(e, code=1)
    if isinstance(shown, int):
        return shown
    if shown is not None:
        show(shown, as_json=getattr(args, "json", False))
    return 0


def _parser(words: Sequence[str]) -> Parser:
    """Return the grammar, as far as these words need it."""
    parser = Parser(prog="escape-vre", description="The ESCAPE virtual research environment.")
    parser.add_argument("--version", action="version", version=f"escape-vre {__version__}")
    commands = subcommands(parser)
    for plugin in plugins().values():
        if plugin.cli:
            load(plugin.cli)(commands)
    _add_agent(commands)
    _add_with_token(commands)
    if not QUICK & set(words[:1]):
        _add_local(commands)
    return parser


def _explain(error: EscapeError, *, code: int) -> int:
    first, *more = map(in_shell_words, error.sentences)
    say(first if first.startswith("escape-vre") else f"escape-vre: {first}")
    for line in more:
        say(line)
    return code


def _add_agent(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "The background process that moves bytes for panel, notebook and command."
    parser = commands.add_parser(
        "agent", help="the background process: status, stop, run", description=text
    )
    actions = subcommands(parser, "action")

    def action(name: str, run: Callable[[argparse.Namespace], object], text: str) -> None:
        made = actions.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if name == "stop":
            made.add_argument("--force", action="store_true", help="even while jobs run")
        if name == "status":
            made.add_argument("--json", action="store_true", help="print the status as JSON")

    action("status", _agent_status, "Show whether the agent is running; does not start it.")
    action("stop", _agent_stop, "Stop the agent; its jobs continue at the next start.")
    action("run", _agent_run, "Run the agent in the foreground, to see its log.")


def _add_with_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from escape_vre.client.with_token import run

    text = (
        "Run a command with a token for one service: rucio, reana, or another audience of your"
        " site. Only this command gets the token, kept fresh in the file that BEARER_TOKEN_FILE"
        " names. For rucio it also gets RUCIO_AUTH_TYPE, for reana REANA_ACCESS_TOKEN."
    )
    parser = commands.add_parser(
        "with-token",
        help="run a command with a token for one service",
        description=text,
        usage="%(prog)s [-h] audience -- command ...",
    )
    parser.add_argument("audience", help="audience of the token, such as rucio")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command and its arguments")
    parser.set_defaults(run=lambda args: run(args.audience, args.command))


def _agent_status(args: argparse.Namespace) -> dict[str, object] | str:
    from escape_vre.client import AgentClient
    from escape_vre.client.start import answers
    from escape_vre.core.location import locate

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


def _agent_stop(args: argparse.Namespace) -> str:
    from escape_vre.client import AgentClient
    from escape_vre.client.start import answers, await_end
    from escape_vre.core.location import is_free, locate

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


def _agent_run(_: argparse.Namespace) -> int:
    from escape_vre.core.environment import allowed

    sys.stdout.flush()
    words = [sys.executable, "-P", "-m", "escape_vre.agent"]
    os.execve(sys.executable, words, allowed(os.environ))  # noqa: S606 — our own module


def _add_local(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the back ends that run on this machine."""
    from escape_vre.local.demo.cli import add_parser as add_demo
    from escape_vre.local.idp.cli import add_parser as add_idp
    from escape_vre.local.lake.cli import add_parser as add_lake

    add_demo(commands)
    add_idp(commands)
    add_lake(commands)
