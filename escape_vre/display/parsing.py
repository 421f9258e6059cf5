"""The words of a command: mistakes name the nearest word, and *Tab* knows the grammar.

One parser serves shell, magic and completion, so that they cannot differ.
"""

import argparse
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

from escape_vre.core.errors import UsageError
from escape_vre.core.text import insertable, nearest

Completer = Callable[[str], Sequence[str]]
"""Called with the beginning of a word; returns what it may become."""


class Word(str):
    """What a word may become, and what it is: a command, an option, a value, a scope, a DID."""

    __slots__ = ("type",)

    def __new__(cls, text: str, type_: str) -> "Word":
        """Make one; everywhere else it is a plain text."""
        made = super().__new__(cls, text)
        made.type = type_
        return made

    type: str


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


def completed_by(action: argparse.Action, completer: Completer) -> None:
    """Have the values of an argument completed."""
    # Under the name that argcomplete looks for; it adds keywords, and prefix is one of them.
    action.completer = lambda prefix, **_: completer(prefix)  # type: ignore[attr-defined]


def words_in_shell() -> list[str]:
    """Return the words of the line that a shell completes; none where it does not."""
    if "_ARGCOMPLETE" not in os.environ:
        return []
    # Its value is the number of words that make up the command itself, such as python -m ….
    return os.environ.get("COMP_LINE", "").split()[int(os.environ["_ARGCOMPLETE"]) :]


def complete_in_shell(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that completes, and end; ``argcomplete`` need not be installed otherwise."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    with contextlib.suppress(ImportError):
        from argcomplete.finders import CompletionFinder

        finder = CompletionFinder(always_complete_options="long")
        finder(parser, validator=lambda word, typed: _fits(word, typed))


def _fits(word: str, typed: str) -> bool:
    return word.startswith(typed) and bool(insertable([word]))


def at_least_one(text: str) -> int:
    """Read a number of rows."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number of rows")
    return int(text)


def completions(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[Word]:
    """Return what the last of the words may become."""
    *before, typed = words
    pending: argparse.Action | None = None
    given: set[str] = set()
    for word in before:
        if pending is not None:
            pending = None
            continue
        action = _option(parser, word)
        if action is not None:
            given.update(action.option_strings)
            pending = action if action.nargs is None and "=" not in word else None
        elif (commands := _commands(parser)) is not None and word in commands:
            parser = commands[word]
    return list(_only_insertable(_found(parser, typed, pending, given)))


def _found(
    parser: argparse.ArgumentParser,
    typed: str,
    pending: argparse.Action | None,
    given: set[str],
) -> Iterator[Word]:
    if pending is not None:
        yield from _values(pending, typed)
        return
    if typed.startswith("-"):
        option, equals, begun = typed.partition("=")
        action = _option(parser, option) if equals else None
        if action is not None:
            for word in _values(action, begun):
                yield Word(f"{option}={word}", word.type)
        yield from (Word(o, "option") for o in _options(parser, given) if o.startswith(typed))
        return
    if (commands := _commands(parser)) is not None:
        yield from (Word(name, "command") for name in commands if name.startswith(typed))
        return
    for action in _actions(parser):
        if not action.option_strings:
            yield from _values(action, typed)


def _values(action: argparse.Action, typed: str) -> Iterator[Word]:
    if action.choices is not None:
        yield from (Word(str(c), "value") for c in action.choices if str(c).startswith(typed))
    elif completer := getattr(action, "completer", None):
        for found in completer(typed):
            yield found if isinstance(found, Word) else Word(str(found), "value")


def _options(parser: argparse.ArgumentParser, given: set[str]) -> Iterator[str]:
    for action in _actions(parser):
        repeats = isinstance(action, argparse._AppendAction)  # noqa: SLF001 — no other name
        for option in action.option_strings:
            if option.startswith("--") and (repeats or option not in given):
                yield option


def _option(parser: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    if not word.startswith("-"):
        return None
    name = word.partition("=")[0]
    return next((a for a in _actions(parser) if name in a.option_strings), None)


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions  # noqa: SLF001 — argparse has no other way to ask


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser] | None:
    for action in _actions(parser):
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 — no other name
            return dict(action.choices)
    return None


def _below(action: "argparse._SubParsersAction[Any]", value: str) -> str | None:
    """Find a command one level further down, which was called without what stands before it."""
    for name, parser in action.choices.items():
        if value in (_commands(parser) or ()):
            return f"{name} {value}"
    return None


def _only_insertable(words: Iterable[Word]) -> Iterator[Word]:
    return (word for word in words if insertable([word]))


def _meant(near: str | None) -> str:
    return f". Did you mean {near}?" if near else ""


def _end(message: str) -> str:
    return "?" if message.endswith("?") else "."
