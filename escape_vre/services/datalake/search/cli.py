"""The words of a search on a command line: ``dl search`` and ``dl ls``."""

import argparse
from collections.abc import Iterable

from escape_vre.client.completion import asked
from escape_vre.display.completion import Completer, Word, completed_by
from escape_vre.display.output import strictly
from escape_vre.display.parsing import at_least_one
from escape_vre.display.tables import Table
from escape_vre.services.datalake.search import api, grammar

TYPES = ("all", "collection", "container", "dataset", "file")

HELP = (
    "key=value; also != < <= > >= (in quotes in a shell), and *; joined by and, or:"
    " instrument=LAT 'size>1GB' or created=2026-01"
)


def add_listing(
    parser: argparse.ArgumentParser, completer: Completer, *, optional: bool = False
) -> None:
    """Add what ``search`` takes, and ``ls``, which may do without a word."""
    what = parser.add_argument(
        "what", nargs="?" if optional else None, default="", metavar="scope:pattern*"
    )
    completed_by(what, completer)
    conditions = parser.add_argument("conditions", nargs="*", metavar="key=value", help=HELP)
    completed_by(conditions, _keys)
    parser.add_argument("--type", default="all", choices=TYPES, help="only rows of this type")
    parser.add_argument(
        "--limit",
        type=at_least_one,
        default=200,
        metavar="N",
        help="maximum number of rows (default: 200)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail (exit code 1) if nothing is found"
    )


def text_of(args: argparse.Namespace) -> str:
    """Return the text that the words of a command line make.

    The shell has taken the quotes from a word such as ``target="Crab Nebula"``: the value gets
    them back.
    """
    return " ".join([args.what, *map(_in_quotes, args.conditions)])


def run_search(args: argparse.Namespace) -> Table:
    """Search."""
    found = api.search(text_of(args), type=args.type, limit=args.limit, instance=args.instance)
    return strictly(found, strict=args.strict)


def _in_quotes(word: str) -> str:
    if not any(c.isspace() for c in word) or '"' in word:
        return word
    conditions = grammar.conditions_in(word)
    if len(conditions) != 1:
        return word
    value_at = conditions[0]
    return word[:value_at] + grammar.quoted(word[value_at:])


def _keys(prefix: str) -> list[Word]:
    """Complete a key of metadata."""
    if any(c in prefix for c in "=!<>"):
        return []
    return [Word(f"{key}=", "key") for key in _known() if key.startswith(prefix)]


def _known() -> Iterable[str]:
    keys = asked("/datalake/search/keys").get("keys", [])
    return (key["key"] for key in keys if grammar.quoted(key["key"]) == key["key"])
