"""Accounts of a lake's users, created over Rucio's REST API; standard library only."""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import LakeError
from .layout import write
from .rest import Rest, path

QUOTA_BYTES = 10**12


def ensure(rest: Rest, account: str, sites: Iterable[str]) -> None:
    """Make an account with the rights of ``demo``, unless it exists.

    It may read everything, owns the scope ``user.<account>``, and has a quota at each of the sites.

    Parameters
    ----------
    rest : Rest — signed in as ``root``.
    """
    if not _ask(rest, path("accounts", account)):
        body = {"type": "USER", "email": f"{account}@localhost"}
        rest.call("POST", path("accounts", account), body)
        for site in sites:
            limit(rest, account, site, QUOTA_BYTES)
    scope = f"user.{account}"
    if not any(scope in scopes for scopes in _ask(rest, path("accounts", account, "scopes", ""))):
        rest.call("POST", path("accounts", account, "scopes", scope))


def add(rest: Rest, account: str, sites: Iterable[str], *, password: Path) -> None:
    """Make an account that signs in with a password, unless it exists; see ``ensure``.

    Parameters
    ----------
    rest : Rest — signed in as ``root``.
    password : Path — where the password is kept; written if it is not there.
    """
    if not password.exists():
        write(password, secrets.token_urlsafe(24) + "\n")
    ensure(rest, account, sites)
    known = rest.call("GET", path("accounts", account, "identities"))
    if any(one["type"] == "USERPASS" for one in known):
        return
    identity = {
        "identity": account,
        "authtype": "USERPASS",
        "default": True,
        "email": f"{account}@localhost",
        "password": password.read_text().strip(),
    }
    rest.call("POST", path("accounts", account, "identities"), identity)


def limit(rest: Rest, account: str, site: str, size: int | None) -> None:
    """Set how many bytes an account's rules may lock at a site; None removes the limit.

    Without a limit, an account that is not ``root`` may make no rule there.
    """
    where = path("accounts", account, "limits", "local", site)
    if size is None:
        rest.call("DELETE", where)
    else:
        rest.call("POST", where, {"bytes": size})


def assign(rest: Rest, identity: str, account: str, *, before: str | None = None) -> None:
    """Give an OIDC identity to an account, and take it from the one that had it before.

    Parameters
    ----------
    identity : str — as ``trust.identity`` writes it.
    before : str or None — account that the identity had, if any.
    """
    if before not in (None, account):
        body = {"identity": identity, "authtype": "OIDC"}
        rest.call("DELETE", path("accounts", str(before), "identities"), body)
    known = rest.call("GET", path("accounts", account, "identities"))
    if any(one["identity"] == identity for one in known):
        return
    said = {"identity": identity, "authtype": "OIDC", "email": f"{account}@localhost"}
    rest.call("POST", path("accounts", account, "identities"), {**said, "default": True})


def _ask(rest: Rest, where: str) -> list[Any]:
    """Return what is there; nothing if Rucio does not know it."""
    with suppress(LakeError):
        return rest.call("GET", where)
    return []
