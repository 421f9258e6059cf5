"""The commands of ``escape-vre dl`` and ``%dl``: one parser for both."""

import argparse
from typing import Any

from escape_vre.client.commands import add_account_commands, add_get, add_job_commands
from escape_vre.client.completion import instances_of
from escape_vre.core.text import sentence
from escape_vre.display.completion import completed_by
from escape_vre.display.output import strictly
from escape_vre.display.parsing import add_help, subcommands
from escape_vre.services.datalake import api
from escape_vre.services.datalake.accounts import cli as accounts
from escape_vre.services.datalake.collections import cli as collections
from escape_vre.services.datalake.commands import Run, dids
from escape_vre.services.datalake.put import cli as put
from escape_vre.services.datalake.registration import cli as registration
from escape_vre.services.datalake.replicas import cli as replicas
from escape_vre.services.datalake.rses import cli as rses
from escape_vre.services.datalake.rules import cli as rules
from escape_vre.services.datalake.search.cli import add_listing, run_search, text_of
from escape_vre.services.datalake.status import cli as status
from escape_vre.services.datalake.subscriptions import cli as subscriptions


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the data lake; each sets ``run``."""
    parser.description = "The data lake."
    commands = subcommands(parser)

    def command(name: str, run: Run, text: str, *, below: Any = None) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = (below or commands).add_parser(
            name, help=text, description=text
        )
        made.set_defaults(run=run)
        lake = made.add_argument(
            "--instance", metavar="NAME", help="data lake (default: the first)"
        )
        completed_by(lake, instances_of(["datalake"]))
        made.add_argument("--json", action="store_true", help="print rows as JSON lines")
        return made

    ls = command("ls", _ls, "List scopes, DIDs, or the content of a container or dataset.")
    add_listing(ls, dids, optional=True)
    add_listing(command("search", run_search, "Search DIDs by name and metadata."), dids)
    text = "Get files, datasets or containers."
    add_get(commands, "datalake", form="scope:name", text=text, completer=dids)
    put.add_commands(command)
    registration.add_commands(command)
    info = command("info", _info, "Show a DID: size, checksums, metadata, sites.")
    completed_by(info.add_argument("did", metavar="scope:name"), dids)
    rses.add_commands(command)
    accounts.add_commands(command)
    rules.add_commands(command, commands)
    collections.add_commands(command, commands)
    replicas.add_commands(command)
    status.add_commands(command)
    subscriptions.add_commands(command, commands)
    add_job_commands(commands)
    add_account_commands(commands, "datalake")
    command("whoami", _whoami, "Show your account at the data lake, and whether it answers.")
    add_help(commands, parser)


def _ls(args: argparse.Namespace) -> Any:
    found = api.ls(text_of(args), type=args.type, limit=args.limit, instance=args.instance)
    return strictly(found, strict=args.strict)


def _info(args: argparse.Namespace) -> Any:
    return api.info(args.did, instance=args.instance)


def _whoami(args: argparse.Namespace) -> Any:
    who = api.whoami(instance=args.instance)
    if args.json:
        return who
    note = f". {who['note']}" if who["note"] else ""
    return sentence(
        f"{who['account']} at {who['instance']} ({who['url']}, Rucio {who['version']}),"
        f" answers in {who['latency_ms']:.0f} ms{note}"
    )
