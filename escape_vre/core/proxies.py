"""Which HTTP proxy leads to a URL: what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, or a setting.

The rules are those of ``urllib.request``, and for networks such as ``10.0.0.0/8`` in NO_PROXY
those of ``requests``, which the commands of the field use. The variables are the caller's; the
process's own are never looked at. Standard library only, because kernels read storages themselves.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from escape_vre.core.errors import ConfigurationError

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
"""Each is known in capitals, too; the small letters win, as in ``urllib.request``."""

_LIKE = {"http": "http", "dav": "http", "https": "https", "davs": "https"}
HINT = "Correct HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or set proxy in the configuration."


def proxy_for(
    url: str, http_proxy: str | None, https_proxy: str | None, no_proxy: str | None
) -> str | None:
    """Return the URL of the proxy that leads to ``url``; None where none does.

    Parameters
    ----------
    http_proxy, https_proxy : str or None
        Proxies for URLs without and with TLS: ``http://host:port``, or ``host:port``; default
        port 80.
    no_proxy : str or None
        What is reached without one, separated by commas: hosts, domains, networks, or ``*``.

    Raises
    ------
    ConfigurationError
        The proxy is of a type that is not supported, such as SOCKS.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an IPv6 address that is none: the connection will say so
        return None
    chosen = {"http": http_proxy, "https": https_proxy}.get(_LIKE.get(parts.scheme, ""))
    if not chosen or not parts.hostname or _is_bypassed(parts.netloc, parts.hostname, no_proxy):
        return None
    proxy = chosen if "://" in chosen else f"http://{chosen}"
    scheme = proxy.partition(":")[0]
    if scheme != "http":
        raise ConfigurationError(
            f"The proxy {shown(proxy)} is of type {scheme}; only http:// is supported.",
            hint=f"{HINT} An http:// proxy serves https addresses, too.",
        )
    try:
        found = urlsplit(proxy)
        port = found.port
    except ValueError:
        found, port = urlsplit("//"), None
    if not found.hostname:
        raise ConfigurationError(
            f"The proxy {shown(proxy)} is not an address such as http://host:port.", hint=HINT
        )
    return proxy if port else f"{proxy.rstrip('/')}:80"


def shown(proxy: str) -> str:
    """Return a proxy's address as it may be shown: without the password that it may carry."""
    return proxy.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _is_bypassed(netloc: str, host: str, no_proxy: str | None) -> bool:
    if not no_proxy:
        return False
    if proxy_bypass_environment(netloc.rpartition("@")[2], {"no": no_proxy}):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _networks(no_proxy))


def _networks(
    no_proxy: str,
) -> Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    found = []
    for entry in no_proxy.split(","):
        if "/" in entry:
            try:
                found.append(ipaddress.ip_network(entry.strip(), strict=False))
            except ValueError:
                continue  # a host's name with a slash is no host
    return found


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of one caller at one service; a password in them is not shown."""

    http: str | None = field(default=None, repr=False)
    https: str | None = field(default=None, repr=False)
    no: str | None = None

    @classmethod
    def of_caller(cls, environment: Mapping[str, str]) -> "Proxies":
        """Return what the caller's variables say."""

        def said(name: str) -> str | None:
            return environment.get(name) or environment.get(name.upper()) or None

        every = said("all_proxy")
        return cls(said("http_proxy") or every, said("https_proxy") or every, said("no_proxy"))

    @classmethod
    def of_settings(
        cls, proxy: str | None, no_proxy: Sequence[str], environment: Mapping[str, str]
    ) -> "Proxies":
        """Return what a service's settings say, else what the caller's variables say."""
        if proxy is None:
            return cls.of_caller(environment)
        return cls(proxy or None, proxy or None, ",".join(no_proxy) or None)

    def of(self, url: str) -> str | None:
        """Return the URL of the proxy that leads to this URL; None where none does."""
        return proxy_for(url, self.http, self.https, self.no)

    def __bool__(self) -> bool:
        """Tell whether there is a proxy at all."""
        return bool(self.http or self.https)
