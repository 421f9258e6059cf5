"""What tokens and claims say."""

from collections.abc import Mapping
from typing import Any

from escape_vre.core.answers import seconds
from escape_vre.core.tokens import jwt_claims

DEFAULT_LIFETIME_S = 300.0
"""Assumed lifetime of a token whose provider does not state one, seconds."""

MAX_LIFETIME_S = 86_400.0
"""A token is asked for again after a day at the latest, whatever its provider states, seconds."""

OF_THE_TOKEN = frozenset(
    {"acr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf"}
    | {"nonce", "session_state", "sid", "typ"}
)
"""Claims about an ID token, not about the person."""


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim: one of exactly this name (``wlcg.groups``), else what the path leads to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def lifetime_s(response: Mapping[str, Any]) -> float:
    """Return how long a new access token lives, seconds, whatever the provider's clock says.

    What is not a number is not used; the token's own claims, or the default, count instead.
    """
    told = jwt_claims(str(response["access_token"]))
    for begin, end in ((0, response.get("expires_in")), (told.get("iat"), told.get("exp"))):
        first, last = (seconds(value, least_s=-MAX_LIFETIME_S) for value in (begin, end))
        if first is not None and last is not None:
            return min(max(0.0, last - first), MAX_LIFETIME_S)
    return DEFAULT_LIFETIME_S
