"""What tokens and claims say."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

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


def jwt_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT (RFC 7519), unverified; empty where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


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
