"""Validates the provider's tokens at a storage site (RFC 7519, RFC 6750)."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

from dataclasses import dataclass

from ..layout import Layout
from ..trust import identity
from .keys import Provider

# Public keys only: a symmetric algorithm would make a public key a password.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class BearerError(Exception):
    """The token is not valid here; the message says why, without the token."""


@dataclass(frozen=True)
class Person:
    """The holder of a token.

    ``own`` are the names of the folders, from the prefix of an RSE, below which the holder may
    write; None if the holder may only read.
    """

    own: tuple[str, ...] | None


class Bearer:
    """Determines what a token permits; caches nothing, so that each token expires on time."""

    def __init__(self, layout: Layout) -> None:
        self._provider = Provider(layout)

    def person(self, token: str) -> Person:
        """Return who holds a token.

        Raises
        ------
        BearerError — it is not the provider's, not for this lake, or expired.
        """
        trust = self._provider.trust()
        if trust.issuer is None:
            raise BearerError("this lake accepts no tokens")
        # Not before it is needed: a lake without a provider should not pay 10 MB a site for it.
        import jwt

        try:
            key = self._provider.key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise BearerError("unknown key")
            claims = jwt.decode(
                token,
                jwt.PyJWK(key),
                algorithms=_ALGORITHMS,
                audience=trust.audience,
                issuer=trust.issuer,
                # A provider whose clock is ahead of ours is no reason to refuse.
                options={"require": ["exp", "iss", "sub", "aud"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise BearerError("expired") from error
        except jwt.InvalidAudienceError as error:
            raise BearerError(f"not for {trust.audience}") from error
        except (jwt.PyJWTError, RecursionError) as error:
            # Its own words quote the token, which may hold anything.
            raise BearerError("invalid") from error
        account = trust.identities.get(identity(claims["sub"], trust.issuer))
        return Person(None if account is None else ("user", account))
