"""How a user's server reaches its JupyterHub: what clients send and the agent keeps.

Standard library only, because clients write what the agent reads. See ``docs/adr/0003-tokens.md``.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from escape_vre.core.caller import absolute
from escape_vre.core.errors import UsageError

HUB_HEADER = "X-Escape-VRE-Hub"
"""How the Hub is reached from the caller's server, JSON in base64; never a browser's."""

TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name authorities to every program with OpenSSL, and so to Jupyter itself."""

KEPT = 32
"""Servers of one person that are remembered; more run at no Hub."""


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How one user's server reaches its Hub, and by which token.

    Parameters
    ----------
    url : str
        The Hub as pods see it, ending in ``/hub``.
    server : str
        Name of the server; empty for the default one.
    sign_in : str
        Where a person signs in: absolute where the Hub says what it is called outside, else
        beginning with ``/``.
    trust : tuple of str
        Name and value of each variable of the server that names authorities.
    """

    url: str
    server: str
    token: str = field(repr=False)
    sign_in: str
    trust: tuple[tuple[str, str], ...] = ()

    def public(self, url: str) -> str:
        """Return a URL that the Hub gave, absolute where its public name is known."""
        return urljoin(self.sign_in, url) if url else self.sign_in


def hub_access(environment: Mapping[str, str], *, origin: str = "") -> HubAccess | None:
    """Read what JupyterHub told its server; None outside of one.

    Parameters
    ----------
    origin : str
        Scheme and host by which a browser reaches this server, and so the Hub, where the Hub
        itself was not told what it is called outside.
    """
    api = environment.get("JUPYTERHUB_API_URL", "").rstrip("/")
    token = environment.get("JUPYTERHUB_API_TOKEN", "")
    if not api or not token:
        return None
    base = environment.get("JUPYTERHUB_BASE_URL", "/").rstrip("/")
    public = environment.get("JUPYTERHUB_PUBLIC_HUB_URL", "").rstrip("/")
    host = environment.get("JUPYTERHUB_HOST") or origin
    sign_in = f"{public or host + base + '/hub'}/login"
    server = environment.get("JUPYTERHUB_SERVER_NAME", "")
    trust = tuple((name, absolute(environment[name])) for name in TRUST if environment.get(name))
    return HubAccess(api.removesuffix("/api"), server, token, sign_in, trust)


def pack_hub(environment: Mapping[str, str], *, origin: str = "") -> str:
    """Write the header; empty outside of a Hub."""
    access = hub_access(environment, origin=origin)
    if access is None:
        return ""
    found = {
        "url": access.url,
        "server": access.server,
        "token": access.token,
        "sign_in": access.sign_in,
        "trust": dict(access.trust),
    }
    return base64.b64encode(json.dumps(found).encode()).decode()


def unpack_hub(header: str) -> HubAccess:
    """Read the header.

    Raises
    ------
    UsageError
        The header is not what :func:`pack_hub` writes.
    """
    try:
        found: dict[str, Any] = json.loads(base64.b64decode(header, validate=True))
        fields = [found[name] for name in ("url", "server", "token", "sign_in")]
        said = dict(found.get("trust") or {})
    except (ValueError, binascii.Error, KeyError, TypeError):
        fields, said = [], {}
    if not (fields and all(isinstance(value, str) for value in fields)) or (
        urlsplit(fields[0]).scheme not in ("http", "https")
    ):
        # Without a cause, which would quote what cannot be read, and that is the token.
        raise UsageError(f"The header {HUB_HEADER} is not valid.", hint="Update escape-vre.")
    trust = [(name, said[name]) for name in TRUST if isinstance(said.get(name), str)]
    url, server, token, sign_in = fields
    return HubAccess(url, server, token, sign_in, tuple(trust))


class Hubs:
    """How the user's servers reach the Hub; in memory, the latest of each server."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], HubAccess] = {}
        self.heard = False

    def __iter__(self) -> Iterator[HubAccess]:
        """Iterate over the servers, the most recent first."""
        return iter(list(reversed(self._known.values())))

    def learn(self, header: str | None) -> None:
        """Take what came with a request; raises UsageError."""
        self.heard = True
        if not header:
            return
        access = unpack_hub(header)
        key = (access.url, access.server)
        before = self._known.pop(key, access)
        if access.sign_in.startswith("/"):  # a kernel does not know what a browser has shown
            access = replace(access, sign_in=before.sign_in)
        self._known[key] = access
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]

    def postpone(self, access: HubAccess) -> None:
        """Move this server to the end: its token was refused, usually because it has ended."""
        key = (access.url, access.server)
        if self._known.get(key) == access:
            self._known = {key: self._known.pop(key), **self._known}
