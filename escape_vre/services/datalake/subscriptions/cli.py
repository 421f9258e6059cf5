"""``subscriptions`` and ``subscription``: commands of ``%dl``."""

import argparse
from typing import Any

from escape_vre.display.completion import completed_by
from escape_vre.display.parsing import at_least_one, subcommands
from escape_vre.services.datalake.commands import Command
from escape_vre.services.datalake.lifetimes import span
from escape_vre.services.datalake.rses.cli import expressions
from escape_vre.services.datalake.subscriptions import api

LISTS = ("scope", "account", "project", "datatype", "stream_name", "prod_step")
"""Keys of a filter whose values Rucio wants as a list."""


def add_commands(command: Command, commands: Any) -> None:
    """Add the commands of subscriptions."""
    listing = command("subscriptions", _list, "List your subscriptions.")
    listing.add_argument("--all", action="store_true", help="those of all accounts")
    help_ = "Make, pause or resume a subscription."
    below = subcommands(commands.add_parser("subscription", help=help_, description=help_))
    add = command("add", _add, "Have rules made for new data that matches.", below=below)
    add.add_argument("name")
    add.add_argument("match", nargs="+", type=_pair, metavar="KEY=VALUE", help="a|b for several")
    rses = add.add_argument("--rses", required=True, metavar="EXPRESSION", help="where to keep it")
    completed_by(rses, expressions)
    add.add_argument("--copies", type=at_least_one, default=1, metavar="N", help="default: 1")
    add.add_argument("--lifetime", type=span, metavar="SPAN", help="of each rule, such as 30d")
    add.add_argument("--comment", default="", metavar="TEXT")
    command("pause", _pause, "Pause a subscription.", below=below).add_argument("name")
    command("resume", _resume, "Resume a subscription.", below=below).add_argument("name")


def _pair(written: str) -> tuple[str, str | list[str]]:
    """Read ``key=value``, or ``key=a|b`` for several."""
    key, equals, said = written.partition("=")
    if not key.strip() or not equals or not said:
        raise argparse.ArgumentTypeError(f"{written} is not of the form KEY=VALUE")
    several = said.split("|")
    return key.strip(), several if key.strip() in LISTS or len(several) > 1 else said


def _list(args: argparse.Namespace) -> Any:
    return api.subscriptions(everybody=args.all, instance=args.instance)


def _add(args: argparse.Namespace) -> Any:
    return api.subscribe(
        args.name,
        args.rses,
        dict(args.match),
        copies=args.copies,
        lifetime=args.lifetime,
        comment=args.comment,
        instance=args.instance,
    )


def _pause(args: argparse.Namespace) -> Any:
    return api.pause(args.name, instance=args.instance)


def _resume(args: argparse.Namespace) -> Any:
    return api.resume(args.name, instance=args.instance)
