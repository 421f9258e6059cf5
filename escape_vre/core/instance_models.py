"""What every service's instances have in common: settings, and what clients see; no I/O."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from escape_vre.core.hosts import PATTERN
from escape_vre.core.retry import WHOLE_S

HostPattern = Annotated[str, StringConstraints(pattern=PATTERN, max_length=260)]
"""A host, or ``*.`` and a domain for every host below it; with a port, that port only."""


class InstanceSettings(BaseModel):
    """One entry of a service's ``instances``: a server, and the sign-in to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Short name, used in commands.")
    title: str = Field(default="", description="Name that users see; default: the short name.")
    url: str = Field(pattern=r"^https?://", description="URL of the server.")
    auth: str = Field(default="auto", description="Where the credentials come from.")
    audience: str = Field(
        default="", description="For auto, hub and oidc: audience of the tokens for this server."
    )
    issuer: str | None = Field(
        default=None,
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])",
        description="For oidc: URL of the identity provider, exactly as in its tokens.",
    )
    client_id: str | None = Field(
        default=None, description="For oidc: id of the client escape-vre at the provider."
    )
    scope: str = Field(
        default="openid profile offline_access",
        description="For oidc: scopes to request; without offline_access, the sign-in ends with the"
        " provider's session.",
    )
    ca_file: str | None = Field(
        default=None, description="Certificate authorities to trust: PEM file or folder."
    )
    proxy: str | None = Field(
        default=None,
        pattern=r"^(http://[^/]+/?)?$",
        description="HTTP proxy, as http://host:port; an empty text for none; default what the"
        " caller's HTTP_PROXY and HTTPS_PROXY say.",
    )
    no_proxy: tuple[str, ...] = Field(
        default=(),
        description="With proxy: hosts and domains that are reached without it, as in NO_PROXY.",
    )
    timeout_s: float = Field(
        default=30.0, gt=0, description="Longest silence of the server, seconds."
    )
    deadline_s: float = Field(
        default=WHOLE_S,
        gt=0,
        le=110,
        description="Longest time for a whole answer, all attempts included, seconds; until a list"
        " begins.",
    )
    requests_per_minute: int | None = Field(
        default=None,
        gt=0,
        description="How many requests a minute the server allows one user; default any number.",
    )

    @model_validator(mode="after")
    def _knows_its_provider(self) -> "InstanceSettings":
        if self.auth == "oidc" and not (self.issuer and self.client_id):
            raise ValueError("auth oidc needs an issuer and a client_id")
        return self

    @property
    def shown(self) -> str:
        """What users call it."""
        return self.title or self.name


class InstanceInfo(BaseModel):
    """An instance as clients see it: nothing secret in it."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    url: str
    auth: str
    identity: str | None = Field(
        default=None,
        description="Where a person can sign in with a code or a form: the identity for POST"
        " /sign-ins.",
    )


class Health(BaseModel):
    """An instance that answers, and who we are there."""

    model_config = ConfigDict(frozen=True)

    instance: str
    url: str
    account: str
    version: str
    latency_ms: float
    note: str | None = Field(default=None, description="What could not be read, and why.")
