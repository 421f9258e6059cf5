"""The settings of what users' servers offer."""

import ssl
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from escape_vre.core.errors import ConfigurationError
from escape_vre.core.hub_section import Section
from escape_vre.hub.sections import check_config

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

    @field_validator("config")
    @classmethod
    def _is_read(cls, config: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        try:
            check_config(config)
        except ConfigurationError as e:
            raise ValueError(str(e).removesuffix(".")) from e
        return config
