"""One password for all users: a hub on a laptop."""

import logging

from traitlets.config import Config

from escape_vre.core.errors import ConfigurationError

WARNING = (
    "Anyone who knows the one password of this hub can sign in as any user, and see that user's"
    " files: use this on a laptop only, never where others can connect."
)

_PLACE = "jupyterhub.hub.config.SharedPasswordAuthenticator.user_password"

log = logging.getLogger("jupyterhub.escape_vre")


def share_password(c: Config) -> None:
    """Let users sign in under any name with the password of the hub's configuration.

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
    """Check the password.

    Raises
    ------
    ConfigurationError
        There is none, or it is too short for JupyterHub.
    """
    if not isinstance(password, str) or len(password) < 8:
        raise ConfigurationError(
            "login.provider is shared-password, but there is no password of 8 characters or more.",
            hint=f"Set it in {_PLACE}.",
        )
