"""The commands of ``escape-vre shelf`` and ``%shelf``."""

import argparse
from typing import Any

from escape_vre.client.commands import add_get
from escape_vre.display.output import Listed
from escape_vre.display.parsing import subcommands
from escape_vre_shelf import api


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands; each sets ``run``."""
    commands = subcommands(parser)

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="print rows as JSON lines")
        return made

    search = command("search", lambda args: api.search(args.text), "Search the shelf.")
    search.add_argument("text", nargs="?", default="", help="part of a name")
    add_get(commands, "shelf", form="shelf:name", text="Get items.")
    put = command("put", _put, "Put a file onto the shelf.")
    put.add_argument("file")
    put.add_argument("ref", metavar="shelf:name")
    bind = command("bind", _bind, "Have a binding made.")
    bind.add_argument("name")


def _put(args: argparse.Namespace) -> str:
    return f"{api.put(args.file, args.ref)['title']} is on the shelf."


def _bind(args: argparse.Namespace) -> Listed:
    return api.bind(args.name)
