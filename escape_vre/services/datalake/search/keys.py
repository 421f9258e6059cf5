"""The keys that Rucio itself has for every DID, its columns; standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "size", "date", "flag", "type"]
"""What the values of a key are."""

_INT32 = 2**31 - 1
_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column of Rucio's.

    Parameters
    ----------
    name : str
        What Rucio calls it in its metadata.
    asked : bool
        Whether Rucio searches by it; otherwise it is compared here.
    most : int
        The largest whole number that Rucio compares it with.
    """

    name: str
    kind: Kind
    asked: bool = True
    most: int = _INT64


def _columns(kind: Kind, *names: str, asked: bool = True, most: int = _INT64) -> dict[str, Column]:
    return {name: Column(name, kind, asked, most) for name in names}


COLUMNS: Mapping[str, Column] = {
    **_columns("text", "name", "adler32", "md5", "project", "datatype", "stream_name"),
    **_columns("text", "prod_step", "version", "campaign", "provenance", "phys_group"),
    **_columns("text", "account", "availability", "guid", "scope", asked=False),
    **_columns("number", "length", "events"),
    **_columns("number", "run_number", "task_id", "panda_id", most=_INT32),
    **_columns("number", "lumiblocknr", "access_cnt", most=_INT32),
    **_columns("size", "bytes"),
    **_columns("date", "created_at", "accessed_at", "closed_at", "expired_at", "eol_at"),
    **_columns("date", "updated_at", "deleted_at", asked=False),
    **_columns("flag", "hidden", "is_archive", "constituent", "transient", "purge_replicas"),
    **_columns(
        "flag", "is_open", "is_new", "suppressed", "monotonic", "obsolete", "complete", asked=False
    ),
    **_columns("type", "type", asked=False),
}
"""By their name in Rucio (41, ``DidColumnMeta.manages_key`` and ``created_at``)."""

ALIASES: Mapping[str, str] = {
    "size": "bytes",
    "files": "length",
    "created": "created_at",
    "updated": "updated_at",
    "accessed": "accessed_at",
    "closed": "closed_at",
    "expires": "expired_at",
    "open": "is_open",
    "did_type": "type",
}
"""What users may call a column."""

OFFERED = (
    *("name", "type", "size", "files", "created", "updated", "accessed", "account", "open"),
    *("adler32", "md5", "events", "datatype", "project", "campaign", "run_number", "version"),
)
"""Those that a completion offers, the most used first."""


def column_of(key: str) -> Column | None:
    """Return the column that a key means; None for a key of other metadata."""
    return COLUMNS.get(ALIASES.get(key, key))
