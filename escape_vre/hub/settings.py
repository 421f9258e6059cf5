"""The settings of a hub: what stands under ``global.escape``.

No secret is a setting: settings name the environment variable, or the file, that holds it.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from escape_vre.core.errors import ConfigurationError
from escape_vre.hub.mounted import CLIENT_SECRET, place
from escape_vre.hub.presets import PRESETS, Method, Preset
from escape_vre.hub.section import Section
from escape_vre.hub.user_settings import Authorities, Lake, Reana, User

PATH = "global.escape"
"""Where the settings stand in a site's values; what messages begin with."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]  # RFC 6749 section 3.3

Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class SharedPassword(Section):
    """Everybody signs in with one password: for a laptop and a demonstration, and nothing else."""

    provider: Literal["shared-password"] = Field(
        description="JupyterHub's own `shared-password`: whoever knows the password is whoever they"
        " say. It stands in `jupyterhub.hub.config.SharedPasswordAuthenticator.user_password`."
    )


class Login(Section):
    """How people sign in."""

    provider: Literal["keycloak", "iam", "egi"] = Field(
        description="Kind of the identity provider: decides what the settings without a value are."
    )
    issuer: str = Field(
        description="URL of the provider, exactly as it calls itself: `issuer` in its"
        " `/.well-known/openid-configuration`."
    )
    client_id: str = Field(min_length=1, description="Name of this hub at the provider.")
    client_secret_env: str = Field(
        default="ESCAPE_VRE_CLIENT_SECRET",
        min_length=1,
        description="Environment variable of the hub that holds the client's secret. Without it,"
        " the chart's hub reads `escape.client-secret` of `jupyterhub.hub.existingSecret`.",
    )
    client_secret_file: str | None = Field(
        default=None,
        description="File that holds the client's secret, instead of the variable; read again at"
        " every use.",
    )
    callback_url: str | None = Field(
        default=None,
        description="This hub's own URL for the provider to return to, ending in"
        " `/hub/oauth_callback`; without it, what the browser asked for.",
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authorities that vouch for the provider, where the system's"
        " do not.",
    )
    allow_http: bool = Field(
        default=False,
        description="Accept an issuer without TLS on another machine: for tests only, the client's"
        " secret is sent in the clear.",
    )
    title: str | None = Field(
        default=None, description="Name of the provider on the button that signs in."
    )
    scopes: tuple[Scope, ...] | None = Field(
        default=None,
        description="What to ask for at sign-in; must have `openid`, and whatever makes the"
        " provider give a refresh token.",
    )
    username_claim: str | None = Field(
        default=None,
        description="Claim that becomes the user name; its value should never change.",
    )
    groups_claim: str | None = Field(
        default=None,
        description="Claim that lists a person's groups; a path with dots leads into nested"
        " claims, such as `realm_access.roles`.",
    )
    allowed_groups: tuple[str, ...] = Field(
        default=(), description="Groups whose members may sign in."
    )
    allow_all: bool = Field(
        default=False, description="Whether everybody whom the provider knows may sign in."
    )
    admin_groups: tuple[str, ...] = Field(
        default=(),
        description="Groups whose members may sign in and administer: see users and servers,"
        " start, stop and delete them.",
    )
    admin_access: bool = Field(
        default=False,
        description="Whether administrators may also enter other people's servers and make tokens"
        " in their names, as JupyterHub's own administrators may.",
    )
    recheck_s: int = Field(
        default=300,
        ge=30,
        description="How long a sign-out at the provider, or a change of groups, may go unnoticed"
        " while somebody is active, seconds.",
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
                " (allow_http: true where that is no secret)"
            )
        if "openid" not in self.asked_scopes:
            raise ValueError("scopes must have openid: without it, nobody says who signs in")
        return self

    @property
    def preset(self) -> Preset:
        """What is usual at this kind of provider."""
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
    """A service that a user's server may have a token for."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="What panels and commands ask for, such as `rucio`.",
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
    """What tokens there are for users' servers."""

    method: Method | None = Field(
        default=None,
        description="How the provider narrows a session to one service: `exchange` (RFC 8693), or"
        " `refresh` with fewer scopes.",
    )
    audiences: tuple[Audience, ...] = Field(
        default=(), description="The services that a user's server may have a token for."
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
    """How the hub treats the identity provider."""

    at_once: int = Field(
        default=8, ge=1, le=256, description="Calls at the provider at the same time, at most."
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
        description="How long a hub that is told to end (SIGTERM) waits for the answers to renewals"
        " in flight, seconds. Keep it below the pod's `terminationGracePeriodSeconds`, which is 30"
        " unless `jupyterhub.hub.extraPodSpec` changes it.",
    )


class Keys(Section):
    """What seals the sessions that the hub keeps."""

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
    """Everything under ``global.escape``."""

    login: Annotated[Login | SharedPassword, Field(discriminator="provider")] = Field(
        description="How people sign in."
    )
    tokens: Tokens = Field(
        default=Tokens(), description="What tokens there are for users' servers."
    )
    calls: Calls = Field(default=Calls(), description="How the hub treats the identity provider.")
    keys: Keys = Field(default=Keys(), description="What seals the sessions that the hub keeps.")
    authorities: Authorities | None = Field(
        default=None,
        description="Certificates (PEM) of the authorities that vouch for the provider and for the"
        " data lakes, where the system's do not: trusted by the hub and by users' servers.",
    )
    lakes: tuple[Lake, ...] = Field(
        default=(),
        description="The data lakes that users' servers offer, the first one being the default:"
        " each as an entry of `DataLake.instances`.",
    )
    reana: Reana = Field(default=Reana(), description="Where users' workflows run.")
    user: User = Field(default=User(), description="Users' servers.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = [lake.name for lake in self.lakes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"lakes has {name} twice")
        known = {audience.name for audience in self.tokens.audiences}
        if isinstance(self.login, SharedPassword) and known:
            raise ValueError(
                "tokens.audiences needs an identity provider: with login.provider shared-password,"
                " nobody gives tokens"
            )
        for n, lake in enumerate(self.lakes):
            if lake.auth == "hub" and lake.audience not in known:
                raise ValueError(
                    f"lakes[{n}].audience is {lake.audience}, and tokens.audiences has none of that"
                    " name"
                )
        for n, server in enumerate(self.reana.servers):
            if server.audience is not None and server.audience not in known:
                raise ValueError(
                    f"reana.servers[{n}].audience is {server.audience}, and tokens.audiences has"
                    " none of that name"
                )
        return self

    @property
    def method(self) -> Method:
        """How a session is narrowed to one service."""
        return self.tokens.method or self.oidc.preset.method

    @property
    def oidc(self) -> Login:
        """How people sign in at the provider, where there is one.

        Raises
        ------
        ConfigurationError
            There is none.
        """
        if not isinstance(self.login, Login):
            raise ConfigurationError(
                f"{PATH}.login.provider is {self.login.provider}: there is no identity provider.",
                hint="Name one, such as keycloak.",
            )
        return self.login


def load(settings: Mapping[str, Any]) -> HubSettings:
    """Make the settings of what a site wrote.

    Raises
    ------
    ConfigurationError
        Something is unknown, missing or of the wrong type; the message names each path, such as
        ``global.escape.tokens.audiences[1].name``.
    """
    try:
        # By way of JSON: the values come from Helm, where a list is a list, and stay as strict.
        return HubSettings.model_validate_json(json.dumps(settings))
    except (TypeError, ValueError) as e:
        if not isinstance(e, ValidationError):
            raise ConfigurationError(
                f"{PATH} is not plain data: {e}.", hint="Write it as in values.yaml."
            ) from e
        wrong = "; ".join(
            _sentence(error["loc"], error["type"], error["msg"])
            for error in e.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"{wrong}.", hint="Correct it in the hub's settings.") from e


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
    """Leave out the kind of provider, which pydantic puts behind `login`."""
    kinds = {*PRESETS, "shared-password"}
    return (*loc[:1], *loc[2:]) if loc[:1] == ("login",) and loc[1:2] and loc[1] in kinds else loc
