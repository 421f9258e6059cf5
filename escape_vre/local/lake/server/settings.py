"""Writes the configuration files of a lake, the server's and the user's."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import importlib.util
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

from .. import clients
from ..layout import GENERIC, Layout, Ports, write
from . import certificates


def secure(layout: Layout) -> None:
    """Create missing keys, passwords and folders."""
    for folder in ("etc", "log", "run", "server", "sites"):
        (layout.home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    if not layout.ca.exists():
        certificates.make(layout.ca, server=layout.server_identity, client=layout.client_identity)
    for path in (layout.password("demo"), layout.password("root"), layout.storage_token):
        if not path.exists():
            write(path, secrets.token_urlsafe(24) + "\n")


def configure(layout: Layout, ports: Ports, short_folder: Path) -> None:
    """Write the configuration of Rucio's server, its migrations and the ``rucio`` command.

    Written at every start: ports, the database's socket and even ``home`` may be others.

    Parameters
    ----------
    short_folder : Path — of this start, without a percent sign: alembic's reader does not
        escape the folder that its file is in.
    """
    rucio = importlib.util.find_spec("rucio")
    if rucio is None or rucio.origin is None:
        raise ModuleNotFoundError("rucio", name="rucio")
    migrations = Path(rucio.origin).parent / "db" / "sqla" / "migrate_repo"
    password = layout.password("root").read_text().strip()
    database = f"postgresql+psycopg://rucio@/postgres?host={quote(str(short_folder), safe='/')}"
    clients.write_config(
        layout.server_config,
        {
            "common": {
                "logdir": layout.home / "log",
                "loglevel": "ERROR",
                # Where rules that ask for approval take the text of the mail from.
                "mailtemplatedir": Path(sys.prefix) / "rucio" / "etc" / "mail_templates",
            },
            "database": {
                "default": database,
                "pool_size": "20",
                "max_overflow": "20",
                "pool_reset_on_return": "rollback",
            },
            "bootstrap": {
                "userpass_identity": "root",
                "userpass_pwd": password,
                "userpass_email": "root@localhost",
                **dict.fromkeys(("x509_identity", "gss_identity", "ssh_identity"), ""),
            },
            "alembic": {"cfg": short_folder / "alembic.ini"},
            "policy": _policy(layout),
            "conveyor": {"scheme": "https", "transfertool": "mock"},
            "client": {"rucio_host": clients.url(ports), "auth_host": clients.url(ports)},
            # The lake is no provider's client: ``tokens`` says whose tokens it takes. Without a
            # name here, Rucio would read file descriptor 0 for the file, and close that.
            "oidc": {"idpsecrets": layout.home / "server" / "no-idpsecrets.json"},
        },
    )
    clients.write_config(
        short_folder / "alembic.ini",
        {
            "alembic": {"script_location": migrations, "sqlalchemy.url": database},
            "loggers": {"keys": "root"},
            "handlers": {"keys": "console"},
            "formatters": {"keys": "plain"},
            "logger_root": {"level": "ERROR", "handlers": "console"},
            "handler_console": {"class": "StreamHandler", "args": "(sys.stderr,)"},
            "formatter_plain": {"format": "%(levelname)s %(message)s"},
        },
    )
    for account in layout.accounts:
        clients.configure(layout, ports, account)


def _policy(layout: Layout) -> dict[str, object]:
    """Return the section that chooses permissions and schema."""
    generic = {"permission": GENERIC, "schema": GENERIC, "support": "escape-vre"}
    if layout.policy == GENERIC:
        return generic
    return {**generic, "package": "escape_rucio_policy_package"}
