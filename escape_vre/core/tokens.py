"""The user's identity at a service: an ordered chain of token sources.

A source is asked again before its token expires, a file is read again when it changed, and nothing
keeps a token longer. Tokens live in memory only and are never shown: ``repr`` leaves them out.

Some refusals end by themselves or by a sign-in (:attr:`EscapeError.worth_waiting`);
:meth:`TokenChain.refusals` waits for that without asking too often.
"""

import asyncio
import base64
import binascii
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from escape_vre.core.caller import expanded, in_home
from escape_vre.core.errors import AuthError, EscapeError
from escape_vre.core.own_files import read_own

RENEW_BEFORE_S = 60.0
"""A token is renewed this long before it expires, seconds; a short one in its last quarter."""

POLL_S = (3.0, 20.0)
"""The first and the longest pause between two checks for a sign-in, seconds."""

RETRY_S = (1.0, 60.0)
"""The shortest and the longest pause that a sign-in service may ask for."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, and when it expires (seconds since 1970; None if that is unknown)."""

    value: str = field(repr=False)
    expires: float | None = None
    obtained: float = field(default_factory=time.time)

    @property
    def fresh(self) -> bool:
        """Whether it is valid for another minute, or for a quarter of a short lifetime."""
        if self.expires is None:
            return True
        margin = min(RENEW_BEFORE_S, (self.expires - self.obtained) / 4)
        return self.expires - time.time() > margin


class TokenSource(Protocol):
    """Something that may have a token for us."""

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return a token; None when this source has none.

        Raises
        ------
        EscapeError
            It should have one, but was refused, or cannot be asked now.
        """
        ...


_CAN_BE_SENT = re.compile(r"[!-~]+( [!-~]+)*")
"""What may stand in a header (RFC 9110 section 5.5)."""


class Clock(Protocol):
    """The clock of a service."""

    async def ahead_s(self) -> float:
        """Return how far our clock is ahead of it, seconds; 0 where it cannot be known."""
        ...


class TokenFile:
    """A file that another program keeps fresh, such as a Hub's sidecar or ``oidc-token``."""

    def __init__(self, path: Path | None = None, *, variable: str = "") -> None:
        self._path = path
        self._variable = variable

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Read the file, every time: another program replaces it."""
        named = expanded(environment.get(self._variable, ""), environment)
        path = self._path or (Path(named) if named else None)
        if path is None:
            return None
        try:
            text = (await asyncio.to_thread(in_home(path).read_text)).strip()
        except (OSError, UnicodeDecodeError) as e:
            why = e.strerror if isinstance(e, OSError) else "it is not text"
            raise AuthError(
                f"The token file {path} cannot be read: {why}.",
                hint="Sign in again, so that the file is written again.",
            ) from e
        if not text:
            raise AuthError(f"The token file {path} is empty.", hint="Sign in again.")
        return Token(text, jwt_expiry(text))


class EnvironmentToken:
    """A variable of the caller, such as ``MY_TOKEN``."""

    def __init__(self, variable: str) -> None:
        self._variable = variable

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Take the variable that came with the request."""
        text = environment.get(self._variable, "").strip()
        return Token(text, jwt_expiry(text)) if text else None


class GivenToken:
    """A token that is there already, such as one that is being tried."""

    def __init__(self, value: str) -> None:
        self._token = Token(value, jwt_expiry(value))

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return it."""
        del environment
        return self._token


class BearerToken:
    """Where the tools of WLCG leave a token (WLCG Bearer Token Discovery 1.0).

    In order: ``BEARER_TOKEN``; the file that ``BEARER_TOKEN_FILE`` names; ``bt_u<uid>`` in
    ``XDG_RUNTIME_DIR``; ``/tmp/bt_u<uid>``. The last two are names that anybody can guess: only
    a file of ours is read there.
    """

    async def token(self, environment: Mapping[str, str]) -> Token | None:
        """Return the first of them; a file that ``BEARER_TOKEN_FILE`` names may be missing."""
        if text := environment.get("BEARER_TOKEN", "").strip():
            return Token(text, jwt_expiry(text))
        named = expanded(environment.get("BEARER_TOKEN_FILE", ""), environment)
        if named:
            file = Path(named)
            if await asyncio.to_thread(file.exists):
                return await TokenFile(file).token(environment)
        for folder in (environment.get("XDG_RUNTIME_DIR"), "/tmp"):  # noqa: S108 — the standard's
            if folder and (text := await asyncio.to_thread(_left_in, folder)):
                return Token(text, jwt_expiry(text))
        return None


def _left_in(folder: str) -> str:
    return (read_own(Path(folder) / f"bt_u{os.geteuid()}") or "").strip()


class TokenChain:
    """The sources of one identity at one service, asked in order.

    Parameters
    ----------
    identity : str, optional
        Where a person gives another token, once the service refuses this one for good.
    """

    def __init__(
        self,
        sources: Sequence[TokenSource],
        *,
        service: str,
        hint: str,
        clock: Clock | None = None,
        identity: str | None = None,
    ) -> None:
        self.identity = identity
        self._sources = sources
        self._service = service
        self._hint = hint
        self._clock = clock
        self._kept: Token | None = None
        self._asking: asyncio.Task[Token] | None = None
        self._refused: tuple[float, EscapeError] | None = None
        self._granted = asyncio.Event()

    @property
    def kept(self) -> Token | None:
        """The token of the last answer while it is good; may be read from any thread."""
        kept = self._kept
        return kept if kept is not None and kept.expires and kept.fresh else None

    async def token(self, environment: Mapping[str, str]) -> Token:
        """Return what :meth:`get` returns: a chain may be a source of another."""
        return await self.get(environment)

    async def get(self, environment: Mapping[str, str]) -> Token:
        """Return a token that stays valid for a while.

        Raises
        ------
        EscapeError
            No source has one: AuthError if none accepts us. The message is the last source's
            reason, or that of a source that is worth waiting for.
        """
        if kept := self.kept:
            return kept
        if self._asking is None:
            # Equal requests share one answer, a failure too: twelve panels that each wait for
            # their own turn at a dead server would wait twelve time limits.
            self._asking = asyncio.create_task(self._ask(environment))
            self._asking.add_done_callback(self._answered)
        return await asyncio.shield(self._asking)

    def _answered(self, asking: asyncio.Task[Token]) -> None:
        self._asking = None
        if asking.cancelled():
            return
        error = asking.exception()
        if error is None:
            self._kept = asking.result()
            self._refused = None
            self._granted.set()
            self._granted = asyncio.Event()
        elif isinstance(error, EscapeError):
            self._refused = (time.monotonic(), error)

    async def _ask(self, environment: Mapping[str, str]) -> Token:
        refused: EscapeError | None = None
        for source in self._sources:
            try:
                token = await source.token(environment)
            except EscapeError as e:
                if refused is None or not refused.worth_waiting:
                    refused = e
                continue
            if token is None:
                continue
            if not _CAN_BE_SENT.fullmatch(token.value):
                refused = refused or AuthError(
                    f"Your token for {self._service} is not a token: it has characters that"
                    " cannot be sent.",
                    hint=self._hint,
                )
                continue
            token = await self._by_their_clock(token)
            if token.expires is not None and token.expires <= time.time():
                if refused is None:
                    refused = AuthError(
                        f"Your token for {self._service} has expired.", hint=self._hint
                    )
                continue
            return token
        raise refused or AuthError(f"You are not signed in to {self._service}.", hint=self._hint)

    async def _by_their_clock(self, token: Token) -> Token:
        """Return a token that looks expired with its end by our clock: ours may be ahead."""
        if self._clock is None or token.expires is None or token.expires > time.time():
            return token
        return replace(token, expires=token.expires + await self._clock.ahead_s())

    def drop(self, token: Token) -> None:
        """Forget a token that the service has refused."""
        if self._kept == token:
            self._kept = None

    def clear(self) -> None:
        """Forget everything, after a sign-in or sign-out; whatever waits asks again."""
        self._kept = None
        self._refused = None
        self._granted.set()
        self._granted = asyncio.Event()

    async def renew(self, environment: Mapping[str, str], refused: str) -> Token:
        """Return a token other than the one that a storage has refused, if there is one."""
        if self._kept is not None and self._kept.value == refused:
            self._kept = None
        return await self.get(environment)

    async def refusals(self, environment: Mapping[str, str]) -> AsyncGenerator[EscapeError, None]:
        """Yield why there is no token, again when the reason has changed, until there is one.

        The sources are asked from time to time, once for all callers; if another caller gets a
        token from this chain in the meantime, the waiting ends at once.

        Raises
        ------
        EscapeError
            An error that waiting does not resolve.
        """
        pause, longest = POLL_S
        told: str | None = None
        while True:
            granted = self._granted
            error = await self._refusal(environment, pause)
            if error is None:
                return
            if not error.worth_waiting:
                raise error
            if error.message != told:
                told = error.message
                yield error
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_wanted(error, pause)):
                    await granted.wait()
            pause = min(pause * 1.5, longest)

    async def _refusal(self, environment: Mapping[str, str], pause: float) -> EscapeError | None:
        """Return why we are refused, if necessary from a moment ago; None if we are not."""
        if self._refused:
            at, error = self._refused
            if time.monotonic() - at < _wanted(error, pause) / 2:
                return error
        try:
            await self.get(environment)
        except EscapeError as e:
            return e
        return None


def _wanted(error: EscapeError, pause: float) -> float:
    """Return the pause after a refusal, seconds: what it asks for, in reason, or ours."""
    asked = error.details.get("retry_after_s")
    return min(max(float(asked), RETRY_S[0]), RETRY_S[1]) if asked else pause


def jwt_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT (RFC 7519), unverified; empty where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def jwt_expiry(token: str) -> float | None:
    """Return the ``exp`` of a JWT (RFC 7519 section 4.1.4), seconds since 1970; None if none."""
    expires = jwt_claims(token).get("exp")
    try:
        return float(expires) if isinstance(expires, int | float) else None
    except OverflowError:
        return None


def jwt_life_s(token: str) -> float | None:
    """Return how long a JWT that was just given lives, seconds; None where it does not say.

    From its ``iat`` to its ``exp``, both by its issuer's clock; without the former by ours.
    """
    expires = jwt_expiry(token)
    begins = jwt_claims(token).get("iat")
    if expires is None:
        return None
    life_s = expires - (begins if isinstance(begins, int | float) else time.time())
    return life_s if life_s > 0 else None
