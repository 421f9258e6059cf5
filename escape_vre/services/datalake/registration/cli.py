"""The command ``register`` of ``%dl``."""

import argparse
from typing import Any

from escape_vre.display.completion import completed_by
from escape_vre.services.datalake.commands import Command, dids
from escape_vre.services.datalake.lifetimes import span
from escape_vre.services.datalake.registration import api


def add_commands(command: Command) -> None:
    """Add ``register``."""
    parser = command("register", _register, "Register a file that is at an RSE already.")
    parser.add_argument("did", metavar="scope:name", help="the DID that it is to have")
    parser.add_argument("--rse", required=True, metavar="RSE", help="where it is")
    parser.add_argument(
        "--pfn", metavar="URL", help="its address, where the RSE has no rule for that"
    )
    parser.add_argument("--bytes", type=int, metavar="N", help="its size (default: asked for)")
    parser.add_argument("--adler32", metavar="HEX", help="its Adler-32 (default: asked for)")
    parser.add_argument("--md5", metavar="HEX", help="its MD5")
    dataset = parser.add_argument(
        "--dataset", metavar="scope:dataset", help="dataset that it goes into (default: none)"
    )
    completed_by(dataset, dids)
    parser.add_argument(
        "--lifetime", type=span, metavar="SPAN", help="of its own rule, such as 30d"
    )


def _register(args: argparse.Namespace) -> Any:
    return api.register(
        args.did,
        rse=args.rse,
        pfn=args.pfn,
        bytes=args.bytes,
        adler32=args.adler32,
        md5=args.md5,
        dataset=args.dataset,
        lifetime=args.lifetime,
        instance=args.instance,
    )
