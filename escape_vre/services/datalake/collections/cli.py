"""``create``, ``attach``, ``detach``, ``close``, ``reopen``, ``meta``, ``erase`` of ``%dl``."""

import argparse
import json
from typing import Any

from escape_vre.core import text
from escape_vre.display.completion import completed_by
from escape_vre.display.parsing import subcommands
from escape_vre.services.datalake.collections import api
from escape_vre.services.datalake.commands import Command, dids
from escape_vre.services.datalake.lifetimes import moment, span


def add_commands(command: Command, commands: Any) -> None:
    """Add the commands of datasets, containers and metadata."""
    _add_create(command("create", _create, "Make a dataset or container."))
    attach = command("attach", _attach, "Attach DIDs to a dataset or container.")
    detach = command("detach", _detach, "Detach DIDs from a dataset or container.")
    for parser in (attach, detach):
        _takes_did(parser, "the dataset or container")
        completed_by(parser.add_argument("contents", nargs="+", metavar="DID"), dids)
    _takes_did(command("close", _close, "Close a dataset or container: it stays as it is."))
    _takes_did(command("reopen", _reopen, "Reopen a dataset or container."))
    _add_meta(command, commands)
    _add_erase(command("erase", _erase, "Have a DID erased, after a day if you say no more."))


def value(written: str) -> tuple[str, api.Value]:
    """Read ``key=value``; a number, true, false or null is one, all else is text."""
    key, equals, said = written.partition("=")
    if not key.strip() or not equals:
        raise argparse.ArgumentTypeError(f"{written} is not of the form KEY=VALUE")
    try:
        found = json.loads(said)
    except ValueError:
        found = said
    plain = isinstance(found, str | int | float | bool) or found is None
    return key.strip(), found if plain else said


def _add_create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("type", choices=("dataset", "container"))
    _takes_did(parser, "its name, in a scope of yours")
    parser.add_argument(
        "--meta",
        action="append",
        default=[],
        type=value,
        metavar="KEY=VALUE",
        help="metadata; may be repeated",
    )
    parser.add_argument(
        "--lifetime", type=span, metavar="SPAN", help="erase it after, such as 30d (default: never)"
    )


def _add_meta(command: Command, commands: Any) -> None:
    help_ = "Show, set or remove metadata."
    below = subcommands(commands.add_parser("meta", help=help_, description=help_))
    _takes_did(command("show", _meta_show, "Show the metadata of a DID.", below=below))
    set_ = command("set", _meta_set, "Set metadata of a DID.", below=below)
    _takes_did(set_)
    set_.add_argument("values", nargs="+", type=value, metavar="KEY=VALUE")
    set_.add_argument("--recursive", action="store_true", help="also of everything below it")
    unset = command("unset", _meta_unset, "Remove metadata of a DID.", below=below)
    _takes_did(unset)
    unset.add_argument("keys", nargs="+", metavar="KEY")


def _add_erase(parser: argparse.ArgumentParser) -> None:
    _takes_did(parser)
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--after", type=span, metavar="SPAN", help="such as 12h or 30d (default: 1d)")
    when.add_argument("--until", type=moment, metavar="DATE", help="such as 2027-01-31")
    when.add_argument("--undo", action="store_true", help="do not erase it any more")
    parser.add_argument("--yes", action="store_true", help="do it, whatever is lost with it")


def _takes_did(parser: argparse.ArgumentParser, help_: str | None = None) -> None:
    completed_by(parser.add_argument("did", metavar="scope:name", help=help_), dids)


def _create(args: argparse.Namespace) -> Any:
    made = api.create(
        args.did,
        args.type,
        metadata=dict(args.meta),
        lifetime=args.lifetime,
        instance=args.instance,
    )
    return _said(made, args)


def _attach(args: argparse.Namespace) -> Any:
    return _said(api.attach(args.did, args.contents, instance=args.instance), args)


def _detach(args: argparse.Namespace) -> Any:
    return _said(api.detach(args.did, args.contents, instance=args.instance), args)


def _close(args: argparse.Namespace) -> Any:
    return _said(api.close(args.did, instance=args.instance), args)


def _reopen(args: argparse.Namespace) -> Any:
    return _said(api.reopen(args.did, instance=args.instance), args)


def _meta_show(args: argparse.Namespace) -> Any:
    return api.metadata(args.did, instance=args.instance)


def _meta_set(args: argparse.Namespace) -> Any:
    values = dict(args.values)
    return api.set_metadata(args.did, values, recursive=args.recursive, instance=args.instance)


def _meta_unset(args: argparse.Namespace) -> Any:
    return api.set_metadata(args.did, unset=args.keys, instance=args.instance)


def _erase(args: argparse.Namespace) -> Any:
    if args.yes or args.undo:
        found = api.erase(
            args.did,
            after=args.after,
            until=args.until,
            undo=args.undo,
            instance=args.instance,
        )
        undo = "" if args.undo else f" Run %dl erase {args.did} --undo before to keep it."
        return _said({**found, "message": found["message"] + undo}, args)
    found = api.erasure(args.did, instance=args.instance)
    said = f"Nothing was erased. {found['message']} Add --yes to erase it."
    return _said({**found, "message": said}, args)


def _said(found: dict[str, Any], args: argparse.Namespace) -> Any:
    """Return a sentence, or everything for a program."""
    return found if args.json else text.sentence(found["message"])
