"""What is different at each kind of identity provider."""

from dataclasses import dataclass
from typing import Literal

Method = Literal["exchange", "refresh"]


@dataclass(frozen=True, slots=True)
class Preset:
    """How one kind of provider names things; a site's settings override each of the first five."""

    title: str
    scopes: tuple[str, ...]
    username_claim: str
    groups_claim: str
    method: Method
    ended: frozenset[str] = frozenset({"invalid_grant"})
    """Errors of the token endpoint (RFC 6749 section 5.2) that say: this session has ended."""


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
        # Exchange is a grant that an administrator of IAM must give to a client; an audience at
        # refresh (``audience=``) needs nobody.
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
