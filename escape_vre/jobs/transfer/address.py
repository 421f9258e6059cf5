"""Addresses of replicas: read once, at intake and at every redirect, so that nothing odd goes on.

Catalogues give addresses as they were registered, with spaces and accents in them; storages
redirect by path alone, without a scheme, or with raw UTF-8. After this there is one form.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from escape_vre.core.errors import BadResponseError

_PORTS = {"https": 443, "http": 80}
_OTHER_NAMES = {"davs": "https", "dav": "http"}
_KEPT = "%!$&'()*+,;=:@/?~[]"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")
_SIGNATURES = {
    "signature",
    "sig",
    "temp_url_sig",
    "authz",
    "access_token",
}
_SIGNED_BY = ("x-amz-", "x-goog-")
MAX_CHARACTERS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads: whether by TLS, host and port."""

    secure: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Address:
    """One address, in the one form that goes into a request.

    Parameters
    ----------
    origin : Origin or None
        None for a file of a file system that is mounted here.
    target : str
        Path and query, percent-encoded; for a file its path, decoded.
    """

    origin: Origin | None
    target: str

    @classmethod
    def read(cls, text: str, *, base: "Address | None" = None) -> "Address":
        """Read an address.

        Parameters
        ----------
        base : Address, optional
            What redirects here; the text may then leave out what both have.

        Raises
        ------
        BadResponseError
            It makes no sense, or has a scheme that is not fetched.
        """
        text = text.strip()
        if len(text) > MAX_CHARACTERS or not text or _CONTROL.search(text):
            raise _nonsense(text)
        if base is None:
            text = text.replace("#", "%23")  # catalogues name files, not places in them
        try:
            if base is not None:
                text = urljoin(str(base), text)
            parts = urlsplit(text)
            scheme = _OTHER_NAMES.get(parts.scheme.lower(), parts.scheme.lower())
            port = _PORTS.get(scheme) if parts.port is None else parts.port
        except ValueError as e:
            raise _nonsense(text) from e
        if scheme == "file" and base is None:
            path = unquote(parts.path)
            if parts.netloc not in ("", "localhost") or _CONTROL.search(path) or not path:
                raise _nonsense(text)
            return cls(None, path)
        if scheme not in _PORTS:
            raise BadResponseError(
                f"escape-vre cannot fetch from {scheme or 'an address without scheme'}:"
                " it reads https, davs, http, dav and file.",
                hint="Fetch another replica, or ask the site for https access.",
            )
        if not port:
            raise _nonsense(text)
        try:
            host = _host(parts.hostname or "")
            path = _encoded(parts.path) or "/"
            query = _encoded(parts.query)
        except UnicodeError as e:
            raise _nonsense(text) from e
        origin = Origin(scheme == "https", host, port)
        return cls(origin, f"{path}?{query}" if query else path)

    def __str__(self) -> str:
        if self.origin is None:
            return f"file://{quote(self.target, errors='surrogateescape')}"
        scheme = "https" if self.origin.secure else "http"
        host = f"[{self.origin.host}]" if ":" in self.origin.host else self.origin.host
        port = "" if self.origin.port == _PORTS[scheme] else f":{self.origin.port}"
        return f"{scheme}://{host}{port}{self.target}"

    @property
    def host(self) -> str:
        """What to call the storage in messages."""
        return self.origin.host if self.origin else "this machine"

    @property
    def site(self) -> str:
        """Which storage this is, for what is known of it: host and port."""
        return f"{self.origin.host}:{self.origin.port}" if self.origin else self.host

    @property
    def signed(self) -> bool:
        """Whether the address carries its own right to be read, which ends after a time.

        Signatures of S3 (``X-Amz-Signature``, ``Signature``), Google (``X-Goog-Signature``),
        Azure (``sig``), Swift (``temp_url_sig``), and XRootD and dCache (``authz``).
        """
        query = self.target.partition("?")[2]
        names = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
        return any(name in _SIGNATURES or name.startswith(_SIGNED_BY) for name in names)

    @property
    def is_local(self) -> bool:
        """Whether this is a file of a file system that is mounted here."""
        return self.origin is None


def location(raw: str) -> str:
    """Read a Location header: ``http.client`` takes every header for Latin-1, most are UTF-8."""
    octets = raw.encode("latin-1", "replace")
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return quote(octets, safe=_KEPT + "#")


def _encoded(text: str) -> str:
    """Percent-encode what may not stand in a request line; what is encoded stays."""
    kept = _LONE_PERCENT.sub("%25", text)
    return quote(kept, safe=_KEPT, errors="surrogateescape")


def _host(host: str) -> str:
    """Return a host as DNS has it: lower case, other alphabets in Punycode."""
    if ":" in host:
        return host  # an IPv6 address, which urlsplit has checked
    found = host.encode("idna").decode().rstrip(".").lower()
    if len(found) > 253 or not all(_LABEL.fullmatch(label) for label in found.split(".")):
        raise UnicodeError(host)
    return found


def _nonsense(text: str) -> BadResponseError:
    shown = text.partition("?")[0][:80]
    return BadResponseError(
        f"The catalogue or a storage gives an address that makes no sense: {shown!a}.",
        hint="Tell the site; another replica may serve.",
    )
