"""The one line of a hub's configuration."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from escape_vre.core.errors import ConfigurationError, EscapeError, RemoteError
from escape_vre.core.text import sentence
from escape_vre.hub.authenticator import EscapeAuthenticator
from escape_vre.hub.client_secret import client_secret
from escape_vre.hub.environment import check_environment
from escape_vre.hub.names import is_user_name, user_name
from escape_vre.hub.password import share_password
from escape_vre.hub.pods import equip
from escape_vre.hub.provider import EXCHANGE, Provider
from escape_vre.hub.sealing import read_keys
from escape_vre.hub.settings import PATH, Calls, HubSettings, Login, SharedPassword, load
from escape_vre.hub.shares import SCOPE
from escape_vre.hub.traits import listed
from escape_vre.hub.trial import let_test

CHECK_S = 15.0
"""How long a starting hub waits for the provider, seconds."""

ASK_US_EVERY_S = 60
"""JupyterHub's ``auth_refresh_age``: how often it asks us about an active user; memory answers.
We ask the provider less often (``login.recheck_s``), but soon after a sign-in or an outage."""

ADMIN_ROLE = "escape-admin"
ADMIN_SCOPES = (
    "admin-ui",
    "admin:users",
    "admin:servers",
    "admin:groups",
    "list:services",
    "read:services",
    "read:hub",
    "read:roles",
    "read:metrics",
    "shutdown",
)
"""The scopes of JupyterHub's role ``admin``, except access to servers and services, tokens for
other users, shares, and changing the hub's proxy."""

PAGES = Path(__file__).parent / "templates"
"""Our pages that replace JupyterHub's; a site's own pages come first."""

log = logging.getLogger("jupyterhub.escape_vre")


def configure(c: Config, settings: Mapping[str, Any], *, check: bool = True) -> None:
    """Make a JupyterHub sign users in at the site's provider, and give tokens to their servers.

    Call it after all other configuration, because it extends the roles defined before.

    Parameters
    ----------
    c : Config
        The hub's configuration.
    settings : mapping
        The values below ``global.escape``.
    check : bool
        Whether to ask the provider. The hub starts if it does not answer, but not if its answer
        contradicts the settings.

    Raises
    ------
    SystemExit
        A setting is wrong; the message is one sentence that names it.
    """
    try:
        found = load(settings)
        if isinstance(found.login, SharedPassword):
            share_password(c)
        else:
            check_secrets(found)
            check_someone_may(c, found.login)
            if check:
                check_provider(found)
            _apply(c, found)
        check_environment(c, found)
        equip(c, found)
        let_test(c)
        c.JupyterHub.template_paths = [*listed(c.JupyterHub.get("template_paths")), str(PAGES)]
    except EscapeError as e:
        # A traceback would hide the one line that matters.
        raise SystemExit(f"escape-vre: {e}") from e


def check_secrets(settings: HubSettings) -> None:
    """Check that the secrets are where the settings say.

    Raises
    ------
    ConfigurationError
        One is missing or unusable.
    """
    read_keys(settings.keys)
    client_secret(settings.oidc)


def check_provider(settings: HubSettings) -> None:
    """Check the settings against the provider.

    Raises
    ------
    ConfigurationError
        They contradict its answers.
    """
    with ThreadPoolExecutor(1) as apart:  # JupyterHub reads its configuration within a loop
        warning = apart.submit(asyncio.run, _checked(settings)).result()
    if warning:
        log.warning("%s The hub starts anyway.", warning)


async def _checked(settings: HubSettings) -> str:
    login = settings.oidc
    calls = Calls(timeout_s=min(CHECK_S, settings.calls.timeout_s))
    provider = Provider(login, calls, authorities=settings.authorities)
    try:
        async with asyncio.timeout(CHECK_S):
            metadata = await provider.discover()
            if metadata.pkce is not None and "S256" not in metadata.pkce:
                raise ConfigurationError(
                    f"The issuer {login.issuer} does not support PKCE with S256.",
                    hint=f"Turn it on at the provider of {PATH}.login.issuer.",
                )
            if (
                settings.tokens.audiences
                and settings.method == "exchange"
                and metadata.grants is not None
                and EXCHANGE not in metadata.grants
            ):
                raise ConfigurationError(
                    f"The issuer {login.issuer} does not support token exchange.",
                    hint=f"Turn it on there, or set {PATH}.tokens.method to refresh.",
                )
            await provider.check_client()
    except TimeoutError:
        return f"The identity provider at {login.issuer} does not answer."
    except RemoteError as e:
        if type(e) is RemoteError:  # it answers, and its certificate is not to be trusted
            raise ConfigurationError(
                e.message, hint=f"Correct {PATH}.login.issuer or {PATH}.login.ca_file."
            ) from e
        return f"{login.issuer}: {sentence(e.message)}"
    finally:
        await provider.close()
    return ""


def check_someone_may(c: Config, login: Login) -> None:
    """Check that at least one user may sign in.

    Raises
    ------
    ConfigurationError
        No user may, or a listed name cannot be a user name.
    """
    sections = ("Authenticator", "OAuthenticator", "GenericOAuthenticator", "EscapeAuthenticator")
    named = [
        (section, option) for section in sections for option in ("allowed_users", "admin_users")
    ]
    for section, option in named:
        for name in listed(c[section].get(option)):
            if not is_user_name(name):
                raise ConfigurationError(
                    f"c.{section}.{option} has {name!r}, which is not a user name of this hub.",
                    hint=f"The user name for the provider's {name!r} is {user_name(name)}.",
                )
    if login.allow_all or login.allowed_groups or login.admin_groups:
        return
    if any(listed(c[section].get(option)) for section, option in named):
        return
    if any(c[s].get(name) for s in sections for name in ("allow_all", "allow_existing_users")):
        return
    raise ConfigurationError(
        "No user may sign in.",
        hint=f"Name groups in {PATH}.login.allowed_groups, or set {PATH}.login.allow_all to true.",
    )


def _apply(c: Config, settings: HubSettings) -> None:
    login = settings.oidc
    c.JupyterHub.authenticator_class = EscapeAuthenticator
    c.JupyterHub.admin_access = login.admin_access
    ours = c.EscapeAuthenticator
    ours.settings = settings
    ours.enable_auth_state = True
    ours.enable_pkce = True
    ours.basic_auth = True  # keeps the secret out of oauthenticator's own forms
    ours.manage_groups = True
    if login.allow_all:
        ours.allow_all = True
    ours.allowed_groups = {*login.allowed_groups, *login.admin_groups}
    ours.auth_refresh_age = ASK_US_EVERY_S
    ours.refresh_pre_spawn = True
    if login.callback_url:
        ours.oauth_callback_url = login.callback_url

    scopes = c.JupyterHub.get("custom_scopes") or {}
    if isinstance(scopes, LazyConfigValue):
        scopes = scopes.to_dict().get("update", {})
    scopes = dict(scopes)
    scopes[SCOPE] = {"description": "Ask for a token for a service, from one's own server."}
    c.JupyterHub.custom_scopes = scopes
    # A server's token only has scopes that its user has too: both roles must name it.
    roles = _roles(c)
    _grant(roles, "user", (f"{SCOPE}!user",), otherwise=("self",))
    _grant(
        roles,
        "server",
        (f"{SCOPE}!server",),
        otherwise=("users:activity!user", "access:servers!server"),
    )
    if login.admin_groups and not login.admin_access:
        _grant(roles, ADMIN_ROLE, ADMIN_SCOPES)["groups"] = list(login.admin_groups)
    c.JupyterHub.load_roles = roles
    _grant_servers_of_their_own_scopes(c)


def _roles(c: Config) -> list[dict[str, Any]]:
    """Return copies of the site's roles, so that what it appends later is not lost."""
    return [dict(role) for role in listed(c.JupyterHub.get("load_roles"))]


def _grant(
    roles: list[dict[str, Any]], name: str, scopes: Iterable[str], *, otherwise: Iterable[str] = ()
) -> dict[str, Any]:
    """Extend the role of this name, or add it: two roles of one name would stop the hub."""
    role = next((role for role in roles if role.get("name") == name), None)
    if role is None:
        role = {"name": name}
        roles.append(role)
    present = list(role.get("scopes") or otherwise)
    role["scopes"] = present + [scope for scope in scopes if scope not in present]
    return role


def _grant_servers_of_their_own_scopes(c: Config) -> None:
    """Extend ``server_token_scopes``, which replaces the role ``server`` if a site sets it."""
    for section in c.values():
        wanted = section.get("server_token_scopes") if isinstance(section, Config) else None
        if callable(wanted):
            section.server_token_scopes = _also(wanted)
        elif isinstance(wanted, list | tuple | set) and wanted:
            section.server_token_scopes = [*wanted, f"{SCOPE}!server"]


def _also(wanted: Any) -> Any:
    async def scopes(spawner: Any) -> list[str]:
        found = wanted(spawner)
        if hasattr(found, "__await__"):
            found = await found
        return [*found, f"{SCOPE}!server"] if found else []

    return scopes
