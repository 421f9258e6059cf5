"""A real OpenID Connect provider on one machine: Keycloak, with users, groups and clients."""

from .errors import IdpError
from .idp import Idp

__all__ = ["Idp", "IdpError"]
