"""What lets a kernel in at the storages: credentials that its agent gives, for a short time."""

import ssl
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from escape_vre.core.hosts import is_listed
from escape_vre.core.proxies import proxy_for
from escape_vre.core.service import StorageAccess
from escape_vre.core.tls import contexts
from escape_vre.core.tokens import Token
from escape_vre.jobs.transfer.address import Address

Renew = Callable[[str | None], None]
"""Asks the agent again, for a token other than the one that a storage has refused (its SHA-256)."""


class KernelAccess(StorageAccess):
    """Storage access by the agent's answer to ``POST /datalake/sources``.

    Parameters
    ----------
    credentials : dict
        As the agent gave them.
    renew : callable
        Replaces them by :meth:`take`.
    """

    def __init__(self, credentials: dict[str, Any], renew: Renew) -> None:
        self._renew = renew
        self.take(credentials)

    def take(self, credentials: dict[str, Any]) -> None:
        """Use other credentials from now on."""
        value = credentials["token"]
        self._token = Token(value, credentials["expires"]) if value else None
        self._given = credentials

    @property
    def timeout_s(self) -> float:
        """Longest silence of a storage, seconds."""
        return float(self._given["timeout_s"])

    def headers(
        self, url: str, *, refused: Mapping[str, str], check: Callable[[], None]
    ) -> Mapping[str, str]:
        """Return the bearer token of this moment, where it may go.

        Only over TLS, to the hosts that the agent names, and not with an address that carries its
        own signature.
        """
        del check
        address = Address.read(url)
        secure = address.origin is not None and address.origin.secure
        if not secure or address.signed or not is_listed(url, self._given["token_hosts"]):
            return {}
        before = refused.get("Authorization", "").removeprefix("Bearer ")
        token = self._token
        if token is None:
            return {}
        if token.value == before:
            self._renew(sha256(before.encode()).hexdigest())
        elif not token.fresh:
            self._renew(None)
        token = self._token
        return {"Authorization": f"Bearer {token.value}"} if token else {}

    def follows(self, url: str) -> bool:
        """Tell whether the token goes along where a storage redirects to this URL."""
        return is_listed(url, self._given["redirect_hosts"])

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context; the same object while nothing has changed."""
        given = self._given
        return contexts.get(tuple(given["ca_files"]), given["cert_file"], given["key_file"])

    def proxy(self, url: str) -> str | None:
        """Return the URL of the HTTP proxy that leads to this URL; None where none does."""
        given = self._given
        return proxy_for(url, given["http_proxy"], given["https_proxy"], given["no_proxy"])

    def problem(self) -> str:
        """Return what is wrong with our certificate; a sentence, or empty."""
        return str(self._given["problem"])


class Redirected(StorageAccess):
    """The access to where a storage has redirected us before: no more than a redirect gives."""

    def __init__(self, access: KernelAccess) -> None:
        self._access = access

    def headers(
        self, url: str, *, refused: Mapping[str, str], check: Callable[[], None]
    ) -> Mapping[str, str]:
        """Return the token only where it goes along with a redirect."""
        if not self._access.follows(url):
            return {}
        return self._access.headers(url, refused=refused, check=check)

    def follows(self, url: str) -> bool:
        """Tell whether the token goes along where a storage redirects to this URL."""
        return self._access.follows(url)

    def tls(self) -> ssl.SSLContext:
        """Return the TLS context; the same object while nothing has changed."""
        return self._access.tls()

    def proxy(self, url: str) -> str | None:
        """Return the URL of the HTTP proxy that leads to this URL; None where none does."""
        return self._access.proxy(url)
