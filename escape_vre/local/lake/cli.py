"""``escape-vre lake``: start, stop and inspect the local data lake."""

import argparse
import json
import shlex
from pathlib import Path

from escape_vre.core.location import state_dir
from escape_vre.display.output import say, tell
from escape_vre.local.cli import add_commands, is_confirmed, tell_processes

from .errors import LakeError
from .lake import Lake
from .layout import GENERIC, SITES
from .status import Status


def add_lake_commands(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre lake`` can do; each sets ``run``, a function of the arguments."""
    parser.description = (
        "Start and stop a real Rucio data lake on this machine: a server, its daemons and"
        " database, and two storage sites with synthetic sample data. It listens on 127.0.0.1"
        " only."
    )
    commands = add_commands(
        parser,
        "lake",
        "lake",
        (
            (
                "start",
                _start,
                "start the lake and wait until it is ready (installs it first, once)",
            ),
            ("stop", _stop, "stop the lake; its data is kept"),
            ("status", _status, "show the lake's state, address, folder and size"),
            ("reset", _reset, "erase the lake with all its data and start a new one"),
            ("map", _map, "map a user of the identity provider to an account"),
        ),
    )
    for name in ("start", "reset"):
        commands[name].add_argument(
            "--policy",
            choices=[*SITES],
            help="permissions and schema of the server: Rucio's generic ones, or those of the"
            " ESCAPE lake (default: as the lake was made, a new one with generic)",
        )
    commands["start"].add_argument(
        "--pace",
        type=float,
        metavar="SECONDS",
        help="how long each transfer between sites takes, until the next start (default: none)",
    )
    _add_trust(commands["start"])
    person = commands["map"]
    person.add_argument("subject", metavar="SUBJECT", help="`sub` of the user's tokens")
    person.add_argument("account", metavar="ACCOUNT", help="created if it does not exist")
    person.add_argument(
        "--issuer", metavar="URL", help="the user's provider (default: the trusted one)"
    )


def _add_trust(command: argparse.ArgumentParser) -> None:
    """Add what ``start`` says about tokens."""
    trust = command.add_mutually_exclusive_group()
    trust.add_argument(
        "--issuer",
        metavar="URL",
        help="accept tokens of this OpenID Connect provider, now and after every start",
    )
    trust.add_argument(
        "--no-issuer", action="store_true", help="accept no more tokens of a provider"
    )
    command.add_argument(
        "--issuer-ca",
        type=Path,
        metavar="FILE",
        help="PEM with the authorities of the provider's https (default: the system's)",
    )
    command.add_argument(
        "--audience",
        metavar="NAME",
        help="audience that tokens must have in `aud` (default: rucio)",
    )


def _lake(arguments: argparse.Namespace) -> Lake:
    policy = getattr(arguments, "policy", None)
    return Lake(arguments.home or state_dir() / "lake", policy=policy, say=say)


def _start(arguments: argparse.Namespace) -> int:
    lake = _lake(arguments)
    if not arguments.issuer and (arguments.issuer_ca or arguments.audience):
        raise LakeError(
            "--issuer-ca and --audience need a provider.",
            "Add --issuer URL.",
        )
    if arguments.issuer:
        audience = arguments.audience or "rucio"
        lake.trust(arguments.issuer, ca_file=arguments.issuer_ca, audience=audience)
    elif arguments.no_issuer:
        lake.distrust()
    lake.start()
    if arguments.pace is not None:
        lake.transfers_take(arguments.pace)
    _show(lake, arguments, long=True)
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    lake = _lake(arguments)
    lake.stop()
    _show(lake, arguments)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    return 0 if _show(_lake(arguments), arguments) == "ready" else 1


def _reset(arguments: argparse.Namespace) -> int:
    lake = _lake(arguments)

    def what() -> str:
        held = sum(lake.status()["bytes"].values()) / 1e6
        return (
            f"the lake in {lake.home} ({held:.0f} MB): every file on its sites, its catalogue, "
            "passwords and keys"
        )

    if not is_confirmed(arguments, what):
        return 1
    lake.reset()
    _show(lake, arguments, long=True)
    return 0


def _map(arguments: argparse.Namespace) -> int:
    lake = _lake(arguments)
    lake.map_identity(arguments.subject, arguments.account, issuer=arguments.issuer)
    if arguments.json:
        tell(json.dumps(lake.status(), indent=2))
    else:
        tell(f"{arguments.subject} is now account {arguments.account}.")
    return 0


def _show(lake: Lake, arguments: argparse.Namespace, *, long: bool = False) -> str:
    """Print the lake's status; returns its state."""
    status = lake.status()
    if arguments.json:
        tell(json.dumps(status, indent=2))
        return status["state"]
    tell(_sentence(status))
    if status["policy"] != GENERIC:
        tell(f"  policy     {status['policy']}")
    if status["issuer"]:
        tell(f"  tokens     of {status['issuer']}")
    if status["pids"]:
        sizes = ", ".join(f"{part} {size / 1e6:.1f} MB" for part, size in status["bytes"].items())
        tell(f"  on disk    {sizes}")
        tell_processes(status["pids"], status["memory_bytes"])
    if long:
        variables = " ".join(
            f"{name}={shlex.quote(value)}" for name, value in lake.rucio_environment().items()
        )
        tell(f"  account    demo (password in {lake.layout.password('demo')})")
        tell(f"  authority  {lake.layout.ca}")
        tell(f"  by hand    {variables} {shlex.quote(str(lake.rucio))} did list 'demo:*'")
    return status["state"]


def _sentence(status: Status) -> str:
    home, problem = status["home"], status["problem"]
    return {
        "ready": f"The lake is ready at {status['url']}; its files are in {home}.",
        "starting": f"The lake in {home} is starting.",
        "stopped": f"The lake in {home} is stopped; its data is kept.",
        "absent": f"There is no lake in {home}.",
    }.get(status["state"], f"The lake in {home} is broken: {problem}.")
