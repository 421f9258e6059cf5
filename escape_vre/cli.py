"""The command ``escape-vre``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from escape_vre._version import __version__
from escape_vre.core.errors import ConflictError, EscapeError
from escape_vre.core.registry import load, plugins


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0, 1 for a failure that was explained, 130."""
    parser = argparse.ArgumentParser(
        prog="escape-vre", description="The ESCAPE virtual research environment."
    )
    parser.add_argument("--version", action="version", version=f"escape-vre {__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    try:
        for plugin in plugins().values():
            if plugin.cli:
                load(plugin.cli)(commands)
        _add_agent(commands)
        _add_with_token(commands)
        words = sys.argv[1:] if argv is None else argv
        if not {"dl", "agent", "with-token"} & set(
            words[:1]
        ):  # else the quickest commands pay for the others
            _add_local(commands)
        args = parser.parse_args(argv)
        shown = args.run(args)
    except EscapeError as e:
        for n, line in enumerate(e.sentences):
            print(_in_shell_words(line if n else f"escape-vre: {line}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if isinstance(shown, int):
        return shown
    if shown is not None:
        print(_in_shell_words(repr(shown) if _is_table(shown) else str(shown)))
    return 0


def _is_table(shown: object) -> bool:
    """Tell whether something is to be fitted to a screen, and there is one."""
    return hasattr(shown, "_repr_html_") and sys.stdout.isatty()


def _in_shell_words(text: str) -> str:
    """Name the commands as a shell does: messages are written for notebooks."""
    return text.replace("%dl ", "escape-vre dl ")


def _add_agent(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "agent", help="the background process: status, stop, run", description=_add_agent.__doc__
    )
    actions = parser.add_subparsers(metavar="action", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], object], text: str) -> None:
        made = actions.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if name == "stop":
            made.add_argument("--force", action="store_true", help="also while jobs run")

    action("status", _agent_status, "Say whether it runs; starts none.")
    action("stop", _agent_stop, "End it; its jobs go on at the next start.")
    action("run", _agent_run, "Run it here, in the foreground, to see what it says.")


def _add_with_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from escape_vre.client.with_token import run

    text = (
        "Run a command with a token for one service: rucio, reana, or another audience of your"
        " site. The command alone gets it, kept fresh in the file that BEARER_TOKEN_FILE names;"
        " for rucio also RUCIO_AUTH_TYPE, for reana REANA_ACCESS_TOKEN."
    )
    parser = commands.add_parser(
        "with-token",
        help="run a command with a token for one service",
        description=text,
        usage="%(prog)s [-h] audience -- command ...",
    )
    parser.add_argument("audience", help="what the token is for, such as rucio")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command and its arguments")
    parser.set_defaults(run=lambda args: run(args.audience, args.command))


def _agent_status(_: argparse.Namespace) -> str:
    from escape_vre.client import AgentClient
    from escape_vre.client.start import answers
    from escape_vre.core.location import locate

    location = locate()
    if not answers(location):
        return f"No agent runs for {location.state}."
    found = AgentClient().get("/agent")
    return (
        f"The agent {found['version']} runs, pid {found['pid']}, with {found['jobs_running']}"
        f" jobs to do; state in {location.state}, data to {found['data_dir']}."
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
            raise ConflictError(e.message, hint="Add --force to end it now.") from e
    elif is_free(location.lock):
        return "No agent runs."
    await_end(location, pid)
    return "The agent has ended."


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
