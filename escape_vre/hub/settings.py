"""The settings of a hub: the values below ``global.escape``.

No secret is a setting: settings name the environment variable or the file with the secret.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, create_model, field_validator, model_validator

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.hub_section import HubSection, Section
from escape_vre.hub.mounted import CLIENT_SECRET, place
from escape_vre.hub.presets import PRESETS, Method, Preset
from escape_vre.hub.sections import sections
from escape_vre.hub.user_settings import Authorities, User

PATH = "global.escape"
"""Path of the settings in a site's values; messages begin with it."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]  # RFC 6749 section 3.3

Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class SharedPassword(Section):
    """All users sign in with one password: only for a laptop and a demonstration."""

    provider: Literal["shared-password"] = Field(
        description="JupyterHub's own `shared-password`: anyone who knows the password can sign in"
        " as any user. It is in `jupyterhub.hub.config.SharedPasswordAuthenticator.user_password`."
    )


class Login(Section):
    """How users sign in."""

    provider: Literal["keycloak", "iam", "egi"] = Field(
        description="Type of the identity provider; it sets the defaults of the other settings."
    )
    issuer: str = Field(
        description="URL of the provider, exactly as `issuer` in its"
        " `/.well-known/openid-configuration`."
    )
    client_id: str = Field(min_length=1, description="Client id of this hub at the provider.")
    client_secret_env: str = Field(
        default="ESCAPE_VRE_CLIENT_SECRET",
        min_length=1,
        description="Environment variable of the hub with the client's secret. Without it,"
        " the chart's hub reads `escape.client-secret` of `jupyterhub.hub.existingSecret`.",
    )
    client_secret_file: str | None = Field(
        default=None,
        description="File with the client's secret, instead of the variable; read at every use.",
    )
    callback_url: str | None = Field(
        default=None,
        description="URL of this hub that the provider redirects to, ending in"
        " `/hub/oauth_callback`; default: the address that the browser used.",
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file with the certificate authorities of the provider, if the system does"
        " not trust them.",
    )
    proxy: str | None = Field(
        default=None,
        pattern=r"^(http://[^/]+/?)?$",
        description="HTTP proxy for the provider, as `http://host:port`; an empty text for none;"
        " without it, what `HTTPS_PROXY` and `NO_PROXY` of the hub say.",
    )
    no_proxy: tuple[str, ...] = Field(
        default=(),
        description="With `proxy`: hosts, domains and networks that are reached without it.",
    )
    allow_http: bool = Field(
        default=False,
        description="Accept an issuer without TLS on another machine. For tests only: the client's"
        " secret is sent unencrypted.",
    )
    title: str | None = Field(
        default=None, description="Name of the provider on the sign-in button."
    )
    scopes: tuple[Scope, ...] | None = Field(
        default=None,
        description="Scopes to request at sign-in; must include `openid`, and the scope that makes"
        " the provider give a refresh token.",
    )
    username_claim: str | None = Field(
        default=None,
        description="Claim with the user name; its value should never change.",
    )
    groups_claim: str | None = Field(
        default=None,
        description="Claim with the user's groups; a path with dots selects a nested claim, such as"
        " `realm_access.roles`.",
    )
    allowed_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose members may sign in."
    )
    allow_all: bool = Field(
        default=False, description="Whether every user of the provider may sign in."
    )
    admin_groups: tuple[str, ...] = Field(
        default=(),
        description="Groups whose members may sign in as administrators: see users and servers,"
        " start, stop and delete them.",
    )
    admin_access: bool = Field(
        default=False,
        description="Whether administrators may also enter other users' servers and create tokens"
        " for them, like JupyterHub's own administrators.",
    )
    recheck_s: int = Field(
        default=300,
        ge=30,
        description="Longest time until a sign-out at the provider, or a change of groups, is"
        " noticed for an active user, seconds.",
    )

    @field_validator("issuer", "callback_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"must be a URL, such as https://idp.example.org, not {value!r}")
        return value

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        parts = urlsplit(self.issuer)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not self.allow_http:
            raise ValueError(
                "issuer must begin with https://, because the client's secret goes there"
                " (allow_http: true is for tests)"
            )
        if "openid" not in self.asked_scopes:
            raise ValueError("scopes must include openid: it identifies the user")
        return self

    @property
    def preset(self) -> Preset:
        """The defaults for this type of provider."""
        return PRESETS[self.provider]

    @property
    def asked_scopes(self) -> tuple[str, ...]:
        """What is asked for at sign-in."""
        return self.preset.scopes if self.scopes is None else self.scopes

    @property
    def name_claim(self) -> str:
        """The claim that becomes the user name."""
        return self.username_claim or self.preset.username_claim

    @property
    def group_claim(self) -> str:
        """The claim that lists groups."""
        return self.groups_claim or self.preset.groups_claim

    @property
    def shown_title(self) -> str:
        """What the button calls the provider."""
        return self.title or self.preset.title

    @property
    def secret_place(self) -> str:
        """Where the client's secret is, for messages."""
        if self.client_secret_file:
            return f"the file {self.client_secret_file} ({PATH}.login.client_secret_file)"
        named = f"the variable {self.client_secret_env} ({PATH}.login.client_secret_env)"
        return named + place(CLIENT_SECRET)


class Audience(Section):
    """A service for which users' servers can get tokens."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="Name that panels and commands ask for, such as `rucio`.",
    )
    audience: str | None = Field(
        default=None,
        min_length=1,
        description="What the provider calls the service, `aud` of its tokens; without it, the"
        " name.",
    )
    scopes: tuple[Scope, ...] = Field(
        default=(), description="Scopes that the service's tokens must have."
    )

    @property
    def aud(self) -> str:
        """What the provider calls the service."""
        return self.audience or self.name


class Tokens(Section):
    """Tokens for users' servers."""

    method: Method | None = Field(
        default=None,
        description="How the provider narrows a session to one service: `exchange` (RFC 8693), or"
        " `refresh` with fewer scopes.",
    )
    audiences: tuple[Audience, ...] = Field(
        default=(), description="Services for which users' servers can get tokens."
    )
    proxy_headers: tuple[Header, ...] = Field(
        default=("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded"),
        min_length=1,
        description="Request headers that the hub's public proxy adds: a request with one of them"
        " gets no token, because it came from outside. Leave out a header that a service mesh adds"
        " inside the cluster, and keep one that the public proxy always adds, such as"
        " `X-Forwarded-Host`.",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [audience.name for audience in self.audiences]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"audiences has {name} twice")
        return self


class Calls(Section):
    """Calls to the identity provider."""

    at_once: int = Field(
        default=8, ge=1, le=256, description="Maximum number of simultaneous calls to the provider."
    )
    timeout_s: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="How long a call may take, seconds. What a renewal brings later is still used.",
    )
    drain_s: float = Field(
        default=25.0,
        ge=0,
        le=600,
        description="How long a hub that is stopped (SIGTERM) waits for the answers to renewals"
        " and sign-ins in flight, seconds. Keep it below the pod's `terminationGracePeriodSeconds`,"
        " which is 30 unless `jupyterhub.hub.extraPodSpec` changes it.",
    )


class Keys(Section):
    """Keys that encrypt the stored sessions."""

    env: str = Field(
        default="ESCAPE_VRE_HUB_KEYS",
        min_length=1,
        description="Environment variable of the hub with one key or more, separated by white"
        " space or `;`, each of at least 32 characters. The first seals, all open. Without it, the"
        " chart's hub reads `escape.keys` of `jupyterhub.hub.existingSecret`.",
    )
    file: str | None = Field(
        default=None, description="File with the keys, instead of the variable."
    )


class HubSettings(Section):
    """Everything under ``global.escape`` but what services add (:func:`settings_model`)."""

    login: Annotated[Login | SharedPassword, Field(discriminator="provider")] = Field(
        description="How users sign in."
    )
    tokens: Tokens = Field(default=Tokens(), description="Tokens for users' servers.")
    calls: Calls = Field(default=Calls(), description="Calls to the identity provider.")
    keys: Keys = Field(default=Keys(), description="Keys that encrypt the stored sessions.")
    authorities: Authorities | None = Field(
        default=None,
        description="Certificates (PEM) of the authorities of the provider and of the"
        " data lakes, where the system's do not: trusted by the hub and by users' servers.",
    )
    user: User = Field(default=User(), description="Users' servers.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        known = {audience.name for audience in self.tokens.audiences}
        if isinstance(self.login, SharedPassword) and known:
            raise ValueError(
                "tokens.audiences needs an identity provider: with login.provider shared-password,"
                " there are no tokens"
            )
        for section in self.services.values():
            for path, audience in section.audiences().items():
                if audience not in known:
                    raise ValueError(
                        f"{path} is {audience}, and tokens.audiences has none of that name"
                    )
        return self

    @property
    def services(self) -> dict[str, HubSection]:
        """What is set for each service, by its name."""
        return {
            name: section.model_construct(
                self.model_fields_set & section.model_fields.keys(),
                **{field: getattr(self, field) for field in section.model_fields},
            )
            for name, section in sections().items()
        }

    @property
    def method(self) -> Method:
        """How a session is narrowed to one service."""
        return self.tokens.method or self.oidc.preset.method

    @property
    def oidc(self) -> Login:
        """How users sign in at the provider.

        Raises
        ------
        ConfigurationError
            There is no identity provider.
        """
        if not isinstance(self.login, Login):
            raise ConfigurationError(
                f"{PATH}.login.provider is {self.login.provider}: there is no identity provider.",
                hint="Name one, such as keycloak.",
            )
        return self.login


@cache
def settings_model() -> type[HubSettings]:
    """Return the whole: the hub's own settings, and those of the installed services."""
    fields: dict[str, Any] = {}
    for name, section in sections().items():
        for field, info in section.model_fields.items():
            if field in HubSettings.model_fields:
                raise ConfigurationError(
                    f"The service {name} has a setting called {field}, as the hub itself.",
                    hint="Update or uninstall the package that provides it.",
                )
            fields[field] = info.annotation, info
    return create_model(
        "HubSettings", __base__=HubSettings, __doc__="Everything under ``global.escape``.", **fields
    )


def load(settings: Mapping[str, Any]) -> HubSettings:
    """Parse a site's settings.

    Raises
    ------
    ConfigurationError
        Something is unknown, missing or of the wrong type; the message names each path, such as
        ``global.escape.tokens.audiences[1].name``.
    """
    try:
        # Through JSON, because the values come from Helm: so strict types accept lists for tuples.
        return settings_model().model_validate_json(json.dumps(settings))
    except (TypeError, ValueError) as e:
        if not isinstance(e, ValidationError):
            raise ConfigurationError(
                f"{PATH} is not plain data: {e}.", hint="Write it as in values.yaml."
            ) from e
        wrong = "; ".join(
            _sentence(error["loc"], error["type"], error["msg"])
            for error in e.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"{wrong}.", hint="Fix it in the hub's settings.") from e


def _sentence(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    loc = _without_kind(loc)
    path = PATH + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    if kind == "extra_forbidden":
        return f"{path} is not a setting"
    if kind in ("missing", "union_tag_not_found"):
        return f"{path}{'.provider' if kind != 'missing' else ''} is missing"
    if kind == "union_tag_invalid":
        return f"{path}.provider must be one of {', '.join([*PRESETS, 'shared-password'])}"
    return f"{path}: {message.removeprefix('Value error, ')}"


def _without_kind(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Leave out the type of provider, which pydantic adds after `login`."""
    kinds = {*PRESETS, "shared-password"}
    return (*loc[:1], *loc[2:]) if loc[:1] == ("login",) and loc[1:2] and loc[1] in kinds else loc
