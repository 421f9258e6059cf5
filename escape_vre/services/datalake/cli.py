"""The words of ``escape-vre dl`` and of ``%dl``: one grammar for both."""

import argparse
from collections.abc import Callable
from typing import Any

from escape_vre.services.datalake import api

Run = Callable[[argparse.Namespace], Any]
"""Does a command and returns what is to be shown."""


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add ``dl`` to ``escape-vre``."""
    parser = subparsers.add_parser(
        "dl", help="the data lake: list, get, look at jobs", description="The data lake."
    )
    add_commands(parser)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the data lake; each sets ``run``."""
    commands = parser.add_subparsers(metavar="command", dest="command")
    parser.set_defaults(run=lambda _: parser.format_help())

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        if name not in ("jobs", "cancel", "retry", "help"):
            made.add_argument("--instance", metavar="NAME", help="data lake; default the first")
        return made

    ls = command("ls", _ls, "List scopes, DIDs, or what is in a collection.")
    ls.add_argument("what", nargs="?", default="", metavar="scope:pattern*")
    ls.add_argument(
        "--type", default="all", choices=("all", "collection", "container", "dataset", "file")
    )
    ls.add_argument("--limit", type=int, default=200, help="rows at most (200)")

    get = command("get", _get, "Fetch files, datasets or containers.")
    get.add_argument("dids", nargs="+", metavar="scope:name")
    get.add_argument("--to", metavar="DIR", help="folder; default the data folder")
    get.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only files of this name, * and ? allowed; may be given again",
    )

    info = command("info", _info, "Show a DID: size, checksums, metadata, sites.")
    info.add_argument("did", metavar="scope:name")

    command("jobs", lambda _: api.jobs(), "Show the jobs.")
    for name, run, text in (
        ("cancel", _cancel, "Cancel a job."),
        ("retry", _retry, "Try a failed or cancelled job again."),
    ):
        command(name, run, text).add_argument("job", help="its number, or how it begins")
    command("login", _login, "Sign in to a data lake, with a code for your browser.")
    command("logout", _logout, "Sign out of a data lake again.")
    command("whoami", _whoami, "Show who you are at the data lake, and that it answers.")
    command("help", lambda _: parser.format_help(), "Show this help.")


def _ls(args: argparse.Namespace) -> Any:
    return api.ls(args.what, type=args.type, limit=args.limit, instance=args.instance)


def _get(args: argparse.Namespace) -> Any:
    return api.get(*args.dids, to=args.to, files=args.files, instance=args.instance)


def _info(args: argparse.Namespace) -> Any:
    return api.info(args.did, instance=args.instance)


def _cancel(args: argparse.Namespace) -> Any:
    return api.cancel(args.job)


def _retry(args: argparse.Namespace) -> Any:
    return api.retry(args.job)


def _login(args: argparse.Namespace) -> Any:
    return api.login(instance=args.instance)


def _logout(args: argparse.Namespace) -> Any:
    return api.logout(instance=args.instance)


def _whoami(args: argparse.Namespace) -> Any:
    who = api.whoami(instance=args.instance)
    return (
        f"{who['account']} at {who['instance']} ({who['url']}, Rucio {who['version']}),"
        f" answers in {who['latency_ms']:.0f} ms"
    )
