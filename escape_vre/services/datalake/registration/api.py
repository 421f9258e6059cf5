"""Registering files that are at an RSE already, from Python."""

from datetime import timedelta

from escape_vre.client import AgentClient
from escape_vre.core import text
from escape_vre.display.tables import Info
from escape_vre.services.datalake.dids import parse_did

_HOW = {
    "told": "the storage told its checksum",
    "read": "it was read for its checksum",
    "given": "its size was compared, the checksum is the one given",
}


def register(
    did: str,
    *,
    rse: str,
    pfn: str | None = None,
    bytes: int | None = None,
    adler32: str | None = None,
    md5: str | None = None,
    dataset: str | None = None,
    lifetime: timedelta | None = None,
    instance: str | None = None,
) -> Info:
    """Register a file that is at an RSE already; no byte is sent.

    Parameters
    ----------
    did : str
        ``scope:name`` that it is to have.
    pfn : str, optional
        Its URL; needed where the RSE has no rule for where files are.
    bytes, adler32, md5 : optional
        What is known of it; otherwise the storage is asked, and if it tells no checksum, a file
        of up to 1 GB is read.
    dataset : str, optional
        The dataset that it goes into; without one, it gets a rule of its own.
    lifetime : timedelta, optional
        Of that rule; default: no end.

    Raises
    ------
    NotFoundError
        There is no such file at the storage.
    ConflictError
        The DID exists with other content, or the file is not what was said of it.
    """
    asked = {
        "ref": str(parse_did(did)),
        "rse": rse,
        "pfn": pfn,
        "bytes": bytes,
        "adler32": adler32,
        "md5": md5,
        "dataset": str(parse_did(dataset)) if dataset else None,
        "lifetime_s": int(lifetime.total_seconds()) if lifetime else None,
        "instance": instance,
    }
    found = AgentClient().post("/datalake/register", asked)
    lines = [("DID", found["ref"].removeprefix("rucio:")), ("RSE", found["rse"])]
    lines += [("address", found["pfn"]), ("size", text.size(found["bytes"]))]
    lines += [(kind, found[kind]) for kind in ("adler32", "md5") if found[kind]]
    lines.append(("checked", _HOW[found["checked"]]))
    return Info(found, lines)
