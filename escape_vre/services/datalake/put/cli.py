"""The command ``put`` of ``escape-vre dl`` and ``%dl``."""

import argparse
from typing import Any

from escape_vre.client.completion import asked
from escape_vre.display.completion import Word, completed_by
from escape_vre.services.datalake.commands import Command, dids
from escape_vre.services.datalake.lifetimes import span
from escape_vre.services.datalake.put import api


def add_commands(command: Command) -> None:
    """Add ``put``."""
    parser = command("put", _put, "Put files and folders into the data lake.")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders")
    to = parser.add_argument(
        "--to",
        metavar="scope:dataset",
        help="dataset, made if it does not exist, or scope: (default: your own scope; a single"
        " folder goes into a dataset of its name)",
    )
    completed_by(to, dids)
    parser.add_argument("--dataset", metavar="NAME", help="dataset, where --to names only a scope")
    rse = parser.add_argument("--rse", metavar="RSE", help="where to (default: as configured)")
    completed_by(rse, _rses)
    parser.add_argument(
        "--lifetime",
        type=span,
        metavar="SPAN",
        help="how long the files are kept, such as 12h, 30d, 2w or 1y (default: no end)",
    )
    parser.add_argument(
        "--meta",
        action="append",
        default=[],
        type=pair,
        metavar="KEY=VALUE",
        help="metadata of the new dataset, or of files without one; may be repeated",
    )
    parser.add_argument(
        "--keep-paths",
        action="store_true",
        help="name files in a folder by their path below it, where the data lake allows that",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would happen, and what cannot"
    )


def _rses(prefix: str) -> list[Word]:
    found = asked("/datalake/expression", text=prefix).get("completions", [])
    return [Word(one["text"], "RSE") for one in found if one["type"] == "RSE"]


def pair(text: str) -> tuple[str, str]:
    """Read ``key=value``."""
    key, equals, value = text.partition("=")
    if not key.strip() or not equals:
        raise argparse.ArgumentTypeError(f"{text} is not of the form key=value")
    return key.strip(), value.strip()


def _put(args: argparse.Namespace) -> Any:
    act = api.plan if args.dry_run else api.put
    found = act(
        args.paths,
        to=args.to,
        dataset=args.dataset,
        rse=args.rse,
        lifetime=args.lifetime,
        metadata=dict(args.meta),
        keep_paths=args.keep_paths,
        instance=args.instance,
    )
    return found if args.dry_run or args.json else None
