"""One password for everybody: a hub on a laptop."""

import logging

from traitlets.config import Config

from escape_vre.core.errors import ConfigurationError

WARNING = (
    "Everybody who knows the one password of this hub is whoever they say, and sees that person's"
    " files: good for a laptop, and for nothing that others reach."
)

_PLACE = "jupyterhub.hub.config.SharedPasswordAuthenticator.user_password"

log = logging.getLogger("jupyterhub.escape_vre")


def share_password(c: Config) -> None:
    """Let people in with the password of the hub's own configuration, under any name.

    Raises
    ------
    ConfigurationError
        There is no password.
    """
    check_password(c.SharedPasswordAuthenticator.get("user_password"))
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.allow_all = True
    log.warning(WARNING)


def check_password(password: object) -> None:
    """Look at the password.

    Raises
    ------
    ConfigurationError
        There is none, or it is too short for JupyterHub.
    """
    if not isinstance(password, str) or len(password) < 8:
        raise ConfigurationError(
            "login.provider is shared-password, and there is no password of 8 characters or more.",
            hint=f"Write one into {_PLACE}.",
        )
