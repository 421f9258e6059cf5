"""``rules`` and ``rule``: commands of ``%dl``."""

import argparse
from typing import Any

from escape_vre.core import text
from escape_vre.core.errors import EscapeError
from escape_vre.display.completion import Word, completed_by
from escape_vre.display.parsing import at_least_one, subcommands
from escape_vre.services.datalake.commands import Command, dids
from escape_vre.services.datalake.lifetimes import moment, span
from escape_vre.services.datalake.rses.cli import expressions
from escape_vre.services.datalake.rules import api

GROUPINGS = ("ALL", "DATASET", "NONE")


def add_commands(command: Command, commands: Any) -> None:
    """Add the commands of rules."""
    listing = command("rules", _rules, "List the rules of a DID, or all of your account.")
    completed_by(listing.add_argument("did", nargs="?", metavar="scope:name"), dids)
    help_ = "Make, show, change or delete a rule."
    below = subcommands(commands.add_parser("rule", help=help_, description=help_))
    _add_add(command("add", _add, "Have DIDs kept at the RSEs that match.", below=below))
    show = command("show", _show, "Show a rule, its progress, and why it is stuck.", below=below)
    _takes_rule(show)
    _add_update(command("update", _update, "Change a rule.", below=below))
    delete = command("delete", _delete, "Delete a rule; it ends an hour later.", below=below)
    _takes_rule(delete)
    delete.add_argument("--yes", action="store_true", help="delete it, whatever is lost with it")


def _add_add(parser: argparse.ArgumentParser) -> None:
    completed_by(parser.add_argument("dids", nargs="+", metavar="scope:name"), dids)
    where = parser.add_mutually_exclusive_group(required=True)
    rses = where.add_argument(
        "--rses", metavar="EXPRESSION", help="RSE expression, such as 'country=ES&tape=false'"
    )
    completed_by(rses, expressions)
    where.add_argument(
        "--near", action="store_true", help="the RSEs that your site has configured as near"
    )
    parser.add_argument("--copies", type=at_least_one, default=1, metavar="N", help="default: 1")
    _takes_end(parser)
    parser.add_argument("--priority", type=int, default=3, choices=range(1, 6), help="5 is first")
    parser.add_argument("--comment", metavar="TEXT")
    parser.add_argument(
        "--grouping",
        choices=GROUPINGS,
        default="DATASET",
        help="which files stay together (default: those of a dataset)",
    )
    parser.add_argument(
        "--preview", action="store_true", help="only show which RSEs match, and their room"
    )


def _add_update(parser: argparse.ArgumentParser) -> None:
    _takes_rule(parser)
    _takes_end(parser).add_argument("--endless", action="store_true", help="remove its end")
    parser.add_argument("--priority", type=int, choices=range(1, 6), help="5 is first")
    parser.add_argument("--comment", metavar="TEXT")


def _takes_end(parser: argparse.ArgumentParser) -> Any:
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--lifetime", type=span, metavar="SPAN", help="such as 12h, 30d, 2w or 1y")
    end.add_argument("--until", type=moment, metavar="DATE", help="such as 2027-01-31")
    return end


def _takes_rule(parser: argparse.ArgumentParser) -> None:
    completed_by(parser.add_argument("rule", metavar="ID", help="id of the rule"), _ids)


def _ids(prefix: str) -> list[Word]:
    """Complete the id of a rule of the account: none is better than an error while typing."""
    try:
        found = api.rules()
    except EscapeError:
        return []
    return [Word(row["id"], "rule") for row in found if row["id"].startswith(prefix)]


def _rules(args: argparse.Namespace) -> Any:
    return api.rules(args.did, instance=args.instance)


def _add(args: argparse.Namespace) -> Any:
    expression = args.rses or api.near(args.dids[0], instance=args.instance)
    options = {
        "copies": args.copies,
        "lifetime": args.lifetime,
        "until": args.until,
        "priority": args.priority,
        "comment": args.comment,
        "grouping": args.grouping,
        "instance": args.instance,
    }
    if args.preview:
        return api.previewed(args.dids, expression, **options)
    return api.add_rule(args.dids, expression, **options)


def _show(args: argparse.Namespace) -> Any:
    return api.rule(args.rule, instance=args.instance)


def _update(args: argparse.Namespace) -> Any:
    return api.update_rule(
        args.rule,
        lifetime=args.lifetime,
        until=args.until,
        endless=args.endless,
        priority=args.priority,
        comment=args.comment,
        instance=args.instance,
    )


def _delete(args: argparse.Namespace) -> Any:
    if args.yes:
        return api.delete_rule(args.rule, instance=args.instance)
    found = api.loss(args.rule, instance=args.instance)
    if args.json:
        return found
    did = found["rule"]["ref"].removeprefix("rucio:")
    return text.sentence(
        f"Nothing was deleted. {found['message']} Add --yes to delete this rule of {did}."
    )
