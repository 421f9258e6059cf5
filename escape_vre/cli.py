"""The command ``escape-vre``."""

import contextlib
import sys
from collections.abc import Sequence

from escape_vre._version import __version__
from escape_vre.core.errors import EscapeError, UsageError
from escape_vre.display.commands import Command, service_commands
from escape_vre.display.completion import complete_in_shell, words_in_shell
from escape_vre.display.output import in_shell_words, never_fail_to_encode, nobody_reads, say, show
from escape_vre.display.parsing import Parser, subcommands

OWN = (
    Command("jobs", "list the jobs", "escape_vre.client.commands:add_jobs"),
    Command("cancel", "cancel a job", "escape_vre.client.commands:add_cancel"),
    Command("retry", "retry a failed or cancelled job", "escape_vre.client.commands:add_retry"),
    Command(
        "login", "sign in with a code, password or token", "escape_vre.client.commands:add_login"
    ),
    Command("logout", "sign out", "escape_vre.client.commands:add_logout"),
    Command(
        "doctor",
        "check what is configured, and whether it works",
        "escape_vre.client.doctor:add_doctor",
    ),
    Command(
        "agent",
        "the background process: status, stop, run",
        "escape_vre.client.cli:add_agent_commands",
    ),
    Command(
        "with-token",
        "run a command with a token for one service",
        "escape_vre.client.cli:add_with_token",
    ),
    Command(
        "demo",
        "JupyterLab with a real data lake on this machine",
        "escape_vre.local.demo.cli:add_arguments",
    ),
    Command(
        "idp",
        "a real identity provider on this machine",
        "escape_vre.local.idp.cli:add_idp_commands",
    ),
    Command(
        "lake",
        "a real Rucio data lake on this machine",
        "escape_vre.local.lake.cli:add_lake_commands",
    ),
)
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
        parser = _parser(words_in_shell() or words)
        complete_in_shell(parser)
        try:
            args = parser.parse_args(words)
        except UsageError as e:
            return _explain(e, code=2)
        shown = args.run(args)
    except EscapeError as e:
        return _explain(e, code=1)
    if isinstance(shown, int):
        return shown
    if shown is not None:
        show(shown, as_json=getattr(args, "json", False))
    return 0


def _parser(words: Sequence[str]) -> Parser:
    """Return the grammar, as far as these words need it: the first decides what is imported."""
    parser = Parser(prog="escape-vre", description="The ESCAPE virtual research environment.")
    parser.add_argument("--version", action="version", version=f"escape-vre {__version__}")
    commands = subcommands(parser)
    services = service_commands()
    every = services | {command.word: command for command in OWN}
    made = {
        word: commands.add_parser(word, help=command.summary) for word, command in every.items()
    }
    typed = words[0] if words else "--help"
    if typed in every:
        every[typed].add_to(made[typed])
    elif not typed.startswith("-"):
        # A mistake: perhaps a command of a service, without the word of the service.
        for word, command in services.items():
            with contextlib.suppress(EscapeError):
                command.add_to(made[word])
    return parser


def _explain(error: EscapeError, *, code: int) -> int:
    first, *more = map(in_shell_words, error.sentences)
    say(first if first.startswith("escape-vre") else f"escape-vre: {first}")
    for line in more:
        say(line)
    return code
