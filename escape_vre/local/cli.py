"""Shared parts of the commands of local back ends."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from escape_vre.display.output import tell
from escape_vre.display.parsing import subcommands

Command = tuple[str, Callable[[argparse.Namespace], int], str]
"""Its name, what it runs, and what it does."""


def add_commands(
    parser: argparse.ArgumentParser, noun: str, folder: str, commands: Sequence[Command]
) -> dict[str, argparse.ArgumentParser]:
    """Add commands to a back end's parser; each sets ``run``. Returns them by name.

    Parameters
    ----------
    noun : str
        The back end's name in messages.
    folder : str
        Its default folder, in the state folder.
    """
    found = subcommands(parser)
    added = {}
    for name, run, text in commands:
        command = found.add_parser(name, help=text, description=f"{text.capitalize()}.")
        command.add_argument(
            "--home",
            type=Path,
            metavar="DIR",
            help=f"the {noun}'s folder (default: `{folder}` in the state folder, "
            "$ESCAPE_VRE_HOME or escape-vre in Jupyter's data folder)",
        )
        command.add_argument("--json", action="store_true", help="print the status as JSON")
        if name == "reset":
            command.add_argument("--yes", action="store_true", help="do not ask")
        command.set_defaults(run=run)
        added[name] = command
    return added


def is_confirmed(arguments: argparse.Namespace, what: Callable[[], str]) -> bool:
    """Ask whether to erase a back end, unless ``--yes`` was given; without a terminal, no."""
    if arguments.yes:
        return True
    tell(f"This erases {what()}. It cannot be undone.")
    try:
        answer = input("Erase it and start again? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() in ("y", "yes"):
        return True
    tell("Nothing was erased.")
    return False


def tell_processes(pids: dict[str, int], memory_bytes: int | None) -> None:
    """Print the processes of a running back end, and their total memory."""
    tell("  processes  " + ", ".join(f"{part} {pid}" for part, pid in pids.items()))
    if memory_bytes is not None:
        tell(f"  memory     {memory_bytes / 1e6:.0f} MB")
