"""Makes Rucio take the tokens of the provider that the lake trusts at the moment."""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import threading
from collections.abc import Callable
from typing import Any

from jwkest.jwk import keyrep
from rucio.common.exception import CannotAuthenticate
from rucio.core import authentication, oidc

from ..layout import Layout
from ..trust import unverified
from .keys import Provider

_Validate = Callable[..., dict[str, Any]]


class _Client:
    """As much of Rucio's client of a provider as validating a token takes: the keys.

    Rucio's own gets them when the first token arrives and not again for twelve hours, even if a
    token was signed with a newer key; and it must be registered at the provider as a client, which
    validating a token does not need.
    """

    def __init__(self, provider: Provider) -> None:
        self.keyjar = self
        self._provider = provider

    def get_issuer_keys(self, _issuer: str) -> list[Any]:
        return [keyrep(key) for key in self._provider.keys().values()]


def accept(layout: Layout) -> None:
    """Let Rucio validate tokens as ``trust.json`` says; without one it takes its own only.

    Rucio itself checks signature, expiry, audience, scope, and that the identity has an account.
    """
    provider = Provider(layout)
    lock = threading.Lock()
    validate: _Validate = authentication.validate_auth_token
    validate_new: _Validate = oidc.validate_jwt
    forget_expired: Callable[..., None] = vars(authentication)["__delete_expired_tokens_account"]

    def validate_auth_token(token: str, *, session: Any) -> dict[str, Any]:
        # Also for a token that Rucio knows: what it was taken for may be trusted no more.
        if not token or token.count(".") != 2:
            return validate(token, session=session)
        audience = _admit(provider, token)
        known = validate(token, session=session)
        if audience not in known["audience"].split():
            raise CannotAuthenticate("a token for something else")
        return known

    def validate_jwt(token: str, *, session: Any) -> dict[str, Any]:
        # Equal new tokens that come at once would each be saved, and all but one fail by that.
        # Hence in a transaction of its own, not the request's, which ends outside of the lock.
        with lock:
            known: dict[str, Any] | None = authentication.query_token(token)
            if known is None:
                known = validate_new(token)
                forget_expired(account=known["account"])
        return known

    authentication.validate_auth_token = validate_auth_token
    oidc.validate_jwt = validate_jwt


def _admit(provider: Provider, token: str) -> str:
    """Refuse a token whose issuer is not trusted, and have its key ready for Rucio.

    Returns
    -------
    str — audience that it must be for.

    Raises
    ------
    CannotAuthenticate — no key of the trusted provider can have signed it.
    """
    trust = provider.trust()
    try:
        header, claims = unverified(token)
    except ValueError as error:
        raise CannotAuthenticate("not a token") from error
    ours = trust.issuer is not None and claims.get("iss") == trust.issuer
    if not ours or provider.key(header.get("kid")) is None:
        raise CannotAuthenticate("no token of a provider that is trusted here")
    oidc.OIDC_CLIENTS = {trust.issuer: _Client(provider)}
    oidc.EXPECTED_OIDC_AUDIENCE = trust.audience
    return trust.audience
