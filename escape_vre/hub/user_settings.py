"""The settings of what users' servers offer."""

import ssl
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from escape_vre.hub.section import Section
from escape_vre.services.datalake.models import LakeSettings

MAX_BYTES = 100_000
"""The configuration of users' servers is in annotations of their pods, of which Kubernetes keeps
256 KiB in total."""


def _is_pem(text: str) -> str:
    try:
        ssl.create_default_context(cadata=text)
    except ssl.SSLError as e:
        raise ValueError("must contain certificates in PEM format") from e
    return text.rstrip() + "\n"


Authorities = Annotated[
    str,
    StringConstraints(pattern="-----BEGIN CERTIFICATE-----", max_length=MAX_BYTES),
    AfterValidator(_is_pem),
]


class Lake(LakeSettings):
    """A data lake, as an entry of ``DataLake.instances``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ReanaServer(Section):
    """A REANA server."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="Short name, for commands.")
    title: str = Field(default="", description="Name that users see; default: the short name.")
    url: str = Field(pattern=r"^https?://", description="URL of the server.")
    audience: str | None = Field(
        default=None,
        description="The name in `tokens.audiences` by which tokens for this server are asked for;"
        " without it, users provide their own token.",
    )


class Reana(Section):
    """Where users' workflows run."""

    servers: tuple[ReanaServer, ...] = Field(
        default=(), description="REANA servers; the first is the default."
    )


class User(Section):
    """Users' servers.

    What Zero to JupyterHub has values for stays there: volumes, variables, sizes, images.
    """

    data_dir: str | None = Field(
        default=None,
        min_length=1,
        description="Folder that fetched data goes to, such as a scratch volume's: `Agent.data_dir`"
        " of users' servers.",
    )
    config: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")], dict[str, Any]
    ] = Field(
        default={},
        description="More of `escape_vre_config` for users' servers: classes, settings, values, as"
        " `{Transfers: {connections: 8}}`.",
    )
