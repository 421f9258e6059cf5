"""Typed data of the data lake; no I/O. Sizes are bytes, times UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

DidType = Literal["container", "dataset", "file"]
TypeFilter = Literal["all", "collection", "container", "dataset", "file"]
Auth = Literal["auto", "hub", "oidc", "userpass", "token_file", "environment", "rucio_cfg", "x509"]


class Model(BaseModel):
    """A value."""

    model_config = ConfigDict(frozen=True)


class InstanceSettings(BaseModel):
    """One entry of ``DataLake.instances``: a Rucio server, and who we are there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Short name, used in commands.")
    title: str = Field(default="", description="Name that people see; default the short one.")
    url: str = Field(pattern=r"^https?://", description="URL of the Rucio server.")
    auth_url: str | None = Field(
        default=None, pattern=r"^https?://", description="URL of its authentication; default url."
    )
    auth: Auth = Field(default="auto", description="Where the credentials come from.")
    audience: str = Field(
        default="rucio",
        min_length=1,
        description="For auto, hub and oidc: what tokens for this data lake are asked for by.",
    )
    issuer: str | None = Field(
        default=None,
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])",
        description="For oidc: URL of the identity provider, exactly as its tokens say it.",
    )
    client_id: str | None = Field(
        default=None, description="For oidc: what the provider calls escape-vre."
    )
    scope: str = Field(
        default="openid profile offline_access",
        description="For oidc: scopes to ask for; without offline_access a sign-in ends with its"
        " session.",
    )
    account: str | None = Field(default=None, description="Rucio account.")
    username: str | None = Field(default=None, description="For userpass; default the account.")
    password_file: str | None = Field(
        default=None, description="For userpass: file that holds the password, readable to you."
    )
    token_file: str | None = Field(default=None, description="For token_file: its path.")
    rucio_cfg: str | None = Field(
        default=None, description="For rucio_cfg: its path; default where rucio looks for it."
    )
    ca_file: str | None = Field(default=None, description="Authorities to trust; PEM or folder.")
    storage_cert_file: str | None = Field(
        default=None, description="Certificate and key (PEM, X.509 proxy) to show to storages."
    )
    storage_token: Literal["none", "rucio"] = Field(
        default="none",
        description="Whether storages are shown the Rucio token (a JWT that they accept too).",
    )
    timeout_s: float = Field(default=30.0, gt=0, description="Longest silence of Rucio, seconds.")

    @model_validator(mode="after")
    def _has_what_its_sign_in_needs(self) -> "InstanceSettings":
        if self.auth == "token_file" and not self.token_file:
            raise ValueError("auth token_file needs a token_file")
        if self.auth == "oidc" and not (self.issuer and self.client_id):
            raise ValueError("auth oidc needs an issuer and a client_id")
        return self


class Instance(Model):
    """An instance as clients see it: nothing secret in it."""

    name: str
    title: str
    url: str
    account: str | None
    auth: Auth
    identity: str | None = Field(
        default=None, description="For oidc: what a person signs in to by POST /sign-ins."
    )


class Identity(Model):
    """Who we are at an instance, and that it works."""

    instance: str
    account: str
    url: str
    version: str
    latency_ms: float
    note: str | None = Field(default=None, description="What could not be read, and why.")


class Row(Model):
    """One DID in a list."""

    ref: str
    scope: str
    name: str
    type: DidType
    bytes: int | None = None
    length: int | None = None
    adler32: str | None = None
    md5: str | None = None


class Did(Model):
    """One DID in full."""

    ref: str
    scope: str
    name: str
    type: DidType
    bytes: int | None = None
    length: int | None = None
    account: str | None = None
    created: datetime | None = None
    adler32: str | None = None
    md5: str | None = None
    open: bool | None = None
    metadata: Mapping[str, Any] = {}
    note: str | None = Field(default=None, description="What could not be read, and why.")


class Site(Model):
    """What one site (RSE) has of a DID: files of how many, bytes, and for a file its URLs."""

    rse: str
    state: str
    available: int
    length: int
    bytes: int | None = None
    urls: list[str] = []


class RowState(Model):
    """What a row shows beside its name."""

    ref: str
    bytes: int | None = None
    length: int | None = None
    local: Literal["here", "partly", "elsewhere"] = "elsewhere"
    local_files: int | None = None
    path: str | None = None
    contents_path: str | None = None
    sites: list[str] = []
    job: str | None = None
    job_state: str | None = None
    fraction: float | None = None
    problem: str | None = None
    note: str | None = Field(default=None, description="What could not be read, and why.")
