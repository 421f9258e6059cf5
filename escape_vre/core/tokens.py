"""Who we are to a service: an ordered chain of token sources.

A source is asked again before its token expires, a file is read again when it changed, and nothing
keeps a token longer. Tokens live in memory only and are never shown: ``repr`` leaves them out.
"""

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from escape_vre.core.errors import AuthError

RENEW_BEFORE_S = 60.0
"""A token this near to its end is asked for anew, seconds."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, and when it ends (seconds since 1970; None where nobody said)."""

    value: str = field(repr=False)
    expires: float | None = None

    @property
    def fresh(self) -> bool:
        """Whether it will still be good in a minute."""
        return self.expires is None or self.expires - time.time() > RENEW_BEFORE_S


class TokenSource(Protocol):
    """Something that may have a token for us."""

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return a token; None when this source has none.

        Raises
        ------
        AuthError
            It should have one, but was refused.
        """
        ...


class TokenFile:
    """A file that something else keeps fresh, such as a Hub's side-car or ``oidc-token``."""

    def __init__(self, path: Path | None = None, *, variable: str = "") -> None:
        self._path = path
        self._variable = variable

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Read the file, every time: another program replaces it."""
        path = self._path or Path(environment.get(self._variable, ""))
        if path == Path():
            return None
        try:
            text = (await asyncio.to_thread(path.expanduser().read_text)).strip()
        except OSError as e:
            raise AuthError(
                f"The token file {path} cannot be read: {e.strerror}.",
                hint="Sign in again, so that it is written anew.",
            ) from e
        if not text:
            raise AuthError(f"The token file {path} is empty.", hint="Sign in again.")
        return Token(text, jwt_expiry(text))


class EnvironmentToken:
    """A variable of the caller, such as ``RUCIO_AUTH_TOKEN``."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Take the variable that came with the request."""
        text = environment.get(self._variable, "").strip()
        return Token(text, jwt_expiry(text)) if text else None


class TokenChain:
    """The sources of one identity at one service, asked in order."""

    def __init__(self, sources: Sequence[TokenSource], *, service: str, hint: str) -> None:
        self._sources = sources
        self._service = service
        self._hint = hint
        self._kept: Token | None = None
        self._asking: asyncio.Task[Token] | None = None

    async def get(self, environment: Mapping[str, str]) -> Token:
        """Return a token that is good for at least a minute.

        Raises
        ------
        AuthError
            No source has one; the message is the last source's reason.
        """
        if self._kept is not None and self._kept.expires and self._kept.fresh:
            return self._kept
        if self._asking is None:
            # Equal requests share one answer, a failure too: twelve panels that each wait for
            # their own turn at a dead server would wait twelve time limits.
            self._asking = asyncio.create_task(self._ask(environment))
            self._asking.add_done_callback(self._answered)
        return await asyncio.shield(self._asking)

    def _answered(self, asking: asyncio.Task[Token]) -> None:
        self._asking = None
        if not asking.cancelled() and asking.exception() is None:
            self._kept = asking.result()

    async def _ask(self, environment: Mapping[str, str]) -> Token:
        refused: AuthError | None = None
        for source in self._sources:
            try:
                token = await source.token(environment)
            except AuthError as e:
                refused = e
                continue
            if token is None:
                continue
            if token.expires is not None and token.expires <= time.time():
                refused = AuthError(f"Your token for {self._service} has expired.", hint=self._hint)
                continue
            return token
        raise refused or AuthError(f"You are not signed in to {self._service}.", hint=self._hint)

    def drop(self, token: Token) -> None:
        """Forget a token that the service has refused."""
        if self._kept == token:
            self._kept = None


def jwt_expiry(token: str) -> float | None:
    """Return the ``exp`` of a JWT (RFC 7519 section 4.1.4), seconds since 1970; None if none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    expires = claims.get("exp") if isinstance(claims, dict) else None
    return float(expires) if isinstance(expires, int | float) else None
