"""The words of a command: mistakes name the nearest word.

One parser serves shell, magic and completion, so that they cannot differ.
"""

import argparse
from typing import Any, NoReturn

from escape_vre.core.errors import UsageError
from escape_vre.core.text import nearest


class Parser(argparse.ArgumentParser):
    """Reads words; raises :class:`UsageError` where ``argparse`` would end the process."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = False  # from Python 3.14 on, usage would hold terminal codes

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the words, and what they may be."""
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{self.prog}: {message.rstrip('.?')}{_end(message)}", hint=usage)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown words here, where the options that they may have meant are known."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            word = unknown[0].partition("=")[0]
            options = [o for action in self._actions for o in action.option_strings]
            what = "option" if word.startswith("-") else "argument"
            near = nearest(word, options) if what == "option" else None
            self.error(f"there is no {what} {word}{_meant(near)}")
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse's own message lists all choices and names none.
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        one_of = f"; choose from {', '.join(choices)}"
        near = nearest(str(value), choices)
        if not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 — no other name
            raise argparse.ArgumentError(action, f"there is no {value}{_meant(near) or one_of}")
        near = _below(action, str(value)) or near
        raise argparse.ArgumentError(None, f"there is no command {value}{_meant(near) or one_of}")


def subcommands(parser: argparse.ArgumentParser, noun: str = "command") -> Any:
    """Let a parser have commands; alone, it shows its help."""
    parser.set_defaults(run=lambda _: parser.format_help().rstrip())
    return parser.add_subparsers(metavar=noun, dest=noun)


def add_help(commands: Any, parser: argparse.ArgumentParser) -> None:
    """Add the command ``help``, which shows the help of a parser, to its commands."""
    text = "Show this help."
    made = commands.add_parser("help", help=text, description=text)
    made.set_defaults(run=lambda _: parser.format_help().rstrip())


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser] | None:
    """Return the commands of a parser by name; None where it has none."""
    for action in parser._actions:  # noqa: SLF001 — argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 — no other name
            return dict(action.choices)
    return None


def at_least_one(text: str) -> int:
    """Read a number of rows."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number of rows")
    return int(text)


def _below(action: "argparse._SubParsersAction[Any]", value: str) -> str | None:
    """Find a command one level further down, which was called without what stands before it."""
    for name, parser in action.choices.items():
        if value in (commands_of(parser) or ()):
            return f"{name} {value}"
    return None


def _meant(near: str | None) -> str:
    return f". Did you mean {near}?" if near else ""


def _end(message: str) -> str:
    return "?" if message.endswith("?") else "."
