"""Accounts of a lake's users, created over Rucio's REST API; standard library only."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from .errors import LakeError
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
    scope = f"user.{account}"
    if not any(scope in scopes for scopes in _ask(rest, path("accounts", account, "scopes", ""))):
        rest.call("POST", path("accounts", account, "scopes", scope))
    for site in sites:
        where = path("accounts", account, "limits", "local", site)
        rest.call("POST", where, {"bytes": QUOTA_BYTES})


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
