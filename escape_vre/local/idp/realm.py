"""What the realm holds, as Keycloak's admin API (26.4) takes it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .layout import REALM

Fields = dict[str, Any]

AUDIENCES = ("rucio", "reana")
GROUPS = ("/escape", "/escape/cta", "/escape/km3net", "/vre-admins")
USERS: Mapping[str, Sequence[str]] = {
    "alice": ("/escape", "/escape/cta", "/vre-admins"),
    "bob": ("/escape", "/escape/km3net"),
}
LIFESPAN_S = 300
HUB, DEVICE = "hub", "device"
CLIENTS = (HUB, DEVICE)

EXCHANGE = "standard.token.exchange.enabled"
_DEFAULT_SCOPES = ["basic", "profile", "email", "groups"]
_OPTIONAL_SCOPES = ["offline_access", *AUDIENCES]


def realm() -> Fields:
    """Return the realm itself; refresh tokens rotate, and one used twice ends its session."""
    return {
        "realm": REALM,
        "displayName": "ESCAPE",
        "enabled": True,
        "sslRequired": "none",
        "loginWithEmailAllowed": False,
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "oauth2DevicePollingInterval": 1,
        # Passwords here are 24 random bytes: hashing them slowly would protect nothing, and
        # costs a tenth of a second at every sign-in.
        "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
        **lifetimes(access_token_s=LIFESPAN_S),
    }


def lifetimes(
    *,
    access_token_s: int | None = None,
    session_idle_s: int | None = None,
    session_max_s: int | None = None,
    offline_idle_s: int | None = None,
) -> Fields:
    """Return the realm's fields for those lifetimes that are given, in seconds."""
    fields = {
        "accessTokenLifespan": access_token_s,
        "ssoSessionIdleTimeout": session_idle_s,
        "ssoSessionMaxLifespan": session_max_s,
        "offlineSessionIdleTimeout": offline_idle_s,
    }
    return {name: seconds for name, seconds in fields.items() if seconds is not None}


def client_scopes() -> Iterable[Fields]:
    """Return the scopes beside Keycloak's own: ``groups``, and one for each audience."""
    claims = {
        "claim.name": "groups",
        "full.path": "true",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "userinfo.token.claim": "true",
        "introspection.token.claim": "true",
    }
    yield _scope("groups", "oidc-group-membership-mapper", claims)
    for audience in AUDIENCES:
        config = {
            "included.client.audience": audience,
            "id.token.claim": "false",
            "access.token.claim": "true",
            "introspection.token.claim": "true",
        }
        yield _scope(audience, "oidc-audience-mapper", config)


def clients(hub_secret: str) -> Iterable[Fields]:
    """Return the services that tokens are for, and the two clients that get them."""
    for audience in AUDIENCES:
        # Token exchange knows an audience only if it is a client; this one can do nothing.
        yield {
            "clientId": audience,
            "publicClient": False,
            "standardFlowEnabled": False,
            "directAccessGrantsEnabled": False,
            "serviceAccountsEnabled": False,
        }
    common = {
        # Tests get tokens with a password alone.
        "directAccessGrantsEnabled": True,
        # Without Keycloak's "roles": it puts "account" into every audience.
        "defaultClientScopes": _DEFAULT_SCOPES,
        "optionalClientScopes": _OPTIONAL_SCOPES,
    }
    yield {
        **common,
        "clientId": HUB,
        "name": "JupyterHub",
        "publicClient": False,
        "secret": hub_secret,
        "standardFlowEnabled": True,
        "redirectUris": [],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "+",
            EXCHANGE: "true",
        },
    }
    yield {
        **common,
        "clientId": DEVICE,
        "name": "ESCAPE VRE on this machine",
        "publicClient": True,
        "standardFlowEnabled": False,
        "attributes": {"oauth2.device.authorization.grant.enabled": "true"},
    }


def user(name: str, password: str, groups: Sequence[str], number: int) -> Fields:
    """Return one user, complete, so that signing in asks for nothing more.

    Parameters
    ----------
    name, password : str
    groups : sequence of str
        Paths of groups that exist.
    number : int
        For the e-mail address, because a name may not be valid in one.
    """
    return {
        "username": name,
        "enabled": True,
        "firstName": name.capitalize()[:200],
        "lastName": "Example",
        "email": f"{name}@example.org" if name in USERS else f"user{number}@example.org",
        "emailVerified": True,
        "credentials": [{"type": "password", "value": password, "temporary": False}],
        # An import assigns no roles by default, and without this one no user gets offline access.
        "realmRoles": [f"default-roles-{REALM}"],
        "groups": list(groups),
    }


def _scope(name: str, mapper: str, config: Mapping[str, str]) -> Fields:
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true", "display.on.consent.screen": "false"},
        "protocolMappers": [
            {
                "name": name,
                "protocol": "openid-connect",
                "protocolMapper": mapper,
                "config": dict(config),
            }
        ],
    }
