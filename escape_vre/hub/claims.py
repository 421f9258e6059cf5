"""What tokens and claims say."""

import math
from collections.abc import Mapping
from typing import Any

from escape_vre.core.tokens import jwt_claims

DEFAULT_LIFETIME_S = 300.0
"""How long a token is taken to live whose provider does not say, seconds."""

OF_THE_TOKEN = frozenset(
    {"acr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf"}
    | {"nonce", "session_state", "sid", "typ"}
)
"""Claims that tell about an ID token, not about the person."""


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
    """Return how long a new access token lives, seconds, whatever the provider's clock says."""
    told = jwt_claims(str(response["access_token"]))
    for begin, end in ((0, response.get("expires_in")), (told.get("iat"), told.get("exp"))):
        try:
            lifetime = float(end) - float(begin)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if math.isfinite(lifetime):
            return max(0.0, lifetime)
    return DEFAULT_LIFETIME_S
