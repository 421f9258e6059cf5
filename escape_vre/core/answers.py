"""What an identity provider or a hub may answer, field by field.

An answer that breaks these rules is a bad answer: nothing of it is used or kept. The models ignore
what nobody here uses.
"""

import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

MAX_CREDENTIAL = 65_536
"""Longest token, characters: no web server takes a longer header."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that may be reached without TLS."""

_ERROR = re.compile(r"[a-z_]{1,40}")
"""What all registered codes look like, and no token does."""


def _is_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("must be a URL")
    return text


def _is_safe(text: str) -> str:
    if not is_safe(text):
        raise ValueError("must begin with https://")
    return text


def is_safe(url: str) -> bool:
    """Return whether a URL is https, or leads to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


Credential = Annotated[
    str,
    # RFC 6749 appendix A: visible characters and spaces.
    StringConstraints(pattern=r"^[\x21-\x7E][\x20-\x7E]*$", max_length=MAX_CREDENTIAL),
]
Url = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x7E]+$", max_length=2048), AfterValidator(_is_url)
]
"""An absolute URL (RFC 3986), http or https."""

SafeUrl = Annotated[Url, AfterValidator(_is_safe)]
"""One that is https, or leads to this machine."""

ShortCode = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7E][\x20-\x7E]{0,127}$")]
"""What a person types."""

Names = tuple[Annotated[str, StringConstraints(min_length=1, max_length=255)], ...]


class _Answer(BaseModel):
    # The input may hold a token, which no message and no traceback may repeat.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Discovery(_Answer):
    """A provider's description of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: Url
    authorization_endpoint: Url | None = None
    token_endpoint: Url
    userinfo_endpoint: Url | None = None
    device_authorization_endpoint: Url | None = None
    revocation_endpoint: Url | None = None
    token_endpoint_auth_methods_supported: Names | None = None
    code_challenge_methods_supported: Names | None = None
    grant_types_supported: Names | None = None

    def insecure(self) -> str | None:
        """Return the first endpoint that has no TLS though it should: secrets go there.

        Only an issuer on this machine may have endpoints without TLS, on this machine too.
        """
        local = urlsplit(self.issuer).scheme == "http"
        for name in type(self).model_fields:
            url = getattr(self, name) if name.endswith("_endpoint") else None
            if url and urlsplit(url).scheme != "https" and not (local and is_safe(url)):
                return name
        return None


class BrowserDiscovery(Discovery):
    """That of a provider to which browsers are sent."""

    authorization_endpoint: Url


class Tokens(_Answer):
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    access_token: Credential
    refresh_token: Credential | None = None
    id_token: Credential | None = None
    token_type: Annotated[str, StringConstraints(max_length=255)] | None = None


class Device(_Answer):
    """The beginning of a sign-in by code (RFC 8628 section 3.2)."""

    device_code: Credential
    user_code: ShortCode
    verification_uri: SafeUrl
    verification_uri_complete: SafeUrl | None = None


class Person(_Answer):
    """Claims about a person (OpenID Connect Core 1.0, section 2); all others may be anything."""

    sub: Annotated[str, StringConstraints(min_length=1, max_length=255)]


AnyAnswer = TypeVar("AnyAnswer", bound=_Answer)


def read(model: type[AnyAnswer], found: Mapping[str, Any]) -> AnyAnswer | str:
    """Return the answer, or the name of the first field that breaks the rules."""
    try:
        return model.model_validate(found)
    except ValidationError as e:
        return str(e.errors(include_url=False, include_input=False)[0]["loc"][0])


def error_code(found: Mapping[str, Any]) -> str | None:
    """Return the ``error`` of a refusal (RFC 6749 section 5.2); None where it is not a code."""
    code = found.get("error")
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else None


def seconds(
    value: object, *, least_s: float = 0.0, longest_s: float = sys.float_info.max
) -> float | None:
    """Read a number of seconds, which some providers send as text; None for what can be none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if least_s <= found <= longest_s else None
