"""``bad``: a command of ``%dl``."""

import argparse
from typing import Any

from escape_vre.display.completion import completed_by
from escape_vre.services.datalake.commands import Command, dids
from escape_vre.services.datalake.replicas import api
from escape_vre.services.datalake.rses.cli import expressions


def add_commands(command: Command) -> None:
    """Add the commands of replicas."""
    parser = command("bad", _bad, "Say that a file's replica at an RSE is broken.")
    completed_by(parser.add_argument("did", metavar="scope:name"), dids)
    rse = parser.add_argument("--rse", required=True, metavar="RSE", help="where it is broken")
    completed_by(rse, expressions)
    parser.add_argument("--reason", required=True, metavar="TEXT", help="what is wrong with it")
    parser.add_argument(
        "--suspicious", action="store_true", help="it may be broken; every account may say so"
    )


def _bad(args: argparse.Namespace) -> Any:
    return api.declare_bad(
        args.did, args.rse, args.reason, suspicious=args.suspicious, instance=args.instance
    )
