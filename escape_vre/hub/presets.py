"""The differences between types of identity provider."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["exchange", "refresh"]


@dataclass(frozen=True, slots=True)
class Preset:
    """Defaults for one type of provider; a site's settings can override the first five."""

    title: str
    scopes: tuple[str, ...]
    username_claim: str
    groups_claim: str
    method: Method
    ended: frozenset[str] = frozenset({"invalid_grant"})
    """Errors of the token endpoint (RFC 6749 section 5.2) that mean that the session has ended."""


PRESETS = {
    "keycloak": Preset(
        title="Keycloak",
        scopes=("openid", "profile", "email", "offline_access"),
        username_claim="preferred_username",
        groups_claim="groups",
        method="exchange",
    ),
    "iam": Preset(
        title="INDIGO IAM",
        scopes=("openid", "profile", "email", "offline_access", "wlcg.groups"),
        username_claim="preferred_username",
        groups_claim="wlcg.groups",
        # An administrator of IAM must give the exchange grant to a client; an audience at refresh
        # (``audience=``) needs no permission.
        method="refresh",
        # MITREid Connect, below IAM, says invalid_token of a refresh token that it does not know.
        ended=frozenset({"invalid_grant", "invalid_token"}),
    ),
    "egi": Preset(
        title="EGI Check-in",
        scopes=("openid", "profile", "email", "offline_access", "eduperson_entitlement"),
        # sub is unique too, but 70 characters long.
        username_claim="preferred_username",
        groups_claim="eduperson_entitlement",
        method="exchange",
    ),
}
