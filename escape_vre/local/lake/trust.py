"""The identity provider that a lake trusts, and the accounts of its users.

Standard library only: the product's environment writes it, the lake's processes read it.
"""

import ipaddress
import json
import ssl
import time
import urllib.error
import urllib.request
from base64 import urlsafe_b64decode
from dataclasses import asdict, dataclass, field, replace
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from .errors import LakeError
from .layout import HOST, write

_LARGEST = 1_000_000


@dataclass(frozen=True)
class Trust:
    """What a lake knows about tokens.

    Parameters
    ----------
    issuer : str or None — URL, exactly as tokens have it in ``iss``; None trusts no provider.
    audience : str — what tokens must have in ``aud``.
    ca_file : str or None — PEM, absolute path; authorities for the provider's https.
    identities : dict — Rucio's name of an identity to the account it was given.
    """

    issuer: str | None = None
    audience: str = "rucio"
    ca_file: str | None = None
    identities: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; without one, no provider is trusted.

        Raises
        ------
        LakeError — the file is not valid.
        """
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return cls()
        except (ValueError, TypeError) as error:
            raise LakeError(
                f"Could not read the trusted provider from {path}: {error}",
                "Remove it, then start the lake with --issuer and map users again.",
            ) from error

    def write(self, path: Path) -> None:
        """Write it atomically: a reader sees the old or the new."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, json.dumps(asdict(self), indent=2) + "\n")

    def with_identity(self, identity: str, account: str) -> "Trust":
        """Return the same with one more identity."""
        return replace(self, identities={**self.identities, identity: account})


def identity(subject: str, issuer: str) -> str:
    """Return Rucio's name for a provider's person (``rucio.core.oidc.oidc_identity_string``)."""
    return f"SUB={subject}, ISS={issuer}"


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a token's header and claims (RFC 7519), without verification.

    Raises
    ------
    ValueError — it is not a token.
    """
    header, claims, _signature = token.split(".")
    try:
        read = [json.loads(urlsafe_b64decode(part + "===")) for part in (header, claims)]
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not all(isinstance(part, dict) for part in read):
        raise ValueError("no objects")
    return read[0], read[1]


def keys_url(issuer: str, *, ca_file: str | None, timeout_s: float) -> str:
    """Ask a provider where its public keys are (OpenID Connect Discovery 1.0, section 4).

    Raises
    ------
    LakeError — it does not answer, is not a provider, or has a different issuer.
    """
    where = issuer.rstrip("/") + "/.well-known/openid-configuration"
    said = fetch(where, ca_file=ca_file, timeout_s=timeout_s)
    name, keys = said.get("issuer"), said.get("jwks_uri")
    if not isinstance(name, str) or not isinstance(keys, str):
        raise LakeError(
            f"{issuer} is not an OpenID Connect provider: its configuration names no keys.",
            "Give the issuer's URL as the provider's own pages do.",
        )
    if name != issuer:
        raise LakeError(
            f"The provider at {issuer} calls itself {name}.",
            f"The issuer must match exactly: write it as {name}",
        )
    return keys


def fetch(url: str, *, ca_file: str | None, timeout_s: float) -> dict[str, Any]:
    """Get a JSON object from a provider.

    Raises
    ------
    LakeError — no answer, or not a JSON object.
    """
    parts = urlsplit(url)
    near = _is_near(parts.hostname or "")
    if not parts.hostname or parts.scheme not in (("https", "http") if near else ("https",)):
        raise LakeError(
            f"{url} is not the address of an identity provider.",
            "It must begin with https://; http:// is allowed only for one on this machine.",
        )
    try:
        opener = urllib.request.build_opener(
            _NoRedirect(),
            # A proxy of the site's cannot know what listens on this machine.
            *([urllib.request.ProxyHandler({})] if near else []),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
        )
        with opener.open(url, timeout=timeout_s) as answer:
            found = json.loads(_read(answer, timeout_s))
    except (OSError, HTTPException, ValueError) as error:
        raise LakeError(
            f"{url} did not answer like an identity provider: {error}",
            "Start it, or fix the issuer's URL or the file with its certificate authority.",
        ) from error
    if not isinstance(found, dict):
        raise LakeError(
            f"{url} did not answer like an identity provider: no JSON object",
            "Give the issuer's URL as the provider's own pages do.",
        )
    return found


def _read(answer: HTTPResponse, timeout_s: float) -> bytes:
    """Read an answer, with limits on its time and size."""
    deadline = time.monotonic() + timeout_s
    content = b""
    while block := answer.read1(65536):
        content += block
        if time.monotonic() > deadline or len(content) > _LARGEST:
            raise TimeoutError("its answer does not end")
    return content


def _is_near(host: str) -> bool:
    try:
        return host in ("localhost", HOST) or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: keys come only from the issuer's own address."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Refuse: the answer stays the error that it is."""
