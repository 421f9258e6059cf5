"""``quota``: a command of ``%dl``."""

import argparse
from typing import Any

from escape_vre.services.datalake.accounts import api
from escape_vre.services.datalake.commands import Command


def add_commands(command: Command) -> None:
    """Add the commands of accounts."""
    command("quota", _quota, "Show how much you have stored at each RSE, and how much you may.")


def _quota(args: argparse.Namespace) -> Any:
    return api.quota(instance=args.instance)
