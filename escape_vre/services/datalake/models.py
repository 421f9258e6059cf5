"""Typed data of the data lake; no I/O. Sizes are bytes, times UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from escape_vre.core.hosts import host_of, is_listed
from escape_vre.core.instance_models import Health, HostPattern, InstanceInfo, InstanceSettings
from escape_vre.services.datalake.reading.settings import ReadingSettings

DidType = Literal["container", "dataset", "file"]
TypeFilter = Literal["all", "collection", "container", "dataset", "file"]
Auth = Literal[
    "auto",
    "hub",
    "oidc",
    "token",
    "userpass",
    "token_file",
    "environment",
    "rucio_cfg",
    "x509",
    "x509_proxy",
]
Folder = Annotated[str, StringConstraints(pattern=r"^/[^/]")]


class Model(BaseModel):
    """A value."""

    model_config = ConfigDict(frozen=True)


class LakeSettings(ReadingSettings, InstanceSettings):
    """One entry of ``DataLake.instances``: a Rucio server, and the sign-in to it."""

    url: str = Field(pattern=r"^https?://", description="URL of the Rucio server.")
    auth_url: str | None = Field(
        default=None, pattern=r"^https?://", description="URL of its authentication; default: url."
    )
    auth: Auth = Field(default="auto", description="Where the credentials come from.")
    audience: str = Field(
        default="rucio",
        min_length=1,
        description="For auto, hub and oidc: audience of the tokens for this data lake.",
    )
    account: str | None = Field(default=None, description="Rucio account.")
    vo: str | None = Field(
        default=None,
        min_length=1,
        description="Virtual organisation, at a Rucio server that serves several.",
    )
    username: str | None = Field(
        default=None, description="For userpass: user name; default: the account."
    )
    password_file: str | None = Field(
        default=None,
        description="For userpass: file with the password, readable only by you; default: users"
        " type it.",
    )
    token_file: str | None = Field(default=None, description="For token_file: path of the file.")
    token_variable: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="For auto and environment: the user's variable that holds the token; default"
        " RUCIO_AUTH_TOKEN.",
    )
    rucio_cfg: str | None = Field(
        default=None,
        description="For rucio_cfg: path of the file; default: where rucio looks for it.",
    )
    storage_cert_file: str | None = Field(
        default=None,
        description="Certificate (PEM) to show to storages, and for x509 to Rucio: an X.509 proxy,"
        " or a certificate with its key.",
    )
    storage_key_file: str | None = Field(
        default=None,
        description="Private key (PEM) of storage_cert_file, where it is in a file of its own.",
    )
    storage_token: Literal["none", "rucio"] = Field(
        default="none",
        description="Whether storages are sent the Rucio token (a JWT that they accept too):"
        " those on the hosts of url and auth_url, and those in storage_hosts.",
    )
    storage_hosts: tuple[HostPattern, ...] = Field(
        default=(),
        description="Other hosts that may be sent the token, also after a redirect:"
        " dav.example.org, *.example.org for all below it, dav.example.org:8443 for one port.",
    )
    plain_hosts: tuple[HostPattern, ...] = Field(
        default=(),
        description="Hosts to which a storage may redirect from https to http, as some dCache"
        " doors do: no credentials are sent there, and only files with a checksum are fetched.",
    )
    file_roots: tuple[Folder, ...] = Field(
        default=(),
        description="Absolute folders from which file:// replicas may be read, and to which files"
        " may be put at RSEs with the protocol file; default none.",
    )
    upload_rse: str | None = Field(
        default=None,
        min_length=1,
        description="RSE that users' files are put on when they name none; default: the only one"
        " where they have quota left.",
    )
    near: str | None = Field(
        default=None,
        min_length=1,
        description="RSE expression of the storages near users' servers, for rules that keep a"
        " copy near.",
    )

    search_keys: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(),
        description="Metadata keys that a search offers: Rucio lists none of its JSON metadata.",
    )

    @model_validator(mode="after")
    def _has_what_its_sign_in_needs(self) -> "LakeSettings":
        if self.auth == "token_file" and not self.token_file:
            raise ValueError("auth token_file needs a token_file")
        if self.storage_key_file and not self.storage_cert_file:
            raise ValueError("storage_key_file needs a storage_cert_file")
        return self

    @property
    def token_hosts(self) -> tuple[str, ...]:
        """The hosts that may be sent the token: our own, and those listed."""
        if self.storage_token == "none":  # noqa: S105 — a choice
            return ()
        own = [host_of(self.url)[0], host_of(self.auth_url or self.url)[0]]
        named = (f"[{host}]" if ":" in host else host for host in own if host)
        return tuple(dict.fromkeys((*named, *self.storage_hosts)))

    def may_have_token(self, url: str) -> bool:
        """Return whether this URL may be sent the token."""
        return is_listed(url, self.token_hosts)

    def may_be_plain(self, url: str) -> bool:
        """Return whether an https storage may redirect to this http URL."""
        return is_listed(url, self.plain_hosts)


class Instance(InstanceInfo):
    """An instance as clients see it: nothing secret in it."""

    account: str | None
    auth: Auth


class Identity(Health):
    """The user's account at an instance, which answers."""


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


class Obstacle(Model):
    """Why a file cannot be fetched as usual although a site has it; ``hint`` says what to do."""

    kind: Literal["tape", "archive", "protocol", "address"] = Field(
        description="It is on tape only, inside an archive, offered by protocols that cannot be"
        " fetched, or its site gives no address."
    )
    message: str
    hint: str


class Site(Model):
    """One site's (RSE's) part of a DID: its number of files, bytes, and for a file its URLs."""

    rse: str
    state: str
    available: int
    length: int
    bytes: int | None = None
    urls: list[str] = []


class Sites(Model):
    """Which sites have a DID, and what of this could not be read."""

    sites: list[Site]
    obstacle: Obstacle | None = Field(
        default=None, description="Why a file cannot be fetched as usual from any of them."
    )
    note: str | None = Field(default=None, description="What could not be read, and why.")


class RowState(Model):
    """The state of a row."""

    ref: str
    bytes: int | None = None
    length: int | None = None
    local: Literal["here", "partly", "elsewhere"] = "elsewhere"
    local_files: int | None = None
    mounted: bool = Field(
        default=False, description="It is here on a storage that is mounted, and is used in place."
    )
    path: str | None = None
    contents_path: str | None = None
    sites: list[str] = []
    obstacle: Obstacle | None = None
    job: str | None = None
    job_state: str | None = None
    fraction: float | None = None
    problem: str | None = None
    note: str | None = Field(default=None, description="What could not be read, and why.")
