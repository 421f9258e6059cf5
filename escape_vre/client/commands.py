"""The commands that exist once for all services: get, jobs, cancel, retry, login, logout.

All but *get* are words of ``escape-vre`` and commands of ``%escape``; a service adds to its own
commands what it offers with :func:`add_get`, :func:`add_job_commands` and
:func:`add_account_commands`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from escape_vre.client.accounts import login, logout, services_with_accounts
from escape_vre.client.completion import instances_of, job_ids
from escape_vre.client.doctor import add_doctor_magic
from escape_vre.client.get import get
from escape_vre.client.jobs import cancel, jobs, retry
from escape_vre.display.completion import Completer, completed_by
from escape_vre.display.files import Files
from escape_vre.display.output import strictly
from escape_vre.display.parsing import add_help, subcommands
from escape_vre.display.tables import Table

Subparsers = Any
"""What :func:`.subcommands` returns; argparse has no public name for it."""


def add_escape_commands(parser: argparse.ArgumentParser) -> None:
    """Add all of them, for ``%escape``."""
    parser.description = "What is the same for all services."
    commands = subcommands(parser)
    add_job_commands(commands)
    add_account_commands(commands)
    text = "Check what is configured, and whether it works."
    add_doctor_magic(commands.add_parser("doctor", help=text))
    add_help(commands, parser)


def add_job_commands(commands: Subparsers) -> None:
    """Add ``jobs``, ``cancel`` and ``retry`` to the commands of a service."""
    add_jobs(commands.add_parser("jobs", help="List the jobs."))
    add_cancel(commands.add_parser("cancel", help="Cancel a job."))
    add_retry(commands.add_parser("retry", help="Retry a failed or cancelled job."))


def add_account_commands(commands: Subparsers, service: str | None = None) -> None:
    """Add ``login`` and ``logout`` to the commands of a service; without its name, for all."""
    add_login(commands.add_parser("login", help="Sign in with a code, password or token."), service)
    add_logout(commands.add_parser("logout", help="Sign out."), service)


def add_get(
    commands: Subparsers, service: str, *, form: str, text: str, completer: Completer | None = None
) -> None:
    """Add ``get`` to the commands of a service whose files can be got.

    Parameters
    ----------
    form : str
        How its refs are typed, for the usage, such as ``scope:name``.
    text : str
        What it gets, a sentence.
    completer : callable, optional
        Completes a ref.
    """
    parser = commands.add_parser("get", help=text, description=text)
    refs = parser.add_argument("refs", nargs="+", metavar=form)
    if completer:
        completed_by(refs, completer)
    parser.add_argument("--to", metavar="DIR", help="destination folder (default: the data folder)")
    parser.add_argument(
        "--files",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only files of this name, * and ? allowed; may be repeated",
    )
    parser.add_argument(
        "--copy", action="store_true", help="copy what a mounted storage has in place, too"
    )
    _add_instance(parser, service)
    _add_listing(parser)
    parser.set_defaults(run=lambda args: _get(args, service))


def _get(args: argparse.Namespace, service: str) -> Files:
    found = get(
        *args.refs,
        to=args.to,
        files=args.files,
        instance=args.instance,
        copy=args.copy,
        service=service,
    )
    return strictly(found, strict=args.strict)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add what ``jobs`` takes."""
    parser.description = "List the jobs of all services, newest first."
    _add_listing(parser)
    parser.set_defaults(run=lambda args: strictly(jobs(), strict=args.strict))


def add_cancel(parser: argparse.ArgumentParser) -> None:
    """Add what ``cancel`` takes."""
    parser.description = "Cancel a job, for every client that waits for it."
    _takes_job(parser, cancel)


def add_retry(parser: argparse.ArgumentParser) -> None:
    """Add what ``retry`` takes."""
    parser.description = "Retry a failed or cancelled job; files that have arrived stay."
    _takes_job(parser, retry)


def add_login(parser: argparse.ArgumentParser, service: str | None = None) -> None:
    """Add what ``login`` takes; with a service, it signs in there only."""
    parser.description = "Sign in with a code, password or token."
    _takes_instance(parser, login, service)


def add_logout(parser: argparse.ArgumentParser, service: str | None = None) -> None:
    """Add what ``logout`` takes; with a service, it signs out there only."""
    parser.description = "Sign out."
    _takes_instance(parser, logout, service)


def _takes_job(parser: argparse.ArgumentParser, act: Callable[[str], Table]) -> None:
    completed_by(parser.add_argument("job", help="its id, which may be shortened"), job_ids)
    parser.add_argument("--json", action="store_true", help="print rows as JSON lines")
    parser.set_defaults(run=lambda args: act(args.job))


def _takes_instance(
    parser: argparse.ArgumentParser, act: Callable[..., str], service: str | None
) -> None:
    if service is None:
        parser.add_argument(
            "--service",
            metavar="NAME",
            choices=services_with_accounts(),
            help="only this service (default: all that have accounts)",
        )
    _add_instance(parser, service)
    parser.set_defaults(
        service=service, run=lambda args: act(service=args.service, instance=args.instance)
    )


def _add_instance(parser: argparse.ArgumentParser, service: str | None) -> None:
    instance = parser.add_argument(
        "--instance", metavar="NAME", help="instance of the service (default: the first)"
    )
    completed_by(instance, instances_of([service] if service else services_with_accounts()))


def _add_listing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print rows as JSON lines")
    parser.add_argument(
        "--strict", action="store_true", help="fail (exit code 1) if nothing is found"
    )
