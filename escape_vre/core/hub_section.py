"""What a service adds to the settings of a hub, below ``global.escape``.

A service that users' servers must be told about names a :class:`HubSection` in its plug-in
(:attr:`escape_vre.core.plugin.Plugin.hub`). The hub takes values schema, validation and the table
of settings from its fields, and asks it what users' servers read.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import httpx
from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of settings: an unknown one, or a wrong type, is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TrialServer(Protocol):
    """The server of a test user, which ``helm test`` has started."""

    @property
    def signs_in(self) -> bool:
        """Whether users of this hub have sessions, and so tokens."""

    @property
    def authorities(self) -> str | None:
        """Certificates (PEM) of the site's authorities."""

    def get(self, path: str, **query: str) -> httpx.Response:
        """Ask the agent of the server, below the service's own routes."""

    def say(self, text: str) -> None:
        """Tell what works."""


class HubSection(Section):
    """One service's settings of a hub; its fields stand directly below ``global.escape``."""

    other_groups: ClassVar[frozenset[str]] = frozenset()
    """Groups of ``escape_vre_config``, beside the service's own, that the service reads."""

    def audiences(self) -> Mapping[str, str]:
        """Return which of ``tokens.audiences`` are needed, by the path of the setting."""
        return {}

    def config(self, ca_file: str | None) -> Mapping[str, Mapping[str, Any]]:
        """Return what users' servers read as ``escape_vre_config``; without empty values.

        Parameters
        ----------
        ca_file : str or None
            Where the site's authorities are in users' servers.
        """
        del ca_file
        return {}

    def check(self, server: TrialServer) -> None:
        """Try what these settings promise, for ``helm test``; raises EscapeError."""
        del server
