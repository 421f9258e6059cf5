"""Typed data of the search; no I/O."""

from typing import Literal

from pydantic import Field

from escape_vre.services.datalake.models import Model
from escape_vre.services.datalake.search.keys import Kind

KeySource = Literal["rucio", "configured", "convention", "seen"]


class Key(Model):
    """A key that can be searched by."""

    key: str
    kind: Kind | None = Field(default=None, description="What its values are, where that is known.")
    source: KeySource = Field(
        description="A column of Rucio's, a key that it lists, one of search_keys, or one seen in"
        " the metadata of a DID."
    )


class Keys(Model):
    """The keys to complete from; Rucio lists no keys of JSON metadata, so these are not all."""

    keys: list[Key]
    note: str | None = Field(default=None, description="What could not be read, and why.")
