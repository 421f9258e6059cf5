"""``escape-vre idp``: start, stop and inspect the local identity provider."""

import argparse
import json

from escape_vre.core.location import state_dir
from escape_vre.display.output import say, tell
from escape_vre.local.cli import add_commands, is_confirmed, tell_processes

from . import realm
from .idp import Idp, Status


def add_idp_commands(parser: argparse.ArgumentParser) -> None:
    """Add what ``escape-vre idp`` can do; each sets ``run``, a function of the arguments."""
    parser.description = (
        "Start and stop a real OpenID Connect provider on this machine: Keycloak with a realm of"
        " two users, groups and clients. It listens on 127.0.0.1 only. Java is installed if this"
        " machine has no version 17 or later."
    )
    commands = add_commands(
        parser,
        "provider",
        "idp",
        (
            ("start", _start, "start the provider and wait until it is ready (installs it first)"),
            ("stop", _stop, "stop the provider; its data is kept"),
            ("status", _status, "show the provider's state, address, folder and size"),
            ("reset", _reset, "erase the provider with all its data and start a new one"),
        ),
    )
    commands["start"].add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        metavar="URI",
        help="URI that the client `hub` may redirect browsers to, may end in *; may be repeated",
    )
    commands["start"].add_argument(
        "--access-token-lifespan",
        type=int,
        metavar="SECONDS",
        help="lifetime of access tokens (300 in a new realm)",
    )


def _idp(arguments: argparse.Namespace) -> Idp:
    return Idp(arguments.home or state_dir() / "idp", say=say)


def _start(arguments: argparse.Namespace) -> int:
    idp = _idp(arguments)
    idp.start(
        access_token_lifespan_s=arguments.access_token_lifespan,
        redirect_uris=arguments.redirect_uri,
    )
    _show(idp, arguments, long=True)
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    idp = _idp(arguments)
    idp.stop()
    _show(idp, arguments)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    return 0 if _show(_idp(arguments), arguments) == "ready" else 1


def _reset(arguments: argparse.Namespace) -> int:
    idp = _idp(arguments)
    what = f"the identity provider in {idp.home}: its users, passwords, sessions and keys"
    if not is_confirmed(arguments, lambda: what):
        return 1
    idp.reset()
    _show(idp, arguments, long=True)
    return 0


def _show(idp: Idp, arguments: argparse.Namespace, *, long: bool = False) -> str:
    """Print the provider's status; returns its state."""
    status = idp.status()
    if arguments.json:
        tell(json.dumps(status, indent=2))
        return status["state"]
    tell(_sentence(status))
    if status["pids"]:
        tell(f"  on disk    {status['bytes'] / 1e6:.1f} MB")
        tell_processes(status["pids"], status["memory_bytes"])
    if long:
        tell(f"  users      {', '.join(idp.users)} (passwords in {idp.layout.passwords})")
        tell(f"  clients    {realm.HUB} (secret in {idp.layout.secret(realm.HUB)}), {realm.DEVICE}")
        tell(f"  audiences  {', '.join(idp.audiences)}")
    return status["state"]


def _sentence(status: Status) -> str:
    home, problem = status["home"], status["problem"]
    return {
        "ready": f"The identity provider is ready: issuer {status['issuer']}, files in {home}.",
        "starting": f"The identity provider in {home} is starting.",
        "stopped": f"The identity provider in {home} is stopped; its data is kept.",
        "absent": f"There is no identity provider in {home}.",
    }.get(status["state"], f"The identity provider in {home} is broken: {problem}.")
