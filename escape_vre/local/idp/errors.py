"""Errors of the local identity provider."""

from escape_vre.local.errors import LocalError


class IdpError(LocalError):
    """A request to the local identity provider failed."""
