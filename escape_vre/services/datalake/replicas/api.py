"""Broken replicas from Python."""

from escape_vre.client import AgentClient
from escape_vre.services.datalake.dids import parse_did


def declare_bad(
    did: str, rse: str, reason: str, *, suspicious: bool = False, instance: str | None = None
) -> str:
    """Say that a file's replica at an RSE is broken; returns what that means in a sentence.

    Parameters
    ----------
    suspicious : bool
        Only that it may be broken: for the administrators to look at.

    Raises
    ------
    DeniedError
        Only administrators may declare it bad; the hint says what everybody may.
    """
    body = {
        "instance": instance,
        "ref": str(parse_did(did)),
        "rse": rse,
        "reason": reason,
        "suspicious": suspicious,
    }
    found = AgentClient().post("/datalake/replicas/declare", body)
    return str(found["message"])
