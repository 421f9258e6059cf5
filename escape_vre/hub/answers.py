"""What the identity provider may answer, field by field.

An answer that breaks these rules is a bad answer: nothing of it is used or kept. The models ignore
what the hub does not use.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

MAX_CREDENTIAL = 65_536
"""Longest token, characters: no web server takes a longer header."""


def _is_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("must be a URL")
    return text


Credential = Annotated[
    str,
    # RFC 6749 appendix A: visible characters and spaces.
    StringConstraints(pattern=r"^[\x21-\x7E][\x20-\x7E]*$", max_length=MAX_CREDENTIAL),
]
Url = Annotated[str, AfterValidator(_is_url)]
Names = tuple[Annotated[str, StringConstraints(min_length=1)], ...]


class _Answer(BaseModel):
    # The input may hold a token, which no message and no traceback may repeat.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Discovery(_Answer):
    """The provider's description of itself (OpenID Connect Discovery 1.0, section 3)."""

    authorization_endpoint: Url
    token_endpoint: Url
    userinfo_endpoint: Url | None = None
    token_endpoint_auth_methods_supported: Names | None = None
    code_challenge_methods_supported: Names | None = None
    grant_types_supported: Names | None = None


class Tokens(_Answer):
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    access_token: Credential
    refresh_token: Credential | None = None
    id_token: Credential | None = None
    token_type: str | None = None


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
