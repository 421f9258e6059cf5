"""``status``: a command of ``%dl``."""

import argparse
from typing import Any

from escape_vre.services.datalake.commands import Command
from escape_vre.services.datalake.status import api


def add_commands(command: Command) -> None:
    """Add the command of the lake's state."""
    command("status", _status, "Show how full the data lake is, and what is on its way.")


def _status(args: argparse.Namespace) -> Any:
    found = api.status(instance=args.instance)
    return found if args.json else api.status_table(found)
