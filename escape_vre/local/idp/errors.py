"""What goes wrong with the identity provider."""

from escape_vre.local.errors import LocalError


class IdpError(LocalError):
    """The identity provider could not do what was asked."""
