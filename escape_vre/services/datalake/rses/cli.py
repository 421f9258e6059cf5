"""``rses``: a command of ``%dl``."""

import argparse
from typing import Any

from escape_vre.client.completion import asked
from escape_vre.display.completion import Word, completed_by
from escape_vre.services.datalake.commands import Command
from escape_vre.services.datalake.rses import api

HELP = "RSE expression, such as 'country=ES&tape=false' (default: all RSEs)"


def add_commands(command: Command) -> None:
    """Add the commands of RSEs."""
    parser = command("rses", _rses, "List RSEs with their room, your quota and attributes.")
    expression = parser.add_argument("expression", nargs="?", default="", help=HELP)
    completed_by(expression, expressions)


def expressions(prefix: str) -> list[Word]:
    """Complete the last word of an expression: an RSE, an attribute, or a value."""
    found = asked("/datalake/expression", text=prefix)
    before = prefix[: found.get("completes_from", 0)]
    return [Word(before + one["text"], one["type"]) for one in found.get("completions", [])]


def _rses(args: argparse.Namespace) -> Any:
    return api.rses(args.expression, instance=args.instance)
