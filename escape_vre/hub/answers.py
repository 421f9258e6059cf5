"""What an identity provider answers, and what a refusal of its means."""

from dataclasses import dataclass, field
from typing import Any

from escape_vre.core.errors import AuthError, ConfigurationError
from escape_vre.core.tokens import jwt_claims
from escape_vre.hub.settings import Audience

ASK = "Tell the administrators of this hub."


class SessionEndedError(AuthError):
    """The provider says that the session is over: only a new sign-in helps."""


class RefusedError(ConfigurationError):
    """The provider refuses what was asked, for every user: the site's configuration is wrong."""


class ClientRefusedError(ConfigurationError):
    """The provider does not accept this hub as its client: every request would be refused."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    basic: bool
    """Whether the client's secret goes into a header (RFC 6749 section 2.3.1)."""
    pkce: tuple[str, ...] | None
    grants: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    response: dict[str, Any] = field(repr=False)
    expires_at: float
    """When the access token ends by our own clock, seconds since 1970: clocks may differ."""

    @property
    def access_token(self) -> str:
        """The access token."""
        return str(self.response["access_token"])

    @property
    def refresh_token(self) -> str:
        """The refresh token; empty if there is none."""
        return str(self.response.get("refresh_token") or "")

    @property
    def id_claims(self) -> dict[str, Any]:
        """The claims of the ID token; empty if there is none."""
        return jwt_claims(str(self.response.get("id_token") or ""))


def check_audience(answer: TokenAnswer, audience: Audience) -> None:
    """Check the audience of an access token; a token without one is accepted.

    Raises
    ------
    RefusedError
        It is for another service.
    """
    aud = jwt_claims(answer.access_token).get("aud")
    if aud and audience.aud not in (aud if isinstance(aud, list) else [aud]):
        raise RefusedError(
            "The identity provider gave a token for a different service.",
            hint=ASK,
            details={"reason": "wrong audience"},
        )
