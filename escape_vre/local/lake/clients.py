"""Configuration of the ``rucio`` command for the accounts of a lake; standard library only."""

from collections.abc import Mapping
from pathlib import Path

from .layout import HOST, Layout, Ports, write


def configure(layout: Layout, ports: Ports, account: str) -> None:
    """Write an account's ``rucio.cfg``; it must have a password."""
    target = layout.client_config(account)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    write_config(
        target,
        {
            "client": {
                "rucio_host": url(ports),
                "auth_host": url(ports),
                "auth_type": "userpass",
                "username": account,
                "password": layout.password(account).read_text().strip(),
                "account": account,
                "ca_cert": layout.ca,
                "auth_token_file_path": layout.home / "run" / f"{account}.token",
                "request_retries": "3",
            },
        },
    )


def url(ports: Ports) -> str:
    """Return the URL of Rucio's REST API."""
    return f"https://{HOST}:{ports['rucio']}"


def write_config(path: Path, sections: Mapping[str, Mapping[str, object]]) -> None:
    """Write a file for configparser, 0600."""
    lines: list[str] = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        # configparser would take a lone percent sign in a path for a reference.
        lines += [f"{name} = {str(value).replace('%', '%%')}" for name, value in options.items()]
        lines.append("")
    write(path, "\n".join(lines))
