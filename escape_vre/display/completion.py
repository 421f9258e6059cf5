"""What *Tab* makes of the words of a command, in a shell and in a notebook.

Everything is read from the parser: service authors only say what completes an argument.
"""

import argparse
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from escape_vre.core.text import insertable
from escape_vre.display.parsing import commands_of

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


def completions(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[Word]:
    """Return what the last of the words may become."""
    *before, typed = words
    pending: argparse.Action | None = None
    given: set[str] = set()
    place = 0
    for word in before:
        if pending is not None:
            pending = None
            continue
        action = _option(parser, word)
        if action is not None:
            given.update(action.option_strings)
            pending = action if action.nargs is None and "=" not in word else None
        elif (commands := commands_of(parser)) is not None and word in commands:
            parser = commands[word]
        else:
            place += 1
    return list(_only_insertable(_found(parser, typed, pending, given, place)))


def _found(
    parser: argparse.ArgumentParser,
    typed: str,
    pending: argparse.Action | None,
    given: set[str],
    place: int,
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
    if (commands := commands_of(parser)) is not None:
        yield from (Word(name, "command") for name in commands if name.startswith(typed))
        return
    if argument := _argument(parser, place):
        yield from _values(argument, typed)


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


def _argument(parser: argparse.ArgumentParser, place: int) -> argparse.Action | None:
    """Return the argument that the next word belongs to, after some words without options."""
    for action in _actions(parser):
        if action.option_strings:
            continue
        if place == 0 or action.nargs not in (None, "?"):
            return action
        place -= 1
    return None


def _only_insertable(words: Iterable[Word]) -> Iterator[Word]:
    return (word for word in words if insertable([word]))
